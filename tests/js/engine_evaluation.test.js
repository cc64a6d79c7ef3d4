// What is evaluated, in which order and how often (patches 0073 to 0079).
import { assert, equal, same, throws } from './assert.js'

let seen = []
const note = (word, value) => { seen.push(word); return value }
const log = (run) => { seen = []; try { run() } catch (e) { seen.push(e.name) } return seen.join(' ') }

// An assignment to a constant throws when there is a value for it.
const fixed = 8
equal(log(() => { fixed = note('value') }), 'value TypeError')
equal(log(() => { const a = 8; a = BigInt(4.35) }), 'RangeError')
equal(log(() => { const a = 8; a += note('value') }), 'value TypeError')
equal(log(() => { const a = 8; a++ }), 'TypeError')
equal(log(() => { const a = { valueOf: () => note('value') }; note(a--) }), 'value TypeError')
equal(log(() => { const a = 8; (() => { a = note('value') })() }), 'value TypeError')
equal(log(() => { const a = 8; ({ x: a } = { get x() { return note('x') } }) }), 'x TypeError')
equal(log(() => { const a = 8; [a] = [note('value')] }), 'value TypeError')
equal(log(() => { const a = 8; for (a of [note('value')]); }), 'value TypeError')
equal(log(() => { const a = 8; a ??= note('value') }), '')
equal(log(() => { const a = null; a ??= note('value') }), 'value TypeError')
equal(log(() => { const a = 8; a &&= note('value') }), 'value TypeError')
equal(log(() => { const a = 8; a ||= note('value') }), '')
equal(log(() => { const a = 8; eval('a = note("value")') }), 'value TypeError')
equal(log(() => { (function f() { f = note('value') })() }), 'value TypeError')
equal(log(() => { class A { static x = (A = note('value')) } }), 'value TypeError')
equal(log(() => { a += note('value'); const a = 8 }), 'ReferenceError')
equal(log(() => Function('note', 'with ({ b: 1 }) { const a = 8; a = note("value") }')(note)), 'value TypeError')
equal(log(() => Function('note', 'const a = 8; with ({ a: 1 }) { a = note("value"); a++ }')(note)), 'value')
{
  const a = 8
  let left
  for (let i = 0; i < 3; i++) {
    try { left = [i, a = i] } catch (e) { left = e.name }
  }
  same([a, left], [8, 'TypeError'])
}

// Elements behind a shorter length are gone.
for (let n = 0; n < 40; n++) {
  const a = Array.from({ length: n }, (_, i) => i)
  a.length = 64
  a.push('last')
  a.length = n >> 1
  same(Object.keys(a).length, n >> 1)
  a.length = 100
  assert(!(64 in a))
}
{
  const a = Object.defineProperty([1, 2, 3], 1, { configurable: false })
  a.length = 1000
  a[500] = 1
  throws(() => { a.length = 0 }, 'TypeError')
  same([a.length, Object.keys(a)], [2, ['0', '1']])
}
equal(log(() => { Object.freeze([]).length = { valueOf: () => note('value', 0) } }), 'TypeError')
equal(log(() => { Object.freeze([]).length = -1 }), 'TypeError')
equal(log(() => { const a = []; a.length = { valueOf() { note('value'); Object.freeze(a); return 0 } } }), 'value value')
equal(log(() => { const a = []; a.length = { valueOf() { note('value'); Object.freeze(a); return 1 } } }), 'value value TypeError')
equal(Reflect.set(Object.freeze([]), 'length', 0), false)
throws(() => Object.defineProperty(Object.freeze([]), 'length', { value: -1 }), 'RangeError')
Object.defineProperty(Object.freeze([1]), 'length', { value: 1 })

// The name of a property of null is not converted.
const name = { toString: () => note('name', 'x') }
equal(log(() => { null[name] = note('value') }), 'value TypeError')
equal(log(() => { undefined[name] = note('value') }), 'value TypeError')
equal(log(() => delete null[name]), 'TypeError')
equal(log(() => { ({})[name] = note('value') }), 'value name')

// Spreading
equal(log(() => [...{ get [Symbol.iterator]() { note('get'); return function* () { yield 1 } } }]), 'get')
equal(log(() => Math.max(...{ get [Symbol.iterator]() { note('get') } })), 'get TypeError')
const failing = { [Symbol.iterator]() { return this }, next() { throw new RangeError() }, return() { note('closed'); return {} } }
equal(log(() => [...failing]), 'RangeError')
equal(log(() => Math.max(...failing)), 'RangeError')
equal(log(() => [...{ [Symbol.iterator]() { return { return: () => note('closed', {}) } } }]), 'TypeError')
throws(() => [...null], 'TypeError')
throws(() => [...1], 'TypeError')
same([...'ab', ...[1, , 2]], ['a', 'b', 1, undefined, 2])

// Typed arrays
{
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
  const words = new Uint16Array(bytes.buffer)
  words.set(bytes.subarray(0, 4))
  same([...words], [1, 2, 3, 4])
  words.set([257, 258, 259, 260])
  bytes.set(words, 4)
  same([...bytes], [1, 1, 2, 1, 1, 2, 3, 4])
  bytes.set(bytes.subarray(0, 6), 2)
  same([...bytes], [1, 1, 1, 1, 2, 1, 1, 2])
}
throws(() => new BigUint64Array(new Float64Array()), 'TypeError')
throws(() => new Float64Array(new BigInt64Array()), 'TypeError')
throws(() => new Float64Array().set(new BigInt64Array()), 'TypeError')
throws(() => new BigInt64Array().set(new Int8Array()), 'TypeError')
new BigInt64Array().set([])
throws(() => new BigInt64Array().with(0, 1), 'TypeError')
throws(() => new Int8Array().with(0, 1n), 'TypeError')
throws(() => new Int8Array().with(0, Symbol()), 'TypeError')
throws(() => new BigInt64Array().with(0, 'x'), 'SyntaxError')
throws(() => new Int8Array().with(0, 1), 'RangeError')
same([...Uint8ClampedArray.of(1, 2).with(-1, '300')], [1, 255])
equal(BigInt64Array.of(1n).with(0, '7')[0], 7n)

// An async iterator is closed before its loop's exception goes on.
const ticks = async (n) => { while (n-- > 0) await null }
const closing = (close) => ({
  [Symbol.asyncIterator]() { return this },
  async next() { return { value: 1, done: false } },
  return: close,
})
const loop = async (iterator, body) => {
  seen = []
  try {
    for await (const x of iterator) body()
  } catch (e) { seen.push(e) }
  return seen.join(' ')
}
const fail = () => { throw 'body' }
equal(await loop(closing(async () => { await ticks(5); note('closed'); return {} }), fail), 'closed body')
equal(await loop(closing(() => { note('closed'); throw 'close' }), fail), 'closed body')
equal(await loop(closing(() => Promise.reject('close')), fail), 'body')
equal(await loop(closing(() => 1), fail), 'body')
equal(await loop(closing(undefined), fail), 'body')
equal(await loop(closing(null), fail), 'body')
equal(await loop(Object.defineProperty(closing(), 'return', { get: fail }), () => { throw 'first' }), 'first')
equal(await loop({ [Symbol.asyncIterator]() { return this }, next() { throw 'next' }, return: () => note('closed') }, fail), 'next')
equal(await loop((async function* () { try { yield 1 } finally { await ticks(3); note('finally') } })(), fail), 'finally body')
{
  const nested = async () => {
    for await (const a of closing(async () => { note('outer'); return {} })) {
      try {
        for await (const b of closing(async () => { await ticks(2); note('inner'); return {} })) {
          for (const c of [1, 2]) { if (c === 2) throw 'body' }
        }
      } catch (e) { note(`caught ${e}`) } finally { note('finally') }
      return 'end'
    }
  }
  seen = []
  equal(await nested(), 'end')
  equal(seen.join(' '), 'inner caught body finally outer')
}
{
  const generator = async function* () { for await (const a of closing(async () => { note('closed'); return {} })) yield a }
  const g = generator()
  await g.next()
  seen = []
  same(await g.return(3), { value: 3, done: true })
  const h = generator()
  await h.next()
  let error
  await h.throw(4).catch((e) => { error = e })
  equal(error, 4)
  equal(seen.join(' '), 'closed closed')
}

// yield* does not await again what return() gave.
{
  const thenable = { get then() { note('then'); return (f) => f(1) } }
  const g = (async function* () {
    yield* { [Symbol.asyncIterator]() { return this }, next: () => ({ value: 1, done: false }), return: () => ({ value: thenable, done: true }) }
  })()
  await g.next()
  seen = []
  const [settled] = await Promise.all([g.return(2).then((r) => r.value === thenable), ticks(9)])
  equal(settled, true)
  same(seen, [])
  const h = (async function* () { yield* { [Symbol.asyncIterator]() { return this }, next: () => ({ value: 1, done: false }) } })()
  await h.next()
  same(await h.return(Promise.resolve(5)), { value: 5, done: true })
}

// String.prototype.length stays.
throws(() => { delete String.prototype.length }, 'TypeError')
equal(Object.getOwnPropertyDescriptor(String.prototype, 'length').configurable, false)

// Variables of a catch clause's pattern begin uninitialized.
equal(log(() => { try { throw {} } catch ({ a = (() => a)() }) { note('caught') } }), 'ReferenceError')
equal(log(() => { try { throw [] } catch ([a = b, b]) { note('caught') } }), 'ReferenceError')
{
  const functions = []
  for (let i = 0; i < 3; i++) {
    try { throw { i } } catch ({ i: a, get = () => a }) { functions.push(get) }
  }
  same(functions.map((f) => f()), [0, 1, 2])
}

// All arguments of Date and Date.UTC are converted.
const number = (word) => ({ valueOf() { note(word); return NaN } })
equal(log(() => Date.UTC(number('year'), number('month'), 1, 1, 1, 1, number('ms'), number('more'))), 'year month ms')
equal(log(() => new Date(number('year'), number('month'), number('day'))), 'year month day')
equal(log(() => Date.UTC(Infinity, { valueOf() { throw new RangeError() } })), 'RangeError')
equal(Date.UTC(1970, NaN), NaN)
equal(Date.UTC(70, 1), 2678400000)

// A bound function has its target's prototype.
equal(Object.getPrototypeOf(Uint8Array.bind()), Object.getPrototypeOf(Uint8Array))
equal(Object.getPrototypeOf((() => 1).bind()), Function.prototype)
equal(new (class extends Uint8Array.bind() {})(2).length, 2)
equal(Object.getPrototypeOf(Function.prototype.bind.call(Object.setPrototypeOf(() => 1, null))), null)

// The text of a native function calls nothing.
{
  const native = Object.defineProperty([].map.bind(), 'name', { get() { note('name') } })
  const proxy = new Proxy(Math.max, { get(target, key) { note(String(key)); return target[key] } })
  const text = Function.prototype.toString
  equal(log(() => { text.call(native); text.call(proxy) }), '')
  assert(text.call(Math.max).startsWith('function max() {'))
}

// A division behind a template or a private name
{
  const { a = `8` / 2, ...rest } = { b: 1 }
  const { c = `${8}` / 2, ...none } = {}
  const { d = `${/}/.test('}')}`, ...same1 } = {}
  same([a, rest, c, none, d, same1], [4, { b: 1 }, 4, {}, 'true', {}])
  class Private {
    #x = 8
    half(o) { const { a = this.#x / 2, ...rest } = o; return [a, rest] }
  }
  same(new Private().half({ b: 1 }), [4, { b: 1 }])
}

// Captures of what is repeated begin undefined each time.
same([.../(?:(a)|(b))+/.exec('aaab')], ['aaab', undefined, 'b'])
same([.../(?:(a)|b)*/.exec('ab')], ['ab', undefined])
same([.../((a)|(b))+?$/.exec('ab')], ['ab', 'b', undefined, 'b'])
same([.../(?:(a)|b){2,3}/.exec('bab')], ['bab', undefined])
same([.../(z)((a+)?(b+)?(c))*/.exec('zaacbbbcac')], ['zaacbbbcac', 'z', 'ac', 'a', undefined, 'c'])
same([.../(?:(a)|(?<n>b))*(\1)c/.exec('abc')], ['abc', undefined, 'b', ''])
