import { assert, equal, same, throws } from './assert.js'

const done = (run) => new Promise((resolve, reject) => run(resolve, reject))
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

// Order: by due time, then by creation; microtasks first.
const order = []
setTimeout(() => order.push('b'), 2)
setTimeout(() => order.push('a1'), 0)
setTimeout(() => order.push('a2'))
setTimeout(() => order.push('a3'), -5)
setTimeout(() => order.push('a4'), NaN)
setTimeout(() => order.push('last'), 20)
queueMicrotask(() => order.push('micro'))
Promise.resolve().then(() => order.push('promise'))
order.push('sync')
await sleep(40)
same(order, ['sync', 'micro', 'promise', 'a1', 'a2', 'a3', 'a4', 'b', 'last'])

// Arguments and ids.
const id = setTimeout(() => {}, 0)
equal(typeof id, 'object')
equal(`${id}`, String(+id))
assert(Number.isInteger(+id) && id[Symbol.toPrimitive]() === +id)
assert(setTimeout(() => {}, 0) > id)
same(await done((resolve) => setTimeout((...all) => resolve(all), 0, 1, 'x', null)), [1, 'x', null])
equal(setTimeout.length, 1)

// Clearing, also of what is no timer.
let cleared = true
const c = setTimeout(() => (cleared = false), 1)
clearTimeout(c)
clearTimeout(c)
for (const odd of [undefined, null, 0, -1, 1e9, NaN, 'x', {}, Symbol('s'), 5n]) clearTimeout(odd)
clearTimeout()
let byString = true
clearTimeout(String(setTimeout(() => (byString = false), 1)))
let crossed = true
clearInterval(setTimeout(() => (crossed = false), 1))
await sleep(5)
assert(cleared && byString && crossed)

let byNumber = true
clearTimeout(+setTimeout(() => (byNumber = false), 1))
let closed = true
equal(setTimeout(() => (closed = false), 1).close().refresh().hasRef(), true)
const [timeout, interval] = [setTimeout(() => {}, 1), setInterval(() => {}, 1)]
equal(Object.getPrototypeOf(timeout), Object.getPrototypeOf(interval))
interval.close()
await sleep(5)
assert(byNumber && closed)

// Methods: each gives the timer, and those of others are refused.
same([timeout.hasRef(), timeout.unref() === timeout, timeout.hasRef(), timeout.ref() === timeout, timeout.hasRef()],
  [true, true, false, true, true])
for (const name of ['ref', 'unref', 'hasRef', 'refresh', 'close']) {
  throws(() => timeout[name].call({}), 'TypeError')
  throws(() => timeout[name].call(1), 'TypeError')
}

// refresh: of one that is pending, that has fired, and in its own callback.
let fired = 0
const again = setTimeout((add) => (fired += add), 8, 1)
for (let i = 0; i < 4; i++) {
  await sleep(4)
  equal(again.refresh(), again)
}
equal(fired, 0)
await sleep(12)
equal(fired, 1)
again.refresh()
await sleep(12)
equal(fired, 2)
let rounds = 0
const own = setTimeout(() => { if (++rounds < 3) own.refresh() }, 1)
const steady = setInterval(() => { if (++rounds > 100) steady.close(); steady.refresh() }, 1)
await sleep(30)
clearInterval(steady)
assert(rounds > 3, String(rounds))

// The timer is `this`, as in Node; an interval can end itself by it.
equal(await done((resolve) => setTimeout(function () { resolve(this.hasRef()) })), true)
let selfish = 0
setInterval(function () { selfish++; clearInterval(this) }, 1)
await sleep(10)
equal(selfish, 1)

// A cycle through the callback is no leak: it is collected.
for (let i = 0; i < 1000; i++) { const t = setTimeout(() => t, 0) }
await sleep(5)

// One callback clears the next.
let victim = true
setTimeout(() => clearTimeout(v), 0)
const v = setTimeout(() => (victim = false), 0)
await sleep(3)
assert(victim)

// Intervals: until cleared, in their own callback too.
const ticks = await done((resolve) => {
  let n = 0
  const t = setInterval((a) => {
    equal(a, 'arg')
    if (++n === 3) {
      clearInterval(t)
      setTimeout(() => resolve(n), 10)
    }
  }, 1, 'arg')
})
equal(ticks, 3)

// An interval of 0 does not keep others from running.
await done((resolve) => {
  const t = setInterval(() => {}, 0)
  setTimeout(() => resolve(clearInterval(t)), 5)
})

// Timers set while one runs.
same(await done((resolve) => {
  const seen = []
  setTimeout(() => {
    seen.push(1)
    setTimeout(() => seen.push(3), 0)
    queueMicrotask(() => seen.push(2))
  }, 0)
  setTimeout(() => resolve(seen), 10)
}), [1, 2, 3])

throws(() => setTimeout('code', 1), 'TypeError')
throws(() => setTimeout(), 'TypeError')
throws(() => setInterval({}, 1), 'TypeError')
throws(() => queueMicrotask(), 'TypeError')
throws(() => queueMicrotask('code'), 'TypeError')
throws(() => setTimeout(() => {}, { valueOf() { throw new RangeError('mine') } }), 'RangeError')
throws(() => setTimeout(() => {}, Symbol('s')), 'TypeError')

// The delay is real, and a delay too long for browsers becomes the shortest.
const before = performance.now()
await sleep(15)
assert(performance.now() - before >= 14.5)
await done((resolve) => setTimeout(resolve, 2 ** 31))
assert(performance.now() - before < 1000)

// Thousands, in random order, half of them cleared.
let latest = 0 // the earliest time at which the last one fired can be due
let count = 0
const ids = []
for (let i = 0; i < 5000; i++) {
  const delay = (i * 7919) % 50
  const from = performance.now() + delay
  ids.push(setTimeout(() => {
    assert(to >= latest, `out of order: ${to} after ${latest}`)
    latest = Math.max(from, latest)
    count++
  }, delay))
  const to = performance.now() + delay
}
for (let i = 0; i < 5000; i += 2) clearTimeout(ids[i])
await sleep(200)
equal(count, 2500)
