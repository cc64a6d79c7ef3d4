export const handler = async () => {
  const seen = []
  const never = setTimeout(() => seen.push('never'), 5)
  clearTimeout(never)
  clearTimeout(undefined)
  setTimeout((...args) => seen.push(args), 1, 'a', 'b')
  await new Promise(resolve => {
    let n = 0
    const id = setInterval(() => {
      seen.push(++n)
      if (n === 3) {
        clearInterval(id)
        setTimeout(resolve, 10)
      }
    }, 3)
  })
  return seen
}
