// node:stream: the package readable-stream, and the ways to the web's streams.
const Stream = require('../readable-stream/lib/stream.js')
const { Readable, Writable } = Stream

Readable.fromWeb = (web, options) => Readable.from(web, { objectMode: false, ...options })

Readable.toWeb = (stream) => {
  const items = stream[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await items.next()
      if (done) controller.close()
      else controller.enqueue(typeof value === 'string' ? new TextEncoder().encode(value) : value)
    },
    cancel: (reason) => items.return?.(reason),
  })
}

Writable.fromWeb = (web, options) => {
  const writer = web.getWriter()
  const settle = (promise, done) => promise.then(() => done(), done)
  return new Writable({
    ...options,
    write: (chunk, encoding, done) => settle(writer.write(chunk), done),
    final: (done) => settle(writer.close(), done),
    destroy: (error, done) => (error ? settle(writer.abort(error), () => done(error)) : done()),
  })
}

Writable.toWeb = (stream) =>
  new WritableStream({
    write: (chunk) => new Promise((resolve, reject) => stream.write(chunk, (error) => (error ? reject(error) : resolve()))),
    close: () => new Promise((resolve) => stream.end(resolve)),
    abort: (reason) => void stream.destroy(reason),
  })

module.exports = Stream
