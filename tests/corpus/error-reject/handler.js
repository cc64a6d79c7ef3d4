export const handler = async () => {
  await null
  throw new Error('rejected on purpose')
}
