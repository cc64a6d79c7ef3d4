// Streams (WHATWG Streams) from the npm package web-streams-polyfill, the
// streams that convert text (Encoding section 7.5), and what the core asks of a
// stream.
(function (host) {
  'use strict'
  const { apply, defineProperty, ownKeys, setPrototypeOf } = host.taken
  const { getOwnPropertyDescriptor } = Object
  const { inherits, shape } = host
  const library = {}
  function AbortController() {
    return new (host.load('abort').AbortController)()
  }
  host.load('streams_library')(library, {}, { DOMException: host.load('exception').DOMException }, undefined, undefined, AbortController)
  const {
    ReadableStream, ReadableStreamDefaultController, ReadableByteStreamController, ReadableStreamBYOBRequest,
    ReadableStreamDefaultReader, ReadableStreamBYOBReader, WritableStream, WritableStreamDefaultController,
    WritableStreamDefaultWriter, ByteLengthQueuingStrategy, CountQueuingStrategy, TransformStream,
    TransformStreamDefaultController,
  } = library
  const { getReader, cancel, tee } = ReadableStream.prototype
  const { read, releaseLock } = ReadableStreamDefaultReader.prototype
  const cancelReader = ReadableStreamDefaultReader.prototype.cancel
  const { decode } = TextDecoder.prototype
  const { enqueue } = TransformStreamDefaultController.prototype
  const then = Promise.prototype.then
  const owns = Object.prototype.hasOwnProperty
  const is = (Class, name) => (value) =>
    inherits(value, Class.prototype) && apply(owns, value, [name])
  const isStream = is(ReadableStream, '_readableStreamController')

  class TextEncoderStream {
    #transform
    #high = '' // the first half of a pair of surrogates
    constructor() {
      this.#transform = new TransformStream({
        transform: (chunk, controller) => {
          let text = this.#high + `${chunk}`
          this.#high = ''
          const last = text.length > 0 ? text[text.length - 1] : ''
          if (last >= '\ud800' && last <= '\udbff') {
            this.#high = last
            text = text.slice(0, -1)
          }
          if (text !== '') apply(enqueue, controller, [host.encode(text)])
        },
        flush: (controller) => {
          if (this.#high !== '') apply(enqueue, controller, [host.encode('\ufffd')])
        },
      })
    }
    get encoding() { return 'utf-8' }
    get readable() { return this.#transform.readable }
    get writable() { return this.#transform.writable }
  }
  shape(TextEncoderStream, 'TextEncoderStream')

  class TextDecoderStream {
    #decoder
    #transform
    constructor(label = 'utf-8', options = undefined) {
      const decoder = host.decoder(label, host.dictionary(options, 'options'))
      this.#decoder = decoder
      this.#transform = new TransformStream({
        transform(chunk, controller) {
          if (chunk === undefined) throw new TypeError('a chunk must be an ArrayBuffer or a view')
          const text = apply(decode, decoder, [chunk, { __proto__: null, stream: true }])
          if (text !== '') apply(enqueue, controller, [text])
        },
        flush(controller) {
          const text = apply(decode, decoder, [])
          if (text !== '') apply(enqueue, controller, [text])
        },
      })
    }
    get encoding() { return this.#decoder.encoding }
    get fatal() { return this.#decoder.fatal }
    get ignoreBOM() { return this.#decoder.ignoreBOM }
    get readable() { return this.#transform.readable }
    get writable() { return this.#transform.writable }
  }
  shape(TextDecoderStream, 'TextDecoderStream')

  // ---- what the core asks ----

  function fromBytes(bytes) {
    return new ReadableStream({
      type: 'bytes',
      start(controller) {
        if (bytes.byteLength > 0) controller.enqueue(bytes)
        controller.close()
      },
    })
  }
  const reader = (stream) => apply(getReader, stream, [])
  const disturb = (stream) => { apply(cancelReader, reader(stream), []) }
  // A promise of { done, value }.
  const next = (taken) => apply(read, taken, [])
  // All that is left, as one Uint8Array; rejects when a chunk is no Uint8Array.
  function readAll(stream) {
    const taken = reader(stream)
    const parts = []
    let size = 0
    return new Promise((resolve, reject) => {
      function step({ done, value }) {
        if (!done) {
          if (!host.isUint8Array(value)) {
            const error = new TypeError('a stream of a body must give chunks that are Uint8Array')
            apply(then, apply(cancelReader, taken, [error]), [undefined, () => {}])
            reject(error)
            return
          }
          defineProperty(parts, parts.length, { __proto__: null, value })
          size += value.byteLength
          pull()
          return
        }
        const all = new Uint8Array(size)
        let at = 0
        for (let i = 0; i < parts.length; i++) {
          all.set(parts[i], at)
          at += parts[i].byteLength
        }
        resolve(all)
      }
      function pull() { apply(then, next(taken), [step, reject]) }
      pull()
    })
  }
  // One that gives what is left of another, which is locked.
  const same = (value) => value
  function handOver(stream, copy = same) {
    const taken = reader(stream)
    return new ReadableStream({
      async pull(controller) {
        const { done, value } = await next(taken)
        if (done) controller.close()
        else controller.enqueue(copy(value))
      },
      cancel: (reason) => apply(cancelReader, taken, [reason]),
    }, { __proto__: null, highWaterMark: 0 })
  }
  // What the library keeps in properties of an object's own.
  const own = (object, name) => getOwnPropertyDescriptor(object, name)?.value
  const isBytes = (stream) => inherits(own(stream, '_readableStreamController'), ReadableByteStreamController.prototype)
  host.clonable(isStream, undefined, (stream) => ({
    __proto__: null,
    locked: own(stream, '_reader') !== undefined,
    state: own(stream, '_state'),
    supportsBYOB: isBytes(stream),
  }))
  host.clonable(is(WritableStream, '_writableStreamController'), undefined, (stream) => ({
    __proto__: null, locked: own(stream, '_writer') !== undefined, state: own(stream, '_state'),
  }))
  host.clonable(is(TransformStream, '_transformStreamController'), undefined, (stream) => ({
    __proto__: null, readable: own(stream, '_readable'), writable: own(stream, '_writable'), backpressure: own(stream, '_backpressure'),
  }))
  return {
    ReadableStream, ReadableStreamDefaultController, ReadableByteStreamController, ReadableStreamBYOBRequest,
    ReadableStreamDefaultReader, ReadableStreamBYOBReader, WritableStream, WritableStreamDefaultController,
    WritableStreamDefaultWriter, ByteLengthQueuingStrategy, CountQueuingStrategy, TransformStream,
    TransformStreamDefaultController, TextEncoderStream, TextDecoderStream,
    isStream,
    isLocked: (stream) => stream._reader !== undefined,
    isDisturbed: (stream) => stream._disturbed === true,
    fromBytes,
    reader,
    next,
    release: (taken) => apply(releaseLock, taken, []),
    cancel: (taken, reason) => apply(cancelReader, taken, [reason]),
    cancelStream: (stream, reason) => apply(cancel, stream, [reason]),
    // The same for the server: nobody else handles what is rejected.
    pull(taken) {
      const promise = next(taken)
      apply(then, promise, [undefined, () => {}])
      return promise
    },
    drop(taken) { apply(then, apply(cancelReader, taken, []), [undefined, () => {}]) },
    readAll,
    readThen: async (stream, finish) => finish(await readAll(stream)),
    // The stream of a body; of one that was read, a stream that is closed.
    fromBody(bytes, used) {
      const stream = fromBytes(bytes)
      if (used) disturb(stream)
      return stream
    },
    // An object becomes what fromBody would give.
    adopt(object, bytes, used) {
      const stream = fromBytes(bytes)
      if (used) disturb(stream)
      const names = ownKeys(stream)
      for (let i = 0; i < names.length; i++) {
        defineProperty(object, names[i], { __proto__: null, value: stream[names[i]], writable: true, enumerable: true, configurable: true })
      }
      object._readableStreamController._controlledReadableByteStream = object
      if (used) object._reader._ownerReadableStream = object
      setPrototypeOf(object, ReadableStream.prototype)
    },
    handOver,
    // For clones of bodies: what one reader does to a chunk is not the other's.
    tee(stream) {
      if (isBytes(stream)) return apply(tee, stream, [])
      const both = apply(tee, handOver(stream, (chunk) => ({ chunk, copy: host.structuredClone(chunk) })), [])
      return [handOver(both[0], ({ chunk }) => chunk), handOver(both[1], ({ copy }) => copy)]
    },
  }
})
