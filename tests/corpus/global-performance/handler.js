export const handler = async () => {
  const start = performance.now()
  const before = Date.now()
  await new Promise(resolve => setTimeout(resolve, 30))
  const took = performance.now() - start
  return [took >= 29 && took < 2000, Date.now() - before >= 28, typeof start]
}
