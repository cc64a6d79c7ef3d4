// Event, CustomEvent, EventTarget, AbortController, AbortSignal, DOMException and
// what else is loaded when it is touched.
import { assert, equal, same, throws } from './assert.js'

// Untouched, a global looks as any other.
const names = [
  'AbortController', 'AbortSignal', 'CustomEvent', 'DOMException', 'ErrorEvent', 'Event', 'EventTarget',
  'MessageEvent', 'Navigator', 'PromiseRejectionEvent', 'navigator', 'reportError',
]
for (const name of names) {
  assert(name in globalThis && !Object.keys(globalThis).includes(name), name)
  const { value, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(globalThis, name)
  assert(value === globalThis[name] && writable && !enumerable && configurable, name)
}
equal(typeof Event, 'function')
equal(self, globalThis)
equal(Event.length, 1)
equal(Object.getPrototypeOf(CustomEvent), Event)
equal(Object.prototype.toString.call(new Event('a')), '[object Event]')

// events
const target = new EventTarget()
const seen = []
const listener = (event) => seen.push([event.type, event.eventPhase, event.target === target, event.currentTarget === target])
target.addEventListener('a', listener)
target.addEventListener('a', listener)
target.addEventListener('a', { handleEvent(event) { seen.push(['object', this !== target, event.composedPath().length]) } }, { once: true })
equal(target.dispatchEvent(new Event('a')), true)
target.dispatchEvent(new Event('a'))
same(seen, [['a', 2, true, true], ['object', true, 1], ['a', 2, true, true]])
target.removeEventListener('a', listener)
target.dispatchEvent(new Event('a'))
equal(seen.length, 3)

const event = new Event('b', { cancelable: true, bubbles: true, composed: true })
assert(event.cancelable && event.bubbles && event.composed && !event.isTrusted && event.timeStamp >= 0)
same(Object.getOwnPropertyNames(event), ['isTrusted'])
target.addEventListener('b', (e) => e.preventDefault(), { passive: true })
equal(target.dispatchEvent(event), true)
target.addEventListener('b', (e) => e.preventDefault())
equal(target.dispatchEvent(event), false)
assert(event.defaultPrevented && !event.returnValue)
equal(event.eventPhase, 0)
equal(event.currentTarget, null)
equal(event.target, target)

const order = []
target.addEventListener('c', () => order.push('bubble'))
target.addEventListener('c', () => order.push('capture'), true)
target.addEventListener('c', (e) => { order.push('stop'); e.stopImmediatePropagation() })
target.addEventListener('c', () => order.push('never'))
target.dispatchEvent(new Event('c'))
same(order, ['capture', 'bubble', 'stop'])

// One that throws is reported; the others are called.
let called = false
target.addEventListener('d', () => { throw new RangeError('in a listener') })
target.addEventListener('d', () => { called = true })
target.dispatchEvent(new Event('d'))
assert(called && __lastLog().includes('RangeError: in a listener'), __lastLog())
reportError(new TypeError('reported'))
assert(__lastLog().includes('TypeError: reported'), __lastLog())

throws(() => new Event(), 'TypeError')
throws(() => Event('x'), 'TypeError')
throws(() => target.dispatchEvent({}), 'TypeError')
throws(() => target.addEventListener('x', 1), 'TypeError')
throws(() => Event.prototype.type, 'TypeError')
throws(() => EventTarget.prototype.addEventListener.call({}, 'a', null), 'TypeError')
const again = new Event('again')
target.addEventListener('again', () => throws(() => target.dispatchEvent(again), 'InvalidStateError', 11))
target.dispatchEvent(again)

equal(new CustomEvent('x', { detail: 7 }).detail, 7)
equal(new CustomEvent('x').detail, null)
equal(new ErrorEvent('error', { message: 'm', lineno: 3 }).lineno, 3)
equal(new PromiseRejectionEvent('x', { promise: Promise.resolve(), reason: 4 }).reason, 4)
equal(new MessageEvent('message', { data: 5 }).data, 5)
class Mine extends EventTarget {}
const mine = new Mine()
mine.addEventListener('x', (e) => equal(e.target, mine))
mine.dispatchEvent(new Event('x'))

// abort
const controller = new AbortController()
const { signal } = controller
equal(signal.aborted, false)
signal.throwIfAborted()
const aborts = []
signal.onabort = function (e) { aborts.push(e.type, this === signal, e.isTrusted) }
signal.addEventListener('abort', () => aborts.push('second'))
target.addEventListener('e', () => aborts.push('not removed'), { signal })
const both = AbortSignal.any([signal, new AbortController().signal])
controller.abort()
controller.abort('again')
same(aborts, ['abort', true, true, 'second'])
target.dispatchEvent(new Event('e'))
equal(aborts.length, 4)
assert(both.aborted && both.reason === signal.reason)
equal(signal.reason.name, 'AbortError')
throws(() => signal.throwIfAborted(), 'AbortError', 20)
const why = {}
equal(AbortSignal.abort(why).reason, why)
throws(() => new AbortSignal(), 'TypeError')
throws(() => AbortSignal.any([{}]), 'TypeError')
throws(() => AbortSignal.timeout(-1), 'TypeError')
const timed = AbortSignal.timeout(5)
await new Promise((resolve) => { timed.onabort = resolve })
equal(timed.reason.name, 'TimeoutError')
equal(timed.reason.code, 23)

// DOMException
const error = new DOMException('text', 'DataCloneError')
assert(error instanceof Error && error instanceof DOMException)
same([error.name, error.message, error.code, String(error)], ['DataCloneError', 'text', 25, 'DataCloneError: text'])
same([new DOMException().name, new DOMException().message, new DOMException().code], ['Error', '', 0])
same(Object.getOwnPropertyNames(error), ['stack'])
equal(DOMException.TIMEOUT_ERR, 23)
equal(Object.prototype.toString.call(error), '[object DOMException]')
equal(Object.getPrototypeOf(DOMException), Function.prototype)
throws(() => DOMException('x'), 'TypeError')
throws(() => DOMException.prototype.name, 'TypeError')
class Sub extends DOMException {}
assert(new Sub('m', 'AbortError') instanceof Sub && new Sub('m', 'AbortError').code === 20)
assert(throws(() => atob('*'), 'InvalidCharacterError', 5) instanceof DOMException)
assert(__inspect(error).startsWith('DOMException [DataCloneError]: text\n    at '), __inspect(error))
const copy = structuredClone(error)
assert(copy instanceof DOMException && copy !== error && copy.code === 25 && copy.message === 'text' && copy.stack === error.stack)
throws(() => structuredClone(new Event('x')), 'DataCloneError', 25)
throws(() => structuredClone({ signal }), 'DataCloneError', 25)
equal(typeof navigator.userAgent, 'string')
equal(navigator instanceof Navigator, true)

// Assigned, a global is the handler's.
globalThis.CustomEvent = 1
equal(CustomEvent, 1)

// MessageChannel
const channel = new MessageChannel()
const got = []
channel.port2.postMessage({ a: [1] })
await new Promise((resolve) => {
  channel.port1.onmessage = ({ data }) => {
    got.push(data)
    resolve()
  }
})
same(got, [{ a: [1] }])
channel.port1.close()
channel.port2.postMessage(1)
throws(() => channel.port2.postMessage(channel, [channel.port1]), 'DataCloneError')
throws(() => new MessagePort(), 'TypeError')

// URLPattern
const pattern = new URLPattern({ pathname: '/books/:id(\\d+)' })
equal(pattern.test('https://a.example/books/12'), true)
equal(pattern.test('https://a.example/books/x'), false)
equal(pattern.exec({ pathname: '/books/12' }).pathname.groups.id, '12')
equal(URLPattern.name, 'URLPattern')
throws(() => new URLPattern({ pathname: '/(' }), 'TypeError')
// What is no host name was taken for "example.com".
throws(() => new URLPattern({ hostname: 'caf\u00e9.com' }), 'TypeError')
throws(() => new URLPattern({ hostname: 'a\\:b' }), 'TypeError')
equal(new URLPattern({ hostname: 'A.example/path' }).hostname, 'a.example')
equal(new URLPattern({ hostname: 'a.invalid' }).hostname, 'a.invalid')
equal(new URLPattern({ hostname: 'ba\td' }).hostname, 'bad')
equal(new URLPattern({ protocol: 'wss', port: '443' }).port, '')
assert(new URLPattern({ port: '80' }).test({ port: '8\t0x' }))
throws(() => new URLPattern({ port: '65536' }), 'TypeError')
throws(() => new URLPattern({ port: 'x' }), 'TypeError')
equal(new URLPattern({ pathname: '/:a>b' }).exec({ pathname: '/x>b' }).pathname.groups.a, 'x')
equal(new URLPattern({ pathname: '/:\u{20000}' }).exec({ pathname: '/b' }).pathname.groups['\u{20000}'], 'b')
