export const handler = async () => {
  console.time('t')
  console.timeLog('t', 'so', { far: 1 })
  console.timeEnd('t')
  console.timeEnd('t')
  console.time()
  console.time()
  console.timeEnd()
  console.assert(true, 'never shown')
  console.assert(false, 'wrong: %d', 7)
  console.assert(0, { wrong: 8 })
  console.assert()
  console.dir({ a: 1 }, { depth: 0 })
  console.dirxml({ b: 2 }, 3)
  console.table([{ c: 4 }])
  console.table('no table', ['c'])
  console.trace('here', 5)
  return ['done']
}
