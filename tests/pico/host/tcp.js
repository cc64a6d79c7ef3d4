// TCP and HTTP of a client. In order and one segment after the other, as far as
// the other side's window goes; what is not acknowledged is sent again.
import { TCP, bytesOf, checksum, pseudoHeader } from './ip.js'
import { MS, SECOND } from './tasks.js'

const FIN = 1
const SYN = 2
const RST = 4
const PSH = 8
const ACK = 16
const WINDOW = 16384
const SEGMENT = 1460
const FIRST_RETRY = 300 * MS
const RETRIES = 6

const less = (a, b) => ((a - b) | 0) < 0

export class Tcp {
  connections = new Map() // own port: connection

  // nextPort(): one that was not used before.
  constructor(ip, nextPort) {
    this.ip = ip
    this.nextPort = nextPort
    ip.onTcp = (from, to, segment) => this.take(segment)
  }

  take(segment) {
    const connection = this.connections.get(segment.readUInt16BE(2))
    connection?.take(segment)
  }

  // A connection, or null when it was refused.
  *connect(address, port, limit = 10 * SECOND) {
    const { ip } = this
    const mac = ip.neighbours.get(address) ?? (yield* ip.resolve(address))
    const connection = new Connection(this, mac, bytesOf(address), this.nextPort(), port)
    this.connections.set(connection.port, connection)
    connection.send(SYN)
    const end = ip.tasks.clock.nanos + limit
    let again = ip.tasks.clock.nanos + SECOND
    while (!connection.isOpen && !connection.wasReset) {
      if (ip.tasks.clock.nanos > end) throw new Error('TCP: no answer to SYN')
      if (ip.tasks.clock.nanos > again) {
        connection.send(SYN)
        again += SECOND
      }
      yield 20_000
    }
    return connection.isOpen ? connection : null
  }
}

class Connection {
  isOpen = false
  wasReset = false
  isEnded = false // the other side sends no more
  received = [] // parts
  peerWindow = 0
  peerSegment = 536

  constructor(tcp, mac, address, port, peerPort) {
    Object.assign(this, { tcp, mac, address, port, peerPort })
    this.sequence = (port * 100_003) >>> 0 // next to be sent
    this.acknowledged = this.sequence
    this.expected = 0
  }

  send(flags, data = Buffer.alloc(0), at = this.sequence) {
    const isSyn = (flags & SYN) !== 0
    const head = Buffer.alloc(isSyn ? 24 : 20)
    head.writeUInt16BE(this.port, 0)
    head.writeUInt16BE(this.peerPort, 2)
    head.writeUInt32BE(at >>> 0, 4)
    head.writeUInt32BE(flags & ACK ? this.expected : 0, 8)
    head[12] = head.length << 2
    head[13] = flags
    head.writeUInt16BE(WINDOW, 14)
    if (isSyn) head.set([2, 4, SEGMENT >> 8, SEGMENT & 255], 20)
    const { ip } = this.tcp
    const pseudo = pseudoHeader(ip.address, this.address, TCP, head.length + data.length)
    head.writeUInt16BE(checksum(pseudo, head, data), 16)
    ip.datagram(this.mac, this.address, TCP, Buffer.concat([head, data]))
  }

  take(segment) {
    const flags = segment[13]
    const sequence = segment.readUInt32BE(4)
    const data = segment.subarray((segment[12] >> 4) * 4)
    if (flags & RST) {
      this.wasReset = true
      this.isOpen = false
      return
    }
    if (flags & SYN) {
      this.takeSyn(segment, sequence)
      return
    }
    if (flags & ACK) {
      const acknowledged = segment.readUInt32BE(8)
      if (less(this.acknowledged, acknowledged)) this.acknowledged = acknowledged
      this.peerWindow = segment.readUInt16BE(14)
    }
    if (!data.length && !(flags & FIN)) return
    if (sequence === this.expected) {
      if (data.length) this.received.push(Buffer.from(data))
      this.expected = (this.expected + data.length + (flags & FIN ? 1 : 0)) >>> 0
      if (flags & FIN) this.isEnded = true
    }
    this.send(ACK)
  }

  takeSyn(segment, sequence) {
    if (!this.isOpen) {
      this.expected = (sequence + 1) >>> 0
      this.sequence = this.acknowledged = (this.sequence + 1) >>> 0
      this.peerWindow = segment.readUInt16BE(14)
      if (segment[12] >> 4 > 5 && segment[20] === 2) this.peerSegment = segment.readUInt16BE(22)
      this.isOpen = true
    }
    this.send(ACK)
  }

  get now() {
    return this.tcp.ip.tasks.clock.nanos
  }

  // Returns when all of it is acknowledged.
  *write(data) {
    const start = this.sequence
    const end = (start + data.length) >>> 0
    let retry = FIRST_RETRY
    let deadline = this.now + retry
    let last = this.acknowledged
    while (less(this.acknowledged, end) && !this.wasReset) {
      const inFlight = (this.sequence - this.acknowledged) >>> 0
      const room = this.peerWindow - inFlight
      const left = (end - this.sequence) >>> 0
      const size = Math.min(left, room, this.peerSegment, SEGMENT)
      if (size > 0 && less(this.sequence, end)) {
        const at = (this.sequence - start) >>> 0
        this.send(ACK | PSH, data.subarray(at, at + size))
        this.sequence = (this.sequence + size) >>> 0
        continue
      }
      if (last !== this.acknowledged) {
        last = this.acknowledged
        retry = FIRST_RETRY
        deadline = this.now + retry
      } else if (this.now > deadline) {
        if (retry > FIRST_RETRY << RETRIES) throw new Error('TCP: nothing is acknowledged')
        this.sequence = this.acknowledged // again from there, at least a byte
        this.peerWindow ||= 1
        retry *= 2
        deadline = this.now + retry
      }
      yield 20_000
    }
  }

  // An orderly end; the port is forgotten.
  *close() {
    if (this.isOpen && !this.wasReset) {
      this.send(FIN | ACK)
      this.sequence = (this.sequence + 1) >>> 0
      const end = this.now + 2 * SECOND
      while (!(this.isEnded && this.acknowledged === this.sequence) && !this.wasReset &&
             this.now < end) {
        yield 100_000
      }
    }
    this.isOpen = false
    this.tcp.connections.delete(this.port)
  }

  abort() {
    if (this.isOpen) this.send(RST | ACK)
    this.isOpen = false
    this.tcp.connections.delete(this.port)
  }

  get text() {
    return Buffer.concat(this.received)
  }

  // --- HTTP ---

  // {status, headers, body}; null when the connection ended before an answer.
  *request(method, path, { headers = {}, body = null, limit = 30 * SECOND } = {}) {
    const fields = { Host: this.host ?? 'isere.local', ...headers }
    if (body !== null) fields['Content-Length'] = Buffer.byteLength(body)
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
    const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
    this.received = []
    yield* this.write(body === null ? head : Buffer.concat([head, Buffer.from(body)]))
    return yield* this.response(limit)
  }

  *response(limit) {
    const end = this.now + limit
    for (;;) {
      const response = parseResponse(this.text)
      if (response) return response
      if (this.isEnded || this.wasReset) return null
      if (this.now > end) throw new Error(`HTTP: no answer within ${limit / SECOND} s`)
      yield 20_000
    }
  }
}

function parseResponse(bytes) {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return null
  const [first, ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const headers = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const status = Number(first.split(' ')[1])
  if (status === 100) return parseResponse(bytes.subarray(end + 4))
  let body = bytes.subarray(end + 4)
  if (headers['transfer-encoding'] === 'chunked') {
    body = unchunk(body)
    if (body === null) return null
  } else {
    const length = Number(headers['content-length'] ?? 0)
    if (body.length < length) return null
    body = body.subarray(0, length)
  }
  return { status, headers, body: body.toString() }
}

function unchunk(bytes) {
  const parts = []
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at)
    if (end < 0) return null
    const size = parseInt(bytes.toString('latin1', at, end), 16)
    if (bytes.length < end + 2 + size + 2) return null
    if (size === 0) return Buffer.concat(parts)
    parts.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}
