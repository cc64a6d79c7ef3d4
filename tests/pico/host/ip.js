// A host's IPv4, as much as the tests need: ARP, UDP, a DHCP client, questions
// by multicast DNS, and what TCP (tcp.js) stands on.
import { MS, SECOND } from './tasks.js'

const ARP = 0x0806
const IPV4 = 0x0800
const ICMP = 1
export const TCP = 6
const UDP = 17
const BROADCAST = Buffer.alloc(6, 0xff)
const MDNS_GROUP = '224.0.0.251'
const MDNS_MAC = Buffer.from('01005e0000fb', 'hex')
const MDNS_PORT = 5353
const COOKIE = 0x63825363

export const bytesOf = (address) => Buffer.from(address.split('.').map(Number))
export const textOf = (bytes) => [...bytes].join('.')

// RFC 1071.
export function checksum(...parts) {
  let sum = 0
  const bytes = Buffer.concat(parts)
  for (let i = 0; i < bytes.length; i += 2) {
    sum += (bytes[i] << 8) | (i + 1 < bytes.length ? bytes[i + 1] : 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

export function pseudoHeader(from, to, protocol, length) {
  const tail = Buffer.from([0, protocol, length >> 8, length & 255])
  return Buffer.concat([from, to, tail])
}

export class Ip {
  address = Buffer.alloc(4)
  neighbours = new Map() // address: MAC
  udp = new Map() // port: function(from, data)
  onTcp = null
  pings = 0
  identification = 1

  constructor(link, mac, tasks) {
    this.link = link
    this.mac = mac
    this.tasks = tasks
    link.onFrame = (frame) => this.take(frame)
  }

  frame(to, type, payload) {
    const head = Buffer.concat([to, this.mac, Buffer.from([type >> 8, type & 255])])
    const frame = Buffer.concat([head, payload])
    this.link.send(frame.length < 60 ? Buffer.concat([frame, Buffer.alloc(60 - frame.length)]) : frame)
  }

  take(frame) {
    const type = frame.readUInt16BE(12)
    const payload = frame.subarray(14)
    if (type === ARP) this.takeArp(payload)
    else if (type === IPV4) this.takeIp(payload)
  }

  // --- ARP ---

  arp(operation, toMac, to) {
    const head = Buffer.from([0, 1, 8, 0, 6, 4, 0, operation])
    const target = operation === 1 ? Buffer.alloc(6) : toMac
    this.frame(toMac, ARP, Buffer.concat([head, this.mac, this.address, target, to]))
  }

  takeArp(message) {
    const from = message.subarray(14, 18)
    this.neighbours.set(textOf(from), Buffer.from(message.subarray(8, 14)))
    if (message[7] === 1 && message.subarray(24, 28).equals(this.address)) {
      this.arp(2, message.subarray(8, 14), from)
    }
  }

  *resolve(address, limit = SECOND) {
    this.neighbours.delete(address)
    this.arp(1, BROADCAST, bytesOf(address))
    return yield* this.tasks.until(() => this.neighbours.get(address), limit, `ARP for ${address}`)
  }

  // --- IP ---

  datagram(toMac, to, protocol, payload, from = this.address) {
    const head = Buffer.alloc(20)
    head[0] = 0x45
    head.writeUInt16BE(20 + payload.length, 2)
    head.writeUInt16BE(this.identification++ & 0xffff, 4)
    head[8] = to[0] >= 224 ? 255 : 64
    head[9] = protocol
    head.set(from, 12)
    head.set(to, 16)
    head.writeUInt16BE(checksum(head), 10)
    this.frame(toMac, IPV4, Buffer.concat([head, payload]))
  }

  takeIp(packet) {
    const size = (packet[0] & 15) * 4
    const payload = packet.subarray(size, packet.readUInt16BE(2))
    const from = textOf(packet.subarray(12, 16))
    if (checksum(packet.subarray(0, size)) !== 0) {
      this.link.bus.problem('IP: a wrong checksum')
    } else if (packet[9] === TCP) {
      this.onTcp?.(packet.subarray(12, 16), packet.subarray(16, 20), payload)
    } else if (packet[9] === UDP) {
      this.udp.get(payload.readUInt16BE(2))?.(from, payload.subarray(8))
    } else if (packet[9] === ICMP && payload[0] === 0) {
      this.pings++
    }
  }

  // --- UDP ---

  sendUdp(toMac, to, fromPort, toPort, data, from = this.address) {
    const head = Buffer.alloc(8)
    head.writeUInt16BE(fromPort, 0)
    head.writeUInt16BE(toPort, 2)
    head.writeUInt16BE(8 + data.length, 4)
    const sum = checksum(pseudoHeader(from, to, UDP, 8 + data.length), head, data)
    head.writeUInt16BE(sum || 0xffff, 6)
    this.datagram(toMac, to, UDP, Buffer.concat([head, data]), from)
  }

  *ping(address, size = 56) {
    const mac = yield* this.resolve(address)
    const message = Buffer.alloc(8 + size)
    message[0] = 8
    message.writeUInt16BE(checksum(message), 2)
    const before = this.pings
    this.datagram(mac, bytesOf(address), ICMP, message)
    yield* this.tasks.until(() => this.pings > before, SECOND, `ping ${address}`)
  }

  // --- DHCP ---

  // The client's four messages; {address, mask, server, lease, options}.
  *dhcp() {
    this.address = Buffer.alloc(4)
    const offer = yield* this.dhcpExchange([[53, [1]], [55, [1, 3, 6, 51]]])
    const lease = yield* this.dhcpExchange([[53, [3]], [50, bytesOf(offer.address)],
      [54, offer.options.get(54)], [55, [1, 3, 6, 51]]])
    if (lease.options.get(53)?.[0] !== 5) throw new Error('DHCP: no acknowledgement')
    this.address = bytesOf(lease.address)
    return lease
  }

  *dhcpExchange(options) {
    const message = Buffer.alloc(240)
    message.set([1, 1, 6, 0])
    message.writeUInt32BE(0x12345678, 4)
    message.set([0x80, 0], 10) // the answer as a broadcast
    message.set(this.mac, 28)
    message.writeUInt32BE(COOKIE, 236)
    const list = options.map(([code, value]) => Buffer.from([code, value.length, ...value]))
    let answer = null
    this.udp.set(68, (from, data) => { answer ??= this.dhcpAnswer(data) })
    for (let tries = 0; tries < 4 && answer === null; tries++) {
      this.sendUdp(BROADCAST, Buffer.alloc(4, 0xff), 68, 67,
        Buffer.concat([message, ...list, Buffer.from([255])]), Buffer.alloc(4))
      const end = this.tasks.clock.nanos + SECOND
      while (answer === null && this.tasks.clock.nanos < end) yield MS
    }
    this.udp.delete(68)
    if (answer === null) throw new Error('DHCP: no answer')
    return answer
  }

  dhcpAnswer(data) {
    const options = new Map()
    for (let at = 240; at < data.length && data[at] !== 255; at += 2 + data[at + 1]) {
      options.set(data[at], data.subarray(at + 2, at + 2 + data[at + 1]))
    }
    return {
      address: textOf(data.subarray(16, 20)),
      mask: textOf(options.get(1) ?? []),
      server: textOf(options.get(54) ?? []),
      lease: options.get(51)?.readUInt32BE(0),
      options,
    }
  }

  // --- Multicast DNS ---

  // Asks for a name; {address: of type A or null, nanos: until the answer, types}.
  *mdns(name, type, limit = 2 * SECOND) {
    const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]))
    const question = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), ...labels,
      Buffer.from([0, 0, type, 0, 1])])
    let answer = null
    this.udp.set(MDNS_PORT, (from, data) => {
      if (data[2] & 0x80) answer = data
    })
    const start = this.tasks.clock.nanos
    this.sendUdp(MDNS_MAC, bytesOf(MDNS_GROUP), MDNS_PORT, MDNS_PORT, question)
    const end = start + limit
    while (answer === null && this.tasks.clock.nanos < end) yield 100_000
    this.udp.delete(MDNS_PORT)
    return answer && { ...dnsAnswer(answer), nanos: this.tasks.clock.nanos - start }
  }
}

// The records of an answer: {code, records: [{type, data}]}.
function dnsAnswer(message) {
  const skipName = (at) => {
    while (message[at] !== 0) {
      if ((message[at] & 0xc0) === 0xc0) return at + 2
      at += 1 + message[at]
    }
    return at + 1
  }
  let at = 12
  for (let n = message.readUInt16BE(4); n > 0; n--) at = skipName(at) + 4
  const count = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10)
  const records = []
  for (let n = 0; n < count; n++) {
    at = skipName(at)
    const length = message.readUInt16BE(at + 8)
    records.push({ type: message.readUInt16BE(at), data: message.subarray(at + 10, at + 10 + length) })
    at += 10 + length
  }
  return { code: message[3] & 15, records }
}
