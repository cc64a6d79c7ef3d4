export const handler = () => {
  setTimeout(() => { throw new Error('from the timer') }, 5)
  return new Promise(() => {})
}
