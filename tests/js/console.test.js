// The texts are Node's, where nothing else is said.
import { assert, equal } from './assert.js'

const log = (...all) => (console.log(...all), __lastLog())
const is = (value, text) => equal(log(value), text)

// Primitives
is('text', 'text')
is(-0, '-0')
is(10n, '10n')
is(undefined, 'undefined')
is(Symbol('s'), 'Symbol(s)')
equal(log(), '')
equal(log('a', 1, null, 'b'), 'a 1 null b')
is('\ud800', '\ufffd')
is(['\ud800'], "[ '\\ud800' ]")
is(["it's", 'a"b\'c', '\n\t\x00\x7f\\'], "[ \"it's\", `a\"b'c`, '\\n\\t\\x00\\x7F\\\\' ]")

// Format
equal(log('%s is %d and %i and %f', 'x', 1.5, '42.9px', '3.14px'), 'x is 1.5 and 42 and 3.14')
equal(log('%j %o %O%c.', { a: ['q', undefined, null], f() {} }, [1], { b: 2 }, 'css'), '{"a":["q",null,null]} [ 1 ] { b: 2 }.')
equal(log('%% %x %s'), '%% %x %s')
equal(log('%% %x %s', 1), '% %x 1')
equal(log('%s', 'a', 'b', { c: 1 }), 'a b { c: 1 }')
equal(log('%d %d %d', '0x10', {}, 5n), '16 NaN 5n')
equal(log('%i', 1e21), '1e+21')
equal(log('%s %s %s', null, -0, Symbol('s')), 'null -0 Symbol(s)')
equal(log('100%', 1), '100% 1')

// Objects
is({}, '{}')
is([], '[]')
is({ a: 1, 'b-c': 'x', [Symbol('s')]: null }, "{ a: 1, 'b-c': 'x', [Symbol(s)]: null }")
is({ a: { b: { c: { d: 1 } } } }, '{ a: { b: { c: [Object] } } }')
is([[[[1]]]], '[ [ [ [Array] ] ] ]')
is([1, , 3, , ,], '[ 1, <1 empty item>, 3, <2 empty items> ]')
is(Object.assign([1], { k: 'v' }), "[ 1, k: 'v' ]")
is(Object.create(null), '[Object: null prototype] {}')
class Foo { x = 1 }
class Bar extends Foo { get y() { return 1 } }
is(new Bar(), 'Bar { x: 1 }')
is(Foo, '[class Foo]')
is(Bar, '[class Bar extends Foo]')
is([function f() {}, () => {}, async () => {}, function* g() {}, Map],
  '[\n  [Function: f],\n  [Function (anonymous)],\n  [AsyncFunction (anonymous)],\n  [GeneratorFunction: g],\n  [Function: Map]\n]')
const cycle = { name: 'c' }
cycle.self = [cycle]
is(cycle, "{ name: 'c', self: [ [Circular] ] }")
is({ get a() { throw 1 }, set b(v) {}, get c() { return 1 }, set c(v) {} }, '{ a: [Getter], b: [Setter], c: [Getter/Setter] }')
is({ long1: 'a'.repeat(30), long2: 'b'.repeat(30) }, `{\n  long1: '${'a'.repeat(30)}',\n  long2: '${'b'.repeat(30)}'\n}`)

// Builtins
is(new Map([[1, { a: 2 }]]), 'Map(1) { 1 => { a: 2 } }')
is(new Set(['x']), "Set(1) { 'x' }")
is([new Date(0), new Date(NaN)], '[ 1970-01-01T00:00:00.000Z, Invalid Date ]')
is(/a\/b/gi, '/a\\/b/gi')
is(new Uint8Array([1, 2]), 'Uint8Array(2) [ 1, 2 ]')
is(new ArrayBuffer(2), 'ArrayBuffer { [Uint8Contents]: <00 00>, byteLength: 2 }')
is([Object(1), Object('s'), Object(false), Object(1n)], "[ [Number: 1], [String: 's'], [Boolean: false], [BigInt: 1n] ]")
is([Promise.resolve(1), new Promise(() => {})], '[ Promise { 1 }, Promise { <pending> } ]')
is(new WeakMap(), 'WeakMap { <items unknown> }')
is(Math, 'Object [Math] {}')
assert(log(Array.from({ length: 150 }, (_, i) => i)).endsWith('98, 99,\n  ... 50 more items\n]'))
assert(log(new Set(Array(120).keys())).endsWith('... 20 more items\n}'))
is(Object.assign([], { length: 4294967295 }).length, '4294967295')
assert(log(new Array(4294967295)).includes('more items'))

// Errors
const lines = (value) => log(value).split('\n')
equal(lines(new TypeError('bad'))[0], 'TypeError: bad')
assert(lines(new TypeError('bad'))[1].startsWith('    at '))
equal(lines(class extends Error {} && new (class Mine extends Error {})('m'))[0], 'Mine: m')
const caused = log(Object.assign(new Error('outer', { cause: new RangeError('inner') }), { code: 'E1' }))
assert(/^Error: outer\n    at .* \{\n  code: 'E1',\n  \[cause\]: RangeError: inner\n      at /.test(caused), caused)
let chain = new Error('0')
for (let i = 1; i < 100; i++) chain = new Error(String(i), { cause: chain })
assert(log(chain).length < 8192)
const bare = new Error('bare')
delete bare.stack
is(bare, '[Error: bare]')
is({ e: bare }, '{ e: [Error: bare] }')
assert(log(new AggregateError([bare], 'all')).includes('[errors]: [ [Error: bare] ]'))

// No code of the handler's runs.
const bomb = () => { throw new Error('user code ran') }
const traps = new Proxy({}, { get: () => bomb })
const never = {
  toString: bomb, valueOf: bomb, toJSON: bomb, [Symbol.toPrimitive]: bomb,
  get [Symbol.toStringTag]() { return bomb() }, get constructor() { return bomb() },
  proxy: new Proxy({}, traps), func: new Proxy(bomb, traps),
}
assert(log(never).includes('[Proxy]'))
log('%s %d %i %f %j %o %O', never, never, never, never, never, never, never)
log(Object.create(new Proxy({}, traps)))
const evil = new Error('e')
for (const key of ['name', 'message', 'stack', 'cause', 'errors']) Object.defineProperty(evil, key, { get: bomb })
is(evil, '[Error]')
log(Object.defineProperty(function () {}, 'name', { get: bomb }))
log(Object.defineProperty(/x/g, 'flags', { get: bomb }), Object.assign(new Date(0), { toISOString: bomb }))
log(Object.assign(new Map([[1, 2]]), { entries: bomb, [Symbol.iterator]: bomb }))

// Lines have an end.
const long = log('x'.repeat(10000))
assert(long.endsWith('x… (1808 more bytes)'), long.slice(-40))
assert(log('é'.repeat(10000), 'more').endsWith('é… (11813 more bytes)'))
assert(log(Array(90).fill('y'.repeat(1000))).includes('more bytes)'))

// What error reports use.
equal(__inspect('plain'), 'plain')
equal(__inspect({ a: 'x' }), "{ a: 'x' }")
equal(__inspect(undefined), 'undefined')
assert(__inspect(new SyntaxError('s')).startsWith('SyntaxError: s\n    at '))

// URLs (Node lists the parts of a URL as well)
is(new URL('/b?c=1', 'http://a'), "URL { href: 'http://a/b?c=1' }")
is({ u: new URL('http://a') }, "{ u: URL { href: 'http://a/' } }")
is(new URLSearchParams(), 'URLSearchParams {}')
is(new URLSearchParams('a=1&b=%20&a=\n'), "URLSearchParams { 'a' => '1', 'b' => ' ', 'a' => '\\n' }")
is([new URL('http://a?q=x').searchParams], "[ URLSearchParams { 'q' => 'x' } ]")
is(Object.assign(new URLSearchParams('a=1'), { own: 2 }), "URLSearchParams { 'a' => '1', own: 2 }")
is(Object.create(URL.prototype), 'URL {}')

// What needs an inspector does nothing.
for (const name of ['profile', 'profileEnd', 'timeStamp']) {
  const before = log('before')
  equal(console[name]('label'), undefined)
  equal(__lastLog(), before)
}

// Globals in JavaScript
is(new Blob(['abc'], { type: 'a/b' }), "Blob { size: 3, type: 'a/b' }")
is([new File(['x'], 'n.txt', { lastModified: 3 })], "[ File { size: 1, type: '', name: 'n.txt', lastModified: 3 } ]")
is({ a: { b: { c: new Blob([]) } } }, '{ a: { b: { c: [Blob] } } }')
const form = new FormData()
is(form, 'FormData {}')
form.append('a', '1')
form.append('__proto__', 'p')
form.append('a', '2')
is(form, "FormData { a: [ '1', '2' ], __proto__: 'p' }")
is(new AbortController(), 'AbortController { signal: AbortSignal { aborted: false } }')
is(AbortSignal.abort(), 'AbortSignal { aborted: true }')
const event = new Event('x', { cancelable: true })
is(event, `Event {\n  type: 'x',\n  defaultPrevented: false,\n  cancelable: true,\n  timeStamp: ${event.timeStamp}\n}`)
assert(log(new CustomEvent('c')).startsWith("CustomEvent {\n  type: 'c',"))
is(new EventTarget(), 'EventTarget {}')
assert(log(new URLPattern({ pathname: '/:a(x)' })).endsWith("\n  pathname: '/:a(x)',\n  search: '*',\n  hash: '*',\n  hasRegExpGroups: true\n}"))
assert(log(new DOMException('m', 'AbortError')).startsWith('DOMException [AbortError]: m\n    at '))
is(new ReadableStream(), "ReadableStream { locked: false, state: 'readable', supportsBYOB: false }")
is(new Blob(['x']).stream(), "ReadableStream { locked: false, state: 'readable', supportsBYOB: true }")
is(new WritableStream(), "WritableStream { locked: false, state: 'writable' }")
assert(log(new TransformStream()).startsWith("TransformStream {\n  readable: ReadableStream {\n"))
is(new Headers({ B: '1', a: '2' }), "Headers { a: '2', b: '1' }")
is(new Request('http://h/x', { method: 'POST', body: 'b' }), "Request {\n  method: 'POST',\n  url: 'http://h/x',\n  headers: Headers { 'content-type': 'text/plain;charset=UTF-8' },\n  bodyUsed: false\n}")
is(new Response(null, { status: 404 }), "Response {\n  status: 404,\n  statusText: '',\n  headers: Headers {},\n  bodyUsed: false,\n  ok: false,\n  type: 'default'\n}")
is(Object.create(Headers.prototype), 'Headers {}')
// What only has the prototype is none, and nothing of the handler's runs.
is(Object.create(Blob.prototype), 'Blob {}')
is(Object.create(URLPattern.prototype), 'URLPattern {}')
const trap = new Proxy({}, { getPrototypeOf() { throw new Error("trap") } })
is(Object.assign(Object.create(trap), { _readableStreamController: 1 }), "[Object: null prototype] { _readableStreamController: 1 }")
class Spy extends Blob { get size() { throw new Error('size') } }
is(new Spy(['x']), "Spy [Blob] { size: 1, type: '' }")
Object.defineProperty(Event.prototype, 'type', { get() { throw new Error('type') } })
assert(log(event).includes("type: 'x'"))
