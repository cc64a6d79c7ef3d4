// Programs that were refused, or did something else than the language says.
import { assert, equal, same, throws } from './assert.js'

// Names
same([1, 2].map(async => async * 2), [2, 4])
same([1].map((async, of) => async + of), [1])
equal(typeof (async async => async), 'function')
equal(await (async async => async)(3), 3)
class Names {
  async;
  prototype = 2
  get
  accessor() { return 3 }
  get
  *generator() {}
  static async;
  static static
}
same(Object.keys(new Names()), ['async', 'prototype', 'get'])
equal(new Names().accessor, 3)
same(Object.getOwnPropertyNames(Names.prototype), ['constructor', 'accessor', 'generator'])

// An iterator that says what is done with it
let seen = []
const iterate = (...values) => ({
  [Symbol.iterator]() { return this },
  next() { return values.length > 0 ? { value: values.shift(), done: false } : { value: undefined, done: true } },
  return(value) { seen.push('closed'); return {} },
})
const log = (run) => { seen = []; const r = run(); return [r, ...seen] }

// yield in the head of a loop: next and return
function* head() { for (const x of (yield 1)) yield x }
{
  const g = head()
  equal(g.next().value, 1)
  equal(g.next(iterate(5, 6)).value, 5)
  same(log(() => g.return(7)), [{ value: 7, done: true }, 'closed'])
  const h = head()
  h.next()
  same(log(() => h.return(8)), [{ value: 8, done: true }])
}
function* inPattern(it) { for (const [a = yield 'a'] of it) yield a }
{
  const g = inPattern(iterate([]))
  equal(g.next().value, 'a')
  same(log(() => g.return(9)), [{ value: 9, done: true }, 'closed'])
}
function* inTarget(it) { const o = {}; for (o[yield 'k'] of it) yield o; return o }
{
  const g = inTarget(iterate(1))
  equal(g.next().value, 'k')
  same(g.next('key').value, { key: 1 })
  const h = inTarget(iterate(1))
  h.next()
  same(log(() => h.return(9)), [{ value: 9, done: true }, 'closed'])
}
function* places() {
  for (const k in yield 1) seen.push(k)
  const { [yield 2]: a = yield 3, ...rest } = { x: 1 }
  seen.push(`${yield 4}`, a, rest)
  switch (yield 5) { case yield 6: seen.push('case') }
  try { throw yield 7 } catch ([b = yield 8]) { seen.push(b) } finally { seen.push('finally') }
}
{
  seen = []
  const g = places()
  const values = [undefined, { p: 1 }, 'q', 'r', 's', 6, 6, [], 't']
  same(values.map((v) => g.next(v).value), [1, 2, 3, 4, 5, 6, 7, 8, undefined])
  same(seen, ['p', 's', 'r', { x: 1 }, 'case', 't', 'finally'])
}

// finally belongs to the pattern of catch, too
same(log(() => {
  try {
    try { throw {} } catch ({ a = (() => { throw new Error('pattern') })() }) { seen.push('block') } finally { seen.push('finally') }
  } catch (error) { return error.message }
}), ['pattern', 'finally'])

// Asynchronous iterators: closed when left, not when they ended, and waited for
const later = (n) => ({
  [Symbol.asyncIterator]() { return this },
  async next() { return n-- > 0 ? { value: n, done: false } : { value: undefined, done: true } },
  async return() { seen.push('closing'); await null; seen.push('closed'); return {} },
})
seen = []
for await (const x of later(2)) seen.push(x)
same(seen, [1, 0])
seen = []
for await (const x of later(2)) { seen.push(x); break }
same(seen, [1, 'closing', 'closed'])
seen = []
outer: for (const y of iterate(1, 2)) for await (const x of later(2)) { seen.push(y); continue outer }
same(seen, [1, 'closing', 'closed', 2, 'closing', 'closed'])
seen = []
equal(await (async () => { for await (const x of later(2)) return x })(), 1)
same(seen, ['closing', 'closed'])
async function* asyncPattern() { for (const [a, b = yield a] of iterate([1], [2])) yield b }
{
  seen = []
  const g = asyncPattern()
  equal((await g.next()).value, 1)
  same(await g.return(5), { value: 5, done: true })
  same(seen, ['closed'])
}

// Spreads
same({ ...'ab' }, { 0: 'a', 1: 'b' })
same({ ...'é😀' }, { 0: 'é', 1: '\ud83d', 2: '\ude00' })
same({ a: 1, ...null, ...5, ...true, ...1n, ...Symbol(), ...undefined }, { a: 1 })
same({ ...('x' + 'y'.repeat(2)) }, { 0: 'x', 1: 'y', 2: 'y' })
same({ ...new String('xy') }, { 0: 'x', 1: 'y' })
{
  const { 0: first, length, ...rest } = 'abc'
  same([first, length, rest], ['a', 3, { 1: 'b', 2: 'c' }])
}
same(Object.assign({}, 'ab', 1, [3]), { 0: 3, 1: 'b' })

// Proxies
for (const keys of [0, 'ab', true, null, undefined, 1n]) {
  throws(() => Reflect.ownKeys(new Proxy({}, { ownKeys: () => keys })), 'TypeError')
}
const fixed = Object.defineProperty({}, 'a', { value: 1 })
throws(() => Object.getOwnPropertyDescriptor(new Proxy(fixed, { getOwnPropertyDescriptor: () => ({ value: 2 }) }), 'a'), 'TypeError')
equal(Object.getOwnPropertyDescriptor(new Proxy(fixed, { getOwnPropertyDescriptor: () => ({ value: 1 }) }), 'a').value, 1)
throws(() => { new Proxy({ a: 1 }, { defineProperty: () => false }).a = 2 }, 'TypeError')
equal(Object.isFrozen(new Proxy({}, { ownKeys: () => { throw new Error('asked') } })), false)

// A comparator that changes what it sorts
{
  const a = [3, 1, 2]
  same(a.sort((x, y) => { a.length = 0; return x - y }), [1, 2, 3])
  const b = [1, 2, 3]
  same(b.sort((x, y) => { b.length = 0; return x - y }), [1, 2, 3])
  const c = [1, 2, 3]
  same(c.toSorted((x, y) => { c.length = 0; return y - x }), [3, 2, 1])
  same(c, [])
  const t = Uint8Array.of(3, 1, 2)
  same([...t.sort((x, y) => { t.fill(9); return x - y })], [1, 2, 3])
  const d = Float64Array.of(3, 1, 2)
  equal(d.sort((x, y) => { if (d.length > 0) structuredClone(d.buffer, { transfer: [d.buffer] }); return x - y }).length, 0)
  assert(throws(() => Uint8Array.of(2, 1).sort(() => { throw new RangeError('mine') }), 'RangeError').message === 'mine')
}

// Attributes of HTML methods may be anything (patch 0072).
equal(''.anchor(), '<a name="undefined"></a>')
equal('a'.link(null), '<a href="null">a</a>')
equal('a'.fontcolor('"'), '<font color="&quot;">a</font>')

// Templates call nothing that a program may replace, under a name that it can't see.
{
  const { concat } = String.prototype
  String.prototype.concat = () => 'replaced'
  const whole = `a${1}b${'c'}`
  delete String.prototype.concat
  const again = `${whole}${[2]}`
  String.prototype.concat = concat
  equal(whole, 'a1bc')
  equal(again, 'a1bc2')
  throws(() => `${Symbol('s')}`, 'TypeError')
  assert(Reflect.ownKeys(String.prototype).every((key) => typeof key === 'string' || key === Symbol.iterator))
  class Sub extends String { #x = 1; has() { return #x in this } }
  assert(new Sub('a').has() && `${new Sub('b')}` === 'b')
}
