import { assert, equal, same, throws } from './assert.js'

const clone = structuredClone

// Primitives
for (const value of [undefined, null, true, 0, -0, 1.5, NaN, Infinity, 'text', '', 10n ** 30n]) {
  equal(clone(value), value)
}
throws(() => clone(), 'TypeError')

// What can't be cloned
for (const value of [() => {}, class {}, Symbol('s'), new WeakMap(), new WeakSet(), Promise.resolve(),
  new Proxy({}, {}), new WeakRef({}), Object(Symbol('s')), (function* () {})(), [][Symbol.iterator](),
  new TextEncoder(), { deep: [() => {}] }, new Map([[1, Symbol('s')]]), new Set([() => {}])]) {
  throws(() => clone(value), 'DataCloneError', 25)
}

// Plain objects and arrays
const source = { a: 1, b: [1, , 3], c: { d: 'x' }, __proto__: { inherited: 1 } }
const copy = clone(source)
same(copy, { a: 1, b: [1, , 3], c: { d: 'x' } })
assert(copy !== source && copy.b !== source.b)
equal(copy.b.length, 3)
assert(!(1 in copy.b))
equal(Object.getPrototypeOf(copy), Object.prototype)
equal(copy.inherited, undefined)
const sparse = []
sparse[5] = 1
sparse.extra = 'x'
sparse.length = 9
equal(clone(sparse).length, 9)
equal(clone(sparse).extra, 'x')
same(Object.keys(clone(sparse)), ['5', 'extra'])
equal(clone(new Array(4)).length, 4)

// Only own enumerable string keys; getters are read; setters do not run.
const odd = Object.defineProperty({ get g() { return 7 }, [Symbol('s')]: 1 }, 'hidden', { value: 1 })
same(clone(odd), { g: 7 })
equal(Object.getOwnPropertySymbols(clone(odd)).length, 0)
throws(() => clone({ get x() { throw new RangeError('mine') } }), 'RangeError')
const own = clone(JSON.parse('{"__proto__": {"x": 1}}'))
assert(Object.hasOwn(own, '__proto__') && own.x === undefined)
let deleted = { get a() { delete deleted.b; return 1 }, b: 2 }
same(clone(deleted), { a: 1 })
class Point { constructor() { this.x = 1 } }
equal(clone(new Point()).constructor, Object)

// Cycles and shared references
const cycle = { list: [] }
cycle.self = cycle
cycle.list.push(cycle.list, cycle)
cycle.map = new Map([[cycle, cycle.list]])
cycle.set = new Set([cycle])
const c = clone(cycle)
assert(c !== cycle && c.self === c && c.list[0] === c.list && c.list[1] === c)
assert(c.map.get(c) === c.list && c.set.has(c))
const shared = { x: 1 }
const pair = clone([shared, shared])
assert(pair[0] === pair[1] && pair[0] !== shared)

// Deep nesting does not use the stack.
let deep = null
for (let i = 0; i < 20000; i++) deep = i % 2 ? { deep } : [deep]
let walk = clone(deep)
let depth = 0
for (; walk; depth++) walk = Array.isArray(walk) ? walk[0] : walk.deep
equal(depth, 20000)

// Builtin objects
equal(clone(new Date(5)).getTime(), 5)
assert(Number.isNaN(clone(new Date(NaN)).getTime()))
const re = /a\/b(?<n>c)/dgimsuy
re.lastIndex = 3
equal(String(clone(re)), String(re))
equal(clone(re).lastIndex, 0)
equal(clone(/(?:)/).source, '(?:)')
for (const boxed of [Object(1), Object('s'), Object(false), Object(5n)]) {
  const b = clone(boxed)
  equal(typeof b, 'object')
  equal(b.valueOf(), boxed.valueOf())
  equal(b.constructor, boxed.constructor)
}
const map = clone(new Map([['k', { v: 1 }], [{}, 2]]))
assert(map instanceof Map && map.size === 2 && map.get('k').v === 1)
same([...clone(new Set([3, 1, 2]))], [3, 1, 2])

// Errors
for (const type of [Error, TypeError, RangeError, SyntaxError, EvalError, ReferenceError, URIError]) {
  const e = new type('message', { cause: { code: 1 } })
  const d = clone(e)
  assert(d instanceof type && d !== e)
  equal(Object.getPrototypeOf(d), type.prototype)
  equal(d.message, 'message')
  equal(d.stack, e.stack)
  equal(d.cause.code, 1)
  same(Object.keys(d), [])
}
class Custom extends Error { name = 'Custom' }
equal(clone(new Custom('x')).constructor, Error)
assert(!('message' in clone(Object.assign(new Error(), {})) && Object.hasOwn(clone(new Error()), 'message')))

// Buffers
const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer
const views = clone({ buffer, a: new Uint8Array(buffer, 1, 2), b: new Uint16Array(buffer, 2), d: new DataView(buffer, 3, 2) })
assert(views.buffer !== buffer && views.a.buffer === views.buffer && views.b.buffer === views.buffer)
same(Array.from(views.a), [2, 3])
equal(views.b.length, 3)
equal(views.d.getUint8(0), 4)
equal(views.d.byteLength, 2)
for (const type of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array]) {
  const t = clone(new type([1, 2]))
  assert(t instanceof type)
  same(Array.from(t), [1, 2])
}
equal(clone(new BigInt64Array([5n]))[0], 5n)
equal(clone(new ArrayBuffer(0)).byteLength, 0)

// Transfer
const moved = new Uint8Array([9, 8]).buffer
const view = new Uint8Array(moved)
const result = clone({ moved, view }, { transfer: [moved] })
equal(moved.byteLength, 0)
same(Array.from(result.view), [9, 8])
assert(result.view.buffer === result.moved)
throws(() => clone(moved), 'DataCloneError', 25)
throws(() => clone(view), 'DataCloneError', 25)
throws(() => clone(1, { transfer: [moved] }), 'DataCloneError', 25)
throws(() => clone(1, { transfer: [{}] }), 'DataCloneError', 25)
throws(() => clone(1, { transfer: 5 }), 'TypeError')
const twice = new ArrayBuffer(1)
throws(() => clone(1, { transfer: [twice, twice] }), 'DataCloneError', 25)
equal(twice.byteLength, 1)
const kept = new ArrayBuffer(3)
throws(() => clone(() => {}, { transfer: [kept] }), 'DataCloneError', 25)
equal(kept.byteLength, 3)
throws(() => structuredClone(new URLPattern()), 'DataCloneError')
throws(() => structuredClone(new WritableStream()), 'DataCloneError')

// Ports move: what was sent to one, and what its other end sends.
const channel = new MessageChannel()
channel.port1.postMessage('before')
throws(() => clone(channel.port2), 'DataCloneError')
throws(() => clone(1, { transfer: [channel.port2, channel.port2] }), 'DataCloneError')
throws(() => clone(() => {}, { transfer: [channel.port2] }), 'DataCloneError')
const received = []
const { port } = clone({ port: channel.port2 }, { transfer: [channel.port2] })
assert(port instanceof MessagePort && port !== channel.port2)
throws(() => clone(1, { transfer: [channel.port2] }), 'DataCloneError')
port.onmessage = (event) => received.push(event.data)
channel.port1.postMessage('after')
channel.port2.postMessage('lost')
const carrier = new MessageChannel()
throws(() => carrier.port1.postMessage(0, [carrier.port1]), 'DataCloneError')
const arrived = new Promise((resolve) => { carrier.port2.onmessage = resolve })
carrier.port1.postMessage({ port }, { transfer: [port] })
const message = await arrived
equal(message.ports.length, 1)
assert(message.data.port === message.ports[0] && Object.isFrozen(message.ports))
const last = new Promise((resolve) => { message.ports[0].onmessage = resolve })
channel.port1.postMessage('moved twice')
equal((await last).data, 'moved twice')
same(received, ['before', 'after'])
