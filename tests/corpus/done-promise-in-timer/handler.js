export const handler = async () => {
  const words = []
  setTimeout(() => words.push('b'), 20)
  setTimeout(() => words.push('a'), 10)
  await new Promise(resolve => setTimeout(resolve, 30))
  return words.join('')
}
