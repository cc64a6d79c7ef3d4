// The conversion of what is added assigns to the local that it is added to.
export const handler = async () => {
  const results = []
  for (const other of [1, 5e-324, 'text', undefined]) {
    let local = 'a'
    local += { toString() { local = other; return 'b' } }
    results.push(local)
  }
  return results
}
