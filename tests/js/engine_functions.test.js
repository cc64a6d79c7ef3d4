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
