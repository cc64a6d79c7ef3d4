// Views of buffers that user code takes away meanwhile, and lastIndexOf.
import { equal, same, throws } from './assert.js'

const detach = (buffer) => { structuredClone(buffer, { transfer: [buffer] }) }

function target(prototype, buffer) {
  const made = function () {}.bind()
  return Object.defineProperty(made, 'prototype', {
    get() { detach(buffer); return prototype },
  })
}

for (const type of [Uint8Array, Uint8ClampedArray, Int16Array, Float32Array, Float64Array, BigInt64Array]) {
  for (const rest of [[], [8], [8, 1], [0, 0]]) {
    const buffer = new ArrayBuffer(64)
    throws(() => Reflect.construct(type, [buffer, ...rest], target(type.prototype, buffer)), 'TypeError')
  }
  const buffer = new ArrayBuffer(64)
  throws(() => new type(buffer, { valueOf() { detach(buffer); return 0 } }), 'TypeError')
  const other = new ArrayBuffer(64)
  throws(() => new type(other, 0, { valueOf() { detach(other); return 1 } }), 'TypeError')
  const source = new type(8)
  throws(() => Reflect.construct(type, [source], target(type.prototype, source.buffer)), 'TypeError')
}
const viewed = new ArrayBuffer(64)
throws(() => Reflect.construct(DataView, [viewed], target(DataView.prototype, viewed)), 'TypeError')

// The order of the standard: the prototype, then offset and length, then the buffer.
const order = []
class Ordered extends Uint8Array {}
const late = new Proxy(Ordered, {
  get(object, key) { order.push(key); return object[key] },
})
Reflect.construct(Uint8Array, [new ArrayBuffer(8),
  { valueOf() { order.push('offset'); return 1 } },
  { valueOf() { order.push('length'); return 2 } }], late)
same(order, ['prototype', 'offset', 'length'])
throws(() => new Uint16Array(new ArrayBuffer(3)), 'RangeError')
throws(() => new Uint16Array(new ArrayBuffer(4), 1), 'RangeError')
throws(() => new Uint16Array(new ArrayBuffer(4), 6), 'RangeError')
throws(() => new Uint16Array(new ArrayBuffer(4), 2, 2), 'RangeError')
throws(() => new Uint8Array(2 ** 40), 'RangeError')
equal(new Uint16Array(new ArrayBuffer(4), 2).length, 1)
equal(new Uint16Array(new ArrayBuffer(4), 4).length, 0)

// Methods whose arguments, callbacks or species take the buffer away.
const away = (result) => (view) => ({ valueOf() { detach(view.buffer); return result } })
const runs = {
  at: (v, x) => v.at(x),
  fill: (v, x) => v.fill(1, x),
  fillValue: (v, x) => v.fill(x),
  fillEnd: (v, x) => v.fill(1, 0, x),
  with: (v, x) => v.with(0, x),
  withIndex: (v, x) => v.with(x, 1),
  copyWithin: (v, x) => v.copyWithin(0, 1, x),
  slice: (v, x) => v.slice(x),
  subarray: (v, x) => v.subarray(x),
  indexOf: (v, x) => v.indexOf(1, x),
  lastIndexOf: (v, x) => v.lastIndexOf(1, x),
  includes: (v, x) => v.includes(1, x),
  set: (v, x) => v.set([1], x),
  setFrom: (v, x) => v.set([x, 1, 2]),
  join: (v, x) => v.join({ toString() { return String(+x) } }),
  element: (v, x) => { v[1] = x },
  sort: (v, x) => v.sort(() => x),
  toSorted: (v, x) => v.toSorted(() => x),
  map: (v, x) => v.map(() => x),
  filter: (v, x) => v.filter(() => (+x, true)),
  reduce: (v, x) => v.reduce(() => +x),
  getInt: (v, x) => new DataView(v.buffer).getInt32(x),
  setInt: (v, x) => new DataView(v.buffer).setInt32(0, x),
  bufferSlice: (v, x) => v.buffer.slice(x),
  clone: (v, x) => structuredClone({ get a() { return +x }, v }),
  encode: (v, x) => new TextEncoder().encodeInto({ toString() { return String(+x) } }, v),
  decode: (v, x) => new TextDecoder().decode(v, { get stream() { return +x } }),
}
for (const [name, run] of Object.entries(runs)) {
  for (const result of [0, 1, 2, 100, -1, NaN]) {
    const view = new Uint8Array(32)
    try {
      run(view, away(result)(view))
    } catch (error) {
      if (!['TypeError', 'RangeError', 'DataCloneError'].includes(error.name)) {
        throw new Error(`${name}: ${error}`)
      }
    }
    equal(view.length, 0, name)
    equal(view[0], undefined, name)
  }
}

// The start of lastIndexOf is an integer before it counts from the end.
for (const type of [Uint8Array, Int16Array, Uint32Array, Float32Array, Float64Array]) {
  const numbers = new type([5, 6, 7, 5]).subarray(0, 3)
  equal(numbers.lastIndexOf(5, -0.5), 0)
  equal(numbers.lastIndexOf(5, -1e-20), 0)
  equal(numbers.lastIndexOf(7, -0.5), -1)
  equal(numbers.lastIndexOf(6, -1e-20), -1)
  equal(numbers.lastIndexOf(7), 2)
  equal(numbers.lastIndexOf(7, undefined), -1)
  equal(numbers.lastIndexOf(7, -1), 2)
  equal(numbers.lastIndexOf(7, -1.5), 2)
  equal(numbers.lastIndexOf(7, -2), -1)
  equal(numbers.lastIndexOf(5, -3), 0)
  equal(numbers.lastIndexOf(5, -4), -1)
  equal(numbers.lastIndexOf(5, -Infinity), -1)
  equal(numbers.lastIndexOf(7, Infinity), 2)
  equal(numbers.lastIndexOf(7, 2 ** 40), 2)
  equal(numbers.lastIndexOf(5, NaN), 0)
  equal(numbers.indexOf(5, -1e-20), 0)
  equal(numbers.indexOf(7, -0.5), 2)
  equal(numbers.indexOf(5, -1), -1)
  equal(numbers.includes(5, -1e-20), true)
  equal(numbers.includes(5, 2.9), false)
}
equal([5, 6, 7].lastIndexOf(5, -1e-20), 0)
equal([5, 6, 7].lastIndexOf(7, -0.5), -1)
equal([5, 6, 7].indexOf(5, -1e-20), 0)
equal([5, 6, 7].includes(7, -1e-20), true)
equal('abc'.lastIndexOf('a', -1e-20), 0)
