// Settling a request of a generator calls the generator.
export const handler = async () => {
  const log = []
  const it = (async function* () {
    try {
      yield 1
    } finally {
      await null
    }
  })()
  let hits = 0
  Object.defineProperty(Object.prototype, 'then', {
    configurable: true,
    get() {
      if (hits++ === 0) it.return(2).then((r) => log.push(r.value))
      return undefined
    },
  })
  log.push((await it.next()).value)
  delete Object.prototype.then
  for (let i = 0; i < 20; i++) await null
  it.return({ then(resolve) { resolve(3) } }).then((r) => log.push(r.value))
  it.next().then((r) => log.push(r.done))
  for (let i = 0; i < 20; i++) await null
  return log
}
