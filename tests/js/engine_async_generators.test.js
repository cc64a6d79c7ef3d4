// Async generators whose requests settle into user code that makes requests.
import { equal, same } from './assert.js'

const ticks = async (n) => { while (n-- > 0) await null }

// Requests that come while return() awaits its value are answered, in order.
{
  const log = []
  const it = (async function* () { yield 1 })()
  const note = (name) => [(r) => log.push(name, r.value, r.done), (e) => log.push(name, e)]
  it.return(1).then(...note('a'))
  it.next().then(...note('b'))
  it.return(5).then(...note('c'))
  it.throw(6).then(...note('d'))
  it.return(Promise.reject(7)).then(...note('e'))
  it.next(8).then(...note('f'))
  await ticks(40)
  same(log, ['a', 1, true, 'b', null, true, 'c', 5, true, 'd', 6, 'e', 7, 'f', null, true])
}

// Thenables of every kind.
for (const value of [{ then(f) { f(3) } }, { then(f, r) { r(3) } }, { then() { throw 3 } },
  { get then() { throw 3 } }, Promise.resolve(3), Promise.reject(3),
  Object.defineProperty(Promise.resolve(4), 'constructor', { get() { throw 3 } })]) {
  let settled
  const it = (async function* () { yield 1 })()
  it.return(value).then((r) => { settled = r.value }, (e) => { settled = e })
  await ticks(20)
  equal(settled, 3)
  same(await it.next(), { done: true })
}

// A getter of `then` on every object calls the generator itself.
async function reenter(calls, body) {
  const log = []
  let it
  let hits = 0
  let busy = false
  Object.defineProperty(Object.prototype, 'then', {
    configurable: true,
    get() {
      if (busy || !it || hits >= calls.length) return undefined
      busy = true
      const call = calls[hits++]
      call(it).then((r) => log.push(r.value), (e) => log.push(e))
      busy = false
      return undefined
    },
  })
  try {
    it = body()
    it.next(0).then((r) => log.push(r.value), (e) => log.push(e))
    await ticks(60)
  } finally {
    delete Object.prototype.then
  }
  return log.join()
}
const next = (it) => it.next('n')
const back = (it) => it.return('r')
const thrown = (it) => it.throw('t')
async function* numbers() {
  try {
    await null
    yield 1
    await null
    yield 2
  } finally {
    await null
  }
}
async function* one() { yield 1 }
equal(await reenter([back], numbers), '1,r')
equal(await reenter([next, back], numbers), '1,2,r')
equal(await reenter([back, next], numbers), '1,,r')
equal(await reenter([thrown, back], numbers), '1,t')
equal(await reenter([back, back, thrown], numbers), '1,r,t,r')
equal(await reenter([next, next, next, back], numbers), '1,2,,')
equal(await reenter([back, thrown, next, back, next], numbers), '1,t,r')
equal(await reenter([back], one), '1,r')
equal(await reenter([next, back], one), ',1')
equal(await reenter([back, next], one), '1,,r')
equal(await reenter([thrown, back], one), 't,1')
equal(await reenter([back, back, thrown], one), '1,r,t,r')
equal(await reenter([next, next, next, back], one), ',1')
equal(await reenter([back, thrown, next, back, next], one), '1,t,r')
// The await of a generator that was left waiting ends when its promise does.
{
  let release
  let early = true
  let value
  const gate = new Promise((resolve) => { release = resolve })
  const it = (async function* () {
    try {
      yield 1
    } finally {
      value = await gate
      if (early) throw new Error('resumed too early')
    }
  })()
  let hit = false
  Object.defineProperty(Object.prototype, 'then', {
    configurable: true,
    get() {
      if (!hit && this.value === 1) {
        hit = true
        it.return(2)
      }
      return undefined
    },
  })
  await it.next()
  delete Object.prototype.then
  equal(hit, true)
  await ticks(10)
  early = false
  release('released')
  await ticks(10)
  equal(value, 'released')
  same(await it.next(), { done: true })
}
