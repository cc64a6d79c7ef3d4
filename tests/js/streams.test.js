// Streams, from the library, and those that convert text.
import { assert, equal, same, throws } from './assert.js'

async function rejects(promise, name) {
  let error
  try {
    await promise
  } catch (e) {
    error = e
  }
  equal(error?.name, name)
  return error
}
async function all(stream) {
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

for (const name of [
  'ByteLengthQueuingStrategy', 'CountQueuingStrategy', 'ReadableByteStreamController', 'ReadableStream',
  'ReadableStreamBYOBReader', 'ReadableStreamBYOBRequest', 'ReadableStreamDefaultController',
  'ReadableStreamDefaultReader', 'TextDecoderStream', 'TextEncoderStream', 'TransformStream',
  'TransformStreamDefaultController', 'WritableStream', 'WritableStreamDefaultController', 'WritableStreamDefaultWriter',
]) {
  equal(typeof globalThis[name], 'function', name)
  equal(globalThis[name].name, name)
  equal(Object.getOwnPropertyDescriptor(globalThis, name).enumerable, false)
}

// reading
let pulls = 0
const counted = new ReadableStream({
  pull(controller) {
    controller.enqueue(++pulls)
    if (pulls === 3) controller.close()
  },
})
same(await all(counted), [1, 2, 3])
same(await all(ReadableStream.from(['a', 'b'])), ['a', 'b'])
const [one, two] = ReadableStream.from([1, 2]).tee()
same([await all(one), await all(two)], [[1, 2], [1, 2]])
const locked = new ReadableStream()
locked.getReader()
assert(locked.locked)
throws(() => locked.getReader(), 'TypeError')
await rejects(locked.cancel(), 'TypeError')
const failing = new ReadableStream({ pull() { throw new RangeError('from pull') } })
await rejects(all(failing), 'RangeError')

// bytes
const bytes = new ReadableStream({
  type: 'bytes',
  pull(controller) {
    const { view } = controller.byobRequest
    view[0] = 7
    controller.byobRequest.respond(1)
  },
})
const byob = bytes.getReader({ mode: 'byob' })
const { value, done } = await byob.read(new Uint8Array(4))
same([[...value], done], [[7], false])

// writing, piping, transforming
const written = []
const sink = new WritableStream({ write(chunk) { written.push(chunk) }, close() { written.push('closed') } })
const upper = new TransformStream({ transform(chunk, controller) { controller.enqueue(chunk.toUpperCase()) } })
await ReadableStream.from(['x', 'y']).pipeThrough(upper).pipeTo(sink)
same(written, ['X', 'Y', 'closed'])
const writer = new WritableStream({ write() { throw new TypeError('no') } }).getWriter()
await rejects(writer.write(1), 'TypeError')
await rejects(writer.closed, 'TypeError')
const stop = new AbortController()
const piping = new ReadableStream().pipeTo(new WritableStream(), { signal: stop.signal })
stop.abort()
assert(await rejects(piping, 'AbortError') instanceof DOMException)
equal(new CountQueuingStrategy({ highWaterMark: 3 }).highWaterMark, 3)
equal(new ByteLengthQueuingStrategy({ highWaterMark: 3 }).size(new Uint8Array(5)), 5)

// text
const encoded = await all(ReadableStream.from(['a', '\ud83d', '\ude00', '\ud800']).pipeThrough(new TextEncoderStream()))
same(encoded.map((chunk) => [...chunk]), [[97], [240, 159, 152, 128], [239, 191, 189]])
const source = new TextEncoder().encode('a€b')
const decoded = ReadableStream.from([source.subarray(0, 2), source.subarray(2)]).pipeThrough(new TextDecoderStream())
equal((await all(decoded)).join(''), 'a€b')
equal(new TextDecoderStream('utf-16le', { fatal: true }).fatal, true)
throws(() => new TextDecoderStream('no such'), 'RangeError')
await rejects(all(ReadableStream.from([new Uint8Array([255])]).pipeThrough(new TextDecoderStream('utf-8', { fatal: true }))), 'TypeError')

throws(() => structuredClone(new ReadableStream()), 'DataCloneError')

// The clone of a body has chunks of its own.
{
  const response = new Response(new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array([1, 2]))
      controller.close()
    },
  }))
  const clone = response.clone()
  const { value } = await response.body.getReader().read()
  value[0] = 9
  same([...await clone.bytes()], [1, 2])
}

// The port of these tests has no compression; tests/blackbox has those with one.
throws(() => new CompressionStream('gzip'), 'NotSupportedError')
throws(() => new DecompressionStream('deflate-raw'), 'NotSupportedError')
throws(() => new CompressionStream('br'), 'TypeError')
throws(() => new CompressionStream(), 'TypeError')
