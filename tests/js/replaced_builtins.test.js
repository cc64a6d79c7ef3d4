// The globals keep working when the handler replaced or deleted builtins.
import { assert, equal } from './assert.js'

const { stringify } = JSON
const { ownKeys, getPrototypeOf, defineProperty: define } = Reflect
const bomb = () => { throw new Error('a replaced builtin was used') }
const values = {
  map: new Map([[1, 2]]), set: new Set([1]), date: new Date(0), re: /x/g, array: [1, 2], bytes: new Uint8Array([1, 2]),
  view: new DataView(new ArrayBuffer(2)), boxed: Object(1), text: Object('s'), error: new TypeError('t', { cause: 1 }),
  promise: Promise.resolve(1), symbol: Symbol('s'), big: 1n,
}
const encoder = new TextEncoder()
const decoder = new TextDecoder()

const spoil = (prototype) => {
  const keys = ownKeys(prototype)
  for (let i = 0; i < keys.length; i++) {
    try {
      define(prototype, keys[i], keys[i] === 'constructor' ? { value: bomb } : { get: bomb, configurable: true })
    } catch {
      // not configurable
    }
  }
}
const iterators = [new Map().entries(), new Set().values(), [].values()]
const constructors = [Function, Map, Set, Date, RegExp, Promise, Error, TypeError, Number, String, Boolean, Symbol, BigInt,
  DataView, ArrayBuffer, Uint8Array, getPrototypeOf(Uint8Array), Array, Object]
const names = ['Map', 'Set', 'Date', 'RegExp', 'Object', 'Array', 'Error', 'TypeError', 'Promise', 'Symbol', 'Uint8Array',
  'JSON', 'Math', 'Proxy']
for (let i = 0; i < iterators.length; i++) getPrototypeOf(iterators[i]).next = bomb
for (let i = 0; i < names.length; i++) delete globalThis[names[i]]
for (let i = 0; i < constructors.length; i++) spoil(constructors[i].prototype)

console.log('%s %d %j %o', values, 1, values, values, values)
assert(__lastLog() !== '')
assert(__inspect(values) !== '')
const { map, set, date, re, array, bytes, view, boxed, text } = values
const copy = structuredClone({ map, set, date, re, array, bytes, view, boxed, text })
assert(copy.map !== map && copy.array !== array)
assert(__inspect(copy.map) !== '')
equal(stringify(copy.array), '[1,2]')
equal(decoder.decode(encoder.encode('aé')), 'aé')
equal(atob(btoa('x')), 'x')
equal(crypto.randomUUID().length, 36)
crypto.getRandomValues(bytes)
assert(performance.now() > 0)
clearTimeout(setTimeout(() => {}, 1, 2))
