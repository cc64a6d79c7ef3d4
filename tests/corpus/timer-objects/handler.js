const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const kept = setInterval(() => {}, 5)
kept.unref()

const ways = {
  async '/types' () {
    const timer = setTimeout(() => {}, 5)
    timer.unref?.()
    return [typeof timer.unref, typeof timer[Symbol.toPrimitive], Number.isInteger(+timer), timer.hasRef(), setInterval(() => {}, 5).unref().hasRef()]
  },
  async '/methods' () {
    const timer = setTimeout(() => {}, 5)
    return ['ref', 'unref', 'hasRef', 'refresh', 'close'].map((name) => typeof timer[name])
  },
  async '/clear' () {
    let fired = 0
    const timers = [1, 2, 3, 4, 5].map(() => setTimeout(() => fired++, 1))
    clearTimeout(timers[0])
    clearInterval(timers[1])
    clearTimeout(+timers[2])
    clearTimeout(`${timers[3]}`)
    timers[4].close()
    await sleep(5)
    return [fired]
  },
  async '/refresh' () {
    let fired = 0
    const timer = setTimeout(() => fired++, 5)
    timer.refresh()
    await sleep(20)
    timer.refresh()
    await sleep(20)
    return [fired]
  },
  // Nobody waits for it, so the answer is there at once ...
  '/unref' () { setTimeout(() => { throw new Error('never') }, 60000).unref() },
  '/unref-interval' () { setInterval(() => {}, 1).unref() },
  // ... but for others, and while they do it fires.
  '/both' (done) { setTimeout(() => done('unref'), 1).unref(); setTimeout(() => {}, 20) },
  '/ref' (done) { setTimeout(() => done('ref'), 1).unref().ref() },
  // A promise that it settles is worth waiting for.
  async '/promise' () { return await new Promise((resolve) => setTimeout(resolve, 5, 'settled').unref()) },
}

export const handler = (event, context, done) => ways[event.path](done)
