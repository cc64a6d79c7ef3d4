// CompressionStream and DecompressionStream (WHATWG Compression), by the port's
// zlib.
(function (host) {
  'use strict'
  const { need, shape } = host
  const { apply } = host.taken
  const { close, isOver, open, step } = host.compression()
  const { TransformStream, TransformStreamDefaultController } = host.load('streams')
  const { enqueue } = TransformStreamDefaultController.prototype
  const formats = { __proto__: null, deflate: 0, 'deflate-raw': 1, gzip: 2 }
  function transform(format, decompress, what) {
    const which = formats[format = `${format}`]
    if (which === undefined) throw new TypeError(`${what}: '${format}' is no format: use 'gzip', 'deflate' or 'deflate-raw'`)
    const state = open(which, decompress)
    function feed(chunk, last, controller) {
      const made = step(state, chunk, last)
      if (!made) throw new TypeError(`${what}: a chunk must be an ArrayBuffer or a view`)
      for (let i = 0; i < made.length; i++) apply(enqueue, controller, [made[i]])
    }
    return new TransformStream({
      __proto__: null,
      transform: (chunk, controller) => feed(chunk, false, controller),
      flush(controller) {
        feed(undefined, true, controller)
        const whole = isOver(state)
        close(state)
        if (!whole) throw new TypeError(`${what}: the compressed data ends too early`)
      },
      cancel: () => close(state),
    })
  }
  class CompressionStream {
    #transform
    constructor(format) {
      need(arguments.length, 1, 'new CompressionStream')
      this.#transform = transform(format, false, 'CompressionStream')
    }
    get readable() { return this.#transform.readable }
    get writable() { return this.#transform.writable }
  }
  shape(CompressionStream, 'CompressionStream')
  class DecompressionStream {
    #transform
    constructor(format) {
      need(arguments.length, 1, 'new DecompressionStream')
      this.#transform = transform(format, true, 'DecompressionStream')
    }
    get readable() { return this.#transform.readable }
    get writable() { return this.#transform.writable }
  }
  shape(DecompressionStream, 'DecompressionStream')
  return { CompressionStream, DecompressionStream }
})
