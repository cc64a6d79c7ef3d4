// node:http for frameworks that answer requests without a server of their own:
// the messages, whose bytes go to whatever assignSocket was given.
const { Readable, Stream } = require('./stream.js')
const { Buffer } = require('./buffer.js')
const { EventEmitter } = require('events')
const missing = require('./lib/missing.js')

const STATUS_CODES = Object.fromEntries(
  `100 Continue|101 Switching Protocols|102 Processing|103 Early Hints|200 OK|201 Created|202 Accepted|203 Non-Authoritative Information|204 No Content|205 Reset Content|206 Partial Content|207 Multi-Status|208 Already Reported|226 IM Used|300 Multiple Choices|301 Moved Permanently|302 Found|303 See Other|304 Not Modified|305 Use Proxy|307 Temporary Redirect|308 Permanent Redirect|400 Bad Request|401 Unauthorized|402 Payment Required|403 Forbidden|404 Not Found|405 Method Not Allowed|406 Not Acceptable|407 Proxy Authentication Required|408 Request Timeout|409 Conflict|410 Gone|411 Length Required|412 Precondition Failed|413 Payload Too Large|414 URI Too Long|415 Unsupported Media Type|416 Range Not Satisfiable|417 Expectation Failed|418 I'm a Teapot|421 Misdirected Request|422 Unprocessable Entity|423 Locked|424 Failed Dependency|425 Too Early|426 Upgrade Required|428 Precondition Required|429 Too Many Requests|431 Request Header Fields Too Large|451 Unavailable For Legal Reasons|500 Internal Server Error|501 Not Implemented|502 Bad Gateway|503 Service Unavailable|504 Gateway Timeout|505 HTTP Version Not Supported|506 Variant Also Negotiates|507 Insufficient Storage|508 Loop Detected|509 Bandwidth Limit Exceeded|510 Not Extended|511 Network Authentication Required`
    .split('|')
    .map((line) => [line.slice(0, 3), line.slice(4)])
)
const METHODS = `ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE`.split(' ')

const fail = (code, message, Type = Error) => {
  throw Object.assign(new Type(message), { code })
}

function validateHeaderName(name) {
  if (typeof name !== 'string' || !/^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/.test(name)) fail('ERR_INVALID_HTTP_TOKEN', `Header name must be a valid HTTP token ["${name}"]`, TypeError)
}

function validateHeaderValue(name, value) {
  if (value === undefined) fail('ERR_HTTP_INVALID_HEADER_VALUE', `Invalid value "undefined" for header "${name}"`, TypeError)
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) fail('ERR_INVALID_CHAR', `Invalid character in header content ["${name}"]`, TypeError)
}

// Functions, not classes: packages call them on objects of their own.
function IncomingMessage(socket) {
  Readable.call(this, { autoDestroy: true })
  Object.assign(this, {
    socket, connection: socket, httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1, complete: false, aborted: false,
    headers: {}, rawHeaders: [], trailers: {}, rawTrailers: [], url: '', method: null, statusCode: null, statusMessage: null,
  })
}
Object.setPrototypeOf(IncomingMessage.prototype, Readable.prototype)
Object.setPrototypeOf(IncomingMessage, Readable)
IncomingMessage.prototype._read = function () {}
IncomingMessage.prototype.setTimeout = function () {
  return this
}

function OutgoingMessage() {
  Stream.call(this)
  Object.assign(this, {
    writable: true, finished: false, destroyed: false, errored: null, socket: null, connection: null, _header: null, _hasBody: true,
    sendDate: false, chunkedEncoding: false, useChunkedEncodingByDefault: true, shouldKeepAlive: false,
  })
  fields(this)
}
Object.setPrototypeOf(OutgoingMessage.prototype, Stream.prototype)
Object.setPrototypeOf(OutgoingMessage, Stream)

// [name as it was set, value] by the name in lower case.
const all = new WeakMap()
function fields(message) {
  if (!all.has(message)) all.set(message, new Map())
  return all.get(message)
}

const listOf = (headers) => (!headers ? [] : headers instanceof Headers ? [...headers] : headers instanceof Map ? [...headers] : Object.entries(headers))

Object.assign(OutgoingMessage.prototype, {
  setHeader(name, value) {
    if (this._header) fail('ERR_HTTP_HEADERS_SENT', 'Cannot set headers after they are sent to the client')
    validateHeaderName(name)
    for (const one of [value].flat()) validateHeaderValue(name, one)
    fields(this).set(name.toLowerCase(), [name, value])
    return this
  },
  setHeaders(headers) {
    for (const [name, value] of headers) this.setHeader(name, value)
    return this
  },
  appendHeader(name, value) {
    const held = this.getHeader(name)
    return this.setHeader(name, held === undefined ? value : [held, value].flat())
  },
  getHeader(name) {
    return fields(this).get(String(name).toLowerCase())?.[1]
  },
  getHeaders() {
    const headers = Object.create(null)
    for (const [name, [, value]] of fields(this)) headers[name] = value
    return headers
  },
  getHeaderNames() {
    return [...fields(this).keys()]
  },
  getRawHeaderNames() {
    return [...fields(this).values()].map(([name]) => name)
  },
  hasHeader(name) {
    return fields(this).has(String(name).toLowerCase())
  },
  removeHeader(name) {
    if (this._header) fail('ERR_HTTP_HEADERS_SENT', 'Cannot remove headers after they are sent to the client')
    fields(this).delete(String(name).toLowerCase())
  },
  assignSocket(socket) {
    this.socket = this.connection = socket
  },
  detachSocket() {
    this.socket = this.connection = null
  },
  flushHeaders() {
    if (!this._header) this._implicitHeader()
    sendHead(this)
  },
  write(chunk, encoding, done) {
    if (typeof encoding === 'function') [encoding, done] = [undefined, encoding]
    if (this.finished) {
      const error = Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' })
      queueMicrotask(() => done?.(error))
      this.emit('error', error)
      return false
    }
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) fail('ERR_INVALID_ARG_TYPE', 'The "chunk" argument must be of type string or an instance of Buffer or Uint8Array', TypeError)
    this.flushHeaders()
    if (this._hasBody && chunk.length > 0) this.socket?.write(chunk, encoding, done)
    else if (done) queueMicrotask(done)
    return true
  },
  end(chunk, encoding, done) {
    if (typeof chunk === 'function') [chunk, done] = [undefined, chunk]
    if (typeof encoding === 'function') [encoding, done] = [undefined, encoding]
    if (this.finished) return this
    if (chunk !== undefined && chunk !== null) {
      if (!this._header && !this.hasHeader('content-length') && !this.hasHeader('transfer-encoding') && this._hasBody) this._contentLength = Buffer.byteLength(chunk, encoding)
      this.write(chunk, encoding)
    } else {
      if (!this._header) this._contentLength = 0
      this.flushHeaders()
    }
    this.finished = true
    if (done) this.once('finish', done)
    queueMicrotask(() => {
      this.emit('prefinish')
      this.emit('finish')
      this.emit('close')
    })
    return this
  },
  destroy(error) {
    if (this.destroyed) return this
    this.destroyed = true
    this.errored = error ?? null
    this.socket?.destroy?.(error)
    return this
  },
  addTrailers() {},
  cork() {},
  uncork() {},
  setTimeout() {
    return this
  },
  pipe() {
    this.emit('error', Object.assign(new Error('Cannot pipe, not readable'), { code: 'ERR_STREAM_CANNOT_PIPE' }))
  },
})
Object.defineProperties(OutgoingMessage.prototype, {
  headersSent: { configurable: true, get() { return !!this._header } },
  writableEnded: { configurable: true, get() { return this.finished } },
  writableFinished: { configurable: true, get() { return this.finished } },
  writableLength: { configurable: true, get: () => 0 },
  writableHighWaterMark: { configurable: true, get: () => 16384 },
  writableObjectMode: { configurable: true, get: () => false },
  writableNeedDrain: { configurable: true, get: () => false },
  writableCorked: { configurable: true, get: () => 0 },
})

function sendHead(message) {
  if (message._headerSent || !message._header) return
  message._headerSent = true
  message.socket?.write(message._header, 'latin1')
}

function ServerResponse(request, options) {
  OutgoingMessage.call(this, options)
  this.req = request
  this.statusCode = 200
  this.statusMessage = undefined
  this._hasBody = request?.method !== 'HEAD'
}
Object.setPrototypeOf(ServerResponse.prototype, OutgoingMessage.prototype)
Object.setPrototypeOf(ServerResponse, OutgoingMessage)
Object.assign(ServerResponse.prototype, {
  _implicitHeader() {
    this.writeHead(this.statusCode)
  },
  writeHead(status, reason, headers) {
    if (this._header) fail('ERR_HTTP_HEADERS_SENT', 'Cannot write headers after they are sent to the client')
    if (typeof reason !== 'string') [reason, headers] = [undefined, headers ?? reason]
    status |= 0
    if (status < 100 || status > 999) fail('ERR_HTTP_INVALID_STATUS_CODE', `Invalid status code: ${status}`, RangeError)
    this.statusCode = status
    this.statusMessage = reason ?? this.statusMessage ?? STATUS_CODES[status] ?? 'unknown'
    const list = Array.isArray(headers) && !Array.isArray(headers[0])
      ? headers.reduce((pairs, item, i) => (i % 2 ? pairs.at(-1).push(item) : pairs.push([item]), pairs), [])
      : Array.isArray(headers) ? headers : listOf(headers)
    for (const [name, value] of list) this.setHeader(name, value)
    if (status === 204 || status === 304 || status < 200) this._hasBody = false
    if (this._contentLength !== undefined && this._hasBody && !this.hasHeader('content-length')) this.setHeader('Content-Length', this._contentLength)
    const lines = [...fields(this).values()].flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`))
    if (this.sendDate && !this.hasHeader('date')) lines.push(`Date: ${new Date().toUTCString()}\r\n`)
    // A server's would say so; light-my-request reads it here.
    if (!this.hasHeader('connection')) lines.push('Connection: keep-alive\r\n')
    this._header = `HTTP/1.1 ${status} ${this.statusMessage}\r\n${lines.join('')}\r\n`
    return this
  },
  writeContinue() {},
  writeProcessing() {},
  writeEarlyHints() {},
})

// What a framework makes when it starts, and does not listen with.
class Server extends EventEmitter {
  constructor(options, handler) {
    super()
    Object.assign(this, { listening: false, timeout: 0, keepAliveTimeout: 5000, requestTimeout: 300000, headersTimeout: 60000 })
    const onRequest = typeof options === 'function' ? options : handler
    if (onRequest) this.on('request', onRequest)
  }
  listen() {
    throw new Error('a handler is called by the server, it does not listen: export what answers a request')
  }
  address() {
    return null
  }
  close(done) {
    if (done) queueMicrotask(done)
    return this
  }
  closeAllConnections() {}
  closeIdleConnections() {}
  setTimeout() {
    return this
  }
}

function Agent(options) {
  this.options = { ...options }
}
Agent.prototype.destroy = function () {}

module.exports = missing.module('node:http', 'a handler is called by the server and has no sockets', {
  Agent, IncomingMessage, METHODS, OutgoingMessage, STATUS_CODES, Server, ServerResponse,
  createServer: (options, handler) => new Server(options, handler), globalAgent: new Agent(), maxHeaderSize: 16384,
  validateHeaderName, validateHeaderValue,
})
