// performance, crypto, Math.random, process.env and queueMicrotask.
import { assert, equal, same, throws } from './assert.js'

// performance
const t0 = performance.now()
assert(t0 >= 0)
let t1 = t0
for (let i = 0; i < 1e5 && t1 === t0; i++) t1 = performance.now()
assert(t1 > t0 && t1 - t0 < 100)
assert(Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 50)

// crypto
const uuids = new Set()
for (let i = 0; i < 1000; i++) {
  const uuid = crypto.randomUUID()
  assert(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid), uuid)
  uuids.add(uuid)
}
equal(uuids.size, 1000)
const random = new Uint8Array(64)
equal(crypto.getRandomValues(random), random)
assert(new Set(random).size > 16)
const part = new Uint8Array(16)
crypto.getRandomValues(part.subarray(4, 8))
assert(part.subarray(0, 4).every((x) => x === 0) && part.subarray(8).every((x) => x === 0))
for (const type of [Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array, BigUint64Array]) {
  assert(crypto.getRandomValues(new type(8)).some((x) => x != 0))
}
equal(crypto.getRandomValues(new Uint8Array(0)).length, 0)
equal(crypto.getRandomValues(new Uint8Array(65536)).length, 65536)
const gone = new Uint8Array(70000) // too many, but it has none any more
structuredClone(gone.buffer, { transfer: [gone.buffer] })
equal(crypto.getRandomValues(gone).length, 0)
throws(() => crypto.getRandomValues(new Uint8Array(65537)), 'QuotaExceededError', 22)
throws(() => crypto.getRandomValues(new Uint32Array(16385)), 'QuotaExceededError', 22)
throws(() => crypto.getRandomValues(new Float32Array(1)), 'TypeMismatchError', 17)
throws(() => crypto.getRandomValues(new Float64Array(1)), 'TypeMismatchError', 17)
throws(() => crypto.getRandomValues(new DataView(new ArrayBuffer(1))), 'TypeMismatchError', 17)
throws(() => crypto.getRandomValues([]), 'TypeMismatchError', 17)
throws(() => crypto.getRandomValues(), 'TypeError')
throws(() => crypto.getRandomValues('x'), 'TypeError')

// Math.random
const numbers = new Set()
for (let i = 0; i < 1000; i++) {
  const n = Math.random()
  assert(n >= 0 && n < 1)
  numbers.add(n)
}
assert(numbers.size > 990)
equal(Object.getOwnPropertyDescriptor(Math, 'random').enumerable, false)

// process.env
equal(process.env.NODE_ENV, 'production')
assert(Object.isFrozen(process.env))
throws(() => { process.env.NEW = '1' }, 'TypeError')
throws(() => { process.env.NODE_ENV = 'x' }, 'TypeError')
throws(() => { process.env = {} }, 'TypeError')
equal(process.env.MISSING, undefined)
assert(Object.keys(process.env).includes('NODE_ENV'))
same(Object.keys(process), ['env'])

// queueMicrotask
const order = []
queueMicrotask((...all) => order.push(all.length))
await null
same(order, [0])

// The globals themselves are not enumerable, and can be replaced.
for (const name of ['console', 'setTimeout', 'structuredClone', 'TextEncoder', 'atob', 'performance', 'crypto', 'process']) {
  const { enumerable, writable, configurable } = Object.getOwnPropertyDescriptor(globalThis, name)
  assert(!enumerable && writable && configurable, name)
}
