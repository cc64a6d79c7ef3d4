// What exists when the init phase ends is frozen: a request changes all kinds of
// it, and the engine writes to none of its names, shapes and code. A write
// would be a fault, and the answer 500.
const { is } = Object
const show = JSON.stringify
function equal(actual, expected) {
  if (!is(actual, expected)) throw new Error(`${show(expected)}, not ${show(actual)}`)
}
const same = (actual, expected) => equal(show(actual), show(expected))
function throws(run, name) {
  try {
    run()
  } catch (error) {
    return equal(error.name, name)
  }
  throw new Error(`${name} was not thrown`)
}

class Base {
  #secret = 1
  static count = 0
  get secret() { return this.#secret }
  set secret(value) { this.#secret = value }
  static { this.made = 'block' }
}
class Derived extends Base { other = 2 }
const plain = { a: 1, b: 2, c: 3 }
const many = {}
for (let i = 0; i < 40; i++) many['m' + i] = i
const accessors = { get x() { return 1 }, set x(value) {} }
const own = Symbol('own')
const shared = Symbol.for('engine_frozen shared')
const symbols = new Map([[own, 1], [shared, 2], [Symbol.iterator, 3]])
const weak = new WeakMap([[own, 'weak']])
const reference = new WeakRef(own)
const registry = new FinalizationRegistry(() => {})
const tag = (strings) => strings
const template = () => tag`one${1}two`
const first = template()
const array = [1, 2, 3]
const closures = []
for (let i = 0; i < 10; i++) closures.push(() => i)
const text = 'not-an-identifier key'
const keyed = { [text]: 1, 7: 'seven', '08': 'eight' }
const generator = (function* () { yield 1; yield 2 })()
generator.next()
const proxied = new Proxy({ p: 1 }, {})
const noProto = Object.create(null, { n: { value: 1, configurable: true } })

// Shapes that are shared, of one object alone, of builtins.
function shapes() {
  plain.d = 4
  delete plain.a
  same(plain, { b: 2, c: 3, d: 4 })
  Object.defineProperty(plain, 'b', { enumerable: false })
  same(Object.keys(plain), ['c', 'd'])
  for (let i = 0; i < 40; i += 2) delete many['m' + i]
  same(Object.keys(many).length, 20)
  many.added = 1
  Object.defineProperty(accessors, 'x', { value: 5 })
  equal(accessors.x, 5)
  Object.setPrototypeOf(noProto, { inherited: 9 })
  equal(noProto.inherited, 9)
  delete noProto.n
  equal(noProto.n, undefined)
  Object.freeze(array)
  throws(() => { array.push(4) }, 'TypeError')
  proxied.q = 2
  same(Object.keys(proxied), ['p', 'q'])
  const twin = { a: 1, b: 2, c: 3 }
  twin.d = 4
  same(twin, { a: 1, b: 2, c: 3, d: 4 })
}

function builtins() {
  Array.prototype.extra = function () { return this.length }
  equal([1, 2].extra(), 2)
  delete Array.prototype.extra
  const { at } = String.prototype
  delete String.prototype.at
  equal(''.at, undefined)
  String.prototype.at = at
  equal('ab'.at(1), 'b')
  Object.defineProperty(Math, 'PIE', { get: () => 3, configurable: true })
  equal(Math.PIE, 3)
  delete Math.PIE
  globalThis.engineFrozen = 1
  equal(engineFrozen, 1)
  delete globalThis.engineFrozen
  // Made when they are read first.
  for (const of of [Map, Set, Date, Promise, RegExp, Reflect, JSON, Number]) {
    for (const name of Reflect.ownKeys(of)) void of[name]
    for (const name of Reflect.ownKeys(of.prototype ?? {})) {
      Reflect.getOwnPropertyDescriptor(of.prototype, name)
    }
  }
}

function classes() {
  class Later extends Derived { third = 3 }
  const object = new Later()
  object.secret += 4
  same([object.secret, object.other, object.third], [5, 2, 3])
  Base.prototype.added = () => 'added'
  equal(object.added(), 'added')
  delete Base.prototype.added
  Base.count++
  Object.defineProperty(Derived, 'name', { value: 'Renamed' })
  equal(Derived.name, 'Renamed')
}

function names() {
  equal(keyed[text], 1)
  equal(keyed['not-an' + '-identifier key'], 1)
  same([keyed[7], keyed['08']], ['seven', 'eight'])
  // More than the table of names has room for: it grows.
  const bag = {}
  for (let i = 0; i < 300; i++) bag['name' + i] = i
  for (let i = 0; i < 300; i += 3) delete bag['name' + i]
  equal(bag.name297, undefined)
  equal(bag.name298, 298)
  equal(bag['name' + 1], 1)
  equal(plain.c, 3)
  let grown = text
  for (let i = 0; i < 100; i++) grown += 'x'
  equal(grown.length, text.length + 100)
  equal(text.length, 21)
}

// More shapes than their table has room for.
function manyShapes() {
  const objects = []
  for (let i = 0; i < 150; i++) {
    const object = Object.create({ i })
    object['p' + i % 50] = i
    object.q = i
    objects.push(object)
  }
  equal(objects[149].q, 149)
  objects.length = 10
  equal(Object.create({}).q, undefined)
  same({ a: 1, b: 2, c: 3 }, { a: 1, b: 2, c: 3 })
}

function keys() {
  same([symbols.get(own), symbols.get(shared), symbols.get(Symbol.iterator)],
    [1, 2, 3])
  symbols.set(Symbol('new'), 4).delete(own)
  equal(symbols.has(own), false)
  symbols.set(own, 5)
  equal(symbols.get(own), 5)
  equal(Symbol.for('engine_frozen shared'), shared)
  equal(weak.get(own), 'weak')
  equal(reference.deref(), own)
  const again = new WeakRef(own)
  equal(again.deref(), own)
  registry.register(own, 1, own)
  equal(registry.unregister(own), true)
  weak.delete(own)
  weak.set(own, 'again')
  const set = new WeakSet([own])
  equal(set.has(own), true)
  equal(own.toString() + own.description, 'Symbol(own)own')
  same({ [own]: 1 }[own], 1)
}

function code() {
  equal(template(), first)
  equal(first.raw[1], 'two')
  same(closures.map((f) => f()), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  const cycle = () => cycle
  cycle.self = cycle
  for (let i = 0; i < 300; i++) {
    const inner = function () { return inner }
    inner.inner = { inner }
  }
  equal(eval('((x) => x + closures.length)(1)'), 11)
  equal(new Function('a', 'return a * 2')(4), 8)
  equal(generator.next().value, 2)
  equal(generator.next().done, true)
  const bound = template.bind(null)
  equal(bound(), first)
  try { null.x } catch (error) { equal(error.constructor, TypeError) }
}

// Enough garbage for some collections; on a device for one.
function garbage(context) {
  const rounds = context.memoryLimitInMB < 1 ? 200 : 2000
  for (let i = 0; i < rounds; i++) {
    const a = { i }
    a.b = { a, f: () => a }
  }
}

// By path: a device has not enough memory for all of them in one request.
const runs = {
  '/': [shapes, builtins, classes, names],
  '/more': [manyShapes, keys],
  '/code': [code],
  '/garbage': [garbage],
}
export const handler = (event, context) => runs[event.path].map((run) => {
  try {
    run(context)
    return `${run.name}: ok`
  } catch (error) {
    return `${run.name}: ${error.message}`
  }
})
