// The text of functions, and stacks that programs ask for.
import { assert, equal, same, throws } from './assert.js'

class Model { method() { return 1 } }
const add = (left, right) => left + right
equal(String(add), '(left, right) => left + right')
equal(String(Model), 'class Model { method() { return 1 } }')
equal(Model.prototype.method.toString(), 'method() { return 1 }')
equal(String(async function* named(ä) { yield 'ö' }), "async function* named(ä) { yield 'ö' }")
assert(/\[native code\]/.test(String(Math.max)))
assert(/\[native code\]/.test(String(add.bind(null))))
equal(String(new Function('a', 'return a')), 'function anonymous() {\n    [source not kept]\n}')
equal(String((0, eval)('(class Late {})')), 'class Late {\n    [source not kept]\n}')

class AppError extends Error {
  constructor(message) {
    super(message)
    Error.captureStackTrace(this, AppError)
  }
}
const make = () => new AppError('gone')
const error = make()
assert(/^ +at make \(/.test(error.stack), error.stack)
equal(error.message, 'gone')
const plain = {}
function capture() { Error.captureStackTrace(plain) }
capture()
assert(/^ +at capture /.test(plain.stack), plain.stack)
same(Object.keys(plain), [])
Error.captureStackTrace(plain, () => {})
equal(plain.stack, '')
throws(() => Error.captureStackTrace(1), 'TypeError')
throws(() => Error.captureStackTrace(Object.freeze({})), 'TypeError')

const lines = () => new Error('x').stack.trim().split('\n').length
const deep = (n) => n === 0 ? lines() : deep(n - 1) + 0
assert(deep(20) > 20)
Error.stackTraceLimit = 5
equal(deep(20), 5)
Error.stackTraceLimit = 0
equal(new Error('x').stack, '')
Error.stackTraceLimit = Infinity
assert(deep(20) > 20)
delete Error.stackTraceLimit
assert(deep(20) > 20)

// The names of getters and setters are made when somebody asks for them.
const getter = (object, name) => Object.getOwnPropertyDescriptor(object, name).get
const size = getter(Map.prototype, 'size')
const failed = throws(() => size.call({}), 'TypeError')
assert(/^ +at get size /.test(failed.stack), failed.stack)
same(Reflect.ownKeys(size), ['length', 'name'])
same(Object.getOwnPropertyDescriptor(size, 'name'),
  { value: 'get size', writable: false, enumerable: false, configurable: true })
equal(size.length, 0)
assert(/^ +at get size /.test(throws(() => size.call({}), 'TypeError').stack))
equal(getter(Set, Symbol.species).name, 'get [Symbol.species]')
equal(getter(RegExp.prototype, 'flags').name, 'get flags')
equal(String(getter(Set.prototype, 'size')), 'function get size() {\n    [native code]\n}')
const proto = Object.getOwnPropertyDescriptor(Object.prototype, '__proto__')
same([proto.get.name, proto.set.name, proto.set.length], ['get __proto__', 'set __proto__', 1])
const href = Object.getOwnPropertyDescriptor(URL.prototype, 'href')
same([href.set.name, href.get.name], ['set href', 'get href'])
equal(getter(URL.prototype, 'port').bind(null).name, 'bound get port')
const host = getter(URL.prototype, 'host')
assert(delete host.name)
equal(host.name, '')
assert(!Object.hasOwn(host, 'name'))
const hash = getter(URL.prototype, 'hash')
Object.defineProperty(hash, 'name', { value: 'other' })
equal(hash.name, 'other')
