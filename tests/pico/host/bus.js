// A USB host's side of the bus: transfers as a host controller makes them, with
// the PIDs checked that a host would drop packets for.
import { ACK, NAK, NONE, STALL } from '../chip/usb.js'
import { MS, SECOND } from './tasks.js'

export { ACK, NAK, NONE, STALL }

const PACKET = 64
const NONE_YET = 10_000 // nanoseconds until a packet is tried again
const TRANSFER_LIMIT = 5 * SECOND
const EMPTY = new Uint8Array(0)

// Requests, bmRequestType first.
export const GET_STATUS = [0x80, 0]
export const SET_ADDRESS = [0x00, 5]
export const GET_DESCRIPTOR = [0x80, 6]
export const GET_CONFIGURATION = [0x80, 8]
export const SET_CONFIGURATION = [0x00, 9]
export const GET_INTERFACE = [0x81, 10]
export const SET_INTERFACE = [0x01, 11]
export const SET_FEATURE = [0x00, 3]
export const CLEAR_HALT = [0x02, 1]
export const SET_HALT = [0x02, 3]

export class Bus {
  address = 0
  inToggle = new Uint8Array(16)
  outToggle = new Uint8Array(16)
  packet0 = PACKET // of endpoint 0
  hasFrames = false // the host sends a start of frame each millisecond

  // problem(text): the device did what a host does not accept.
  constructor(chip, tasks, problem) {
    this.usb = chip.usb
    this.clock = chip.clock
    this.tasks = tasks
    this.problem = problem
    const alarm = this.clock.createAlarm(() => {
      if (this.hasFrames) this.usb.startOfFrame()
      alarm.schedule(MS)
    })
    alarm.schedule(MS)
  }

  // How long a packet with that much data takes, its handshake included.
  wire(bytes) {
    return (bytes + 13) * 8 * 1.05 * 1e9 / 12e6
  }

  *reset() {
    this.address = 0
    this.packet0 = PACKET
    this.hasFrames = false
    this.inToggle.fill(0)
    this.outToggle.fill(0)
    this.usb.busReset()
    yield 10 * MS
    this.hasFrames = true
    yield 10 * MS
  }

  // A control transfer: {answer, data}.
  *control([type, request], value = 0, index = 0, length = 0, data = EMPTY) {
    const setup = new Uint8Array([type, request, value & 255, value >> 8,
      index & 255, index >> 8, length & 255, length >> 8])
    const what = `request ${Buffer.from(setup).toString('hex')}`
    for (let tries = 0; this.usb.setup(this.address, setup) !== ACK; tries++) {
      if (tries === 3) return { answer: NONE, data: EMPTY }
      yield MS
    }
    yield this.wire(8)
    const end = this.clock.nanos + TRANSFER_LIMIT
    if (type & 0x80 && length) {
      const got = yield* this.controlIn(length, end, what)
      if (got.answer !== ACK) return got
      const answer = yield* this.packetOut(0, 1, EMPTY, end, `${what}: status`)
      return { answer, data: answer === ACK ? got.data : EMPTY }
    }
    for (let at = 0, pid = 1; at < length; at += this.packet0, pid ^= 1) {
      const part = data.subarray(at, at + this.packet0)
      const answer = yield* this.packetOut(0, pid, part, end, what)
      if (answer !== ACK) return { answer, data: EMPTY }
    }
    const status = yield* this.packetIn(0, end, `${what}: status`)
    if (status.answer === ACK && (status.pid !== 1 || status.data.length)) {
      this.problem(`${what}: status is DATA${status.pid} with ${status.data.length} bytes`)
    }
    return { answer: status.answer, data: EMPTY }
  }

  *controlIn(length, end, what) {
    const got = []
    for (let pid = 1; ; pid ^= 1) {
      const packet = yield* this.packetIn(0, end, what)
      if (packet.answer !== ACK) return { answer: packet.answer, data: EMPTY }
      if (packet.pid !== pid) this.problem(`${what}: DATA${packet.pid}, DATA${pid} is due`)
      if (packet.data.length > this.packet0) {
        this.problem(`${what}: a packet of ${packet.data.length} bytes`)
      }
      got.push(...packet.data)
      if (got.length > length) this.problem(`${what}: ${got.length} bytes of ${length}`)
      if (got.length >= length || packet.data.length < this.packet0) {
        return { answer: ACK, data: new Uint8Array(got) }
      }
    }
  }

  *packetIn(endpoint, end, what) {
    for (;;) {
      const packet = this.usb.in(this.address, endpoint)
      if (packet.answer === ACK) yield this.wire(packet.data.length)
      if (packet.answer === ACK || packet.answer === STALL) return packet
      if (this.clock.nanos > end) {
        this.problem(`${what}: ${packet.answer} for ${TRANSFER_LIMIT / SECOND} s`)
        return packet
      }
      yield NONE_YET
    }
  }

  *packetOut(endpoint, pid, data, end, what) {
    for (;;) {
      const answer = this.usb.out(this.address, endpoint, pid, data)
      if (answer === ACK) yield this.wire(data.length)
      if (answer === ACK || answer === STALL) return answer
      if (this.clock.nanos > end) {
        this.problem(`${what}: ${answer} for ${TRANSFER_LIMIT / SECOND} s`)
        return answer
      }
      yield NONE_YET
    }
  }

  *descriptor(type, index = 0, language = 0, length = 255) {
    return yield* this.control(GET_DESCRIPTOR, (type << 8) | index, language, length)
  }

  // Both sides start again with DATA0.
  *clearHalt(endpoint) {
    const { answer } = yield* this.control(CLEAR_HALT, 0, endpoint)
    if (endpoint & 0x80) this.inToggle[endpoint & 15] = 0
    else this.outToggle[endpoint] = 0
    return answer
  }

  // One packet from a bulk or interrupt endpoint, or null.
  take(endpoint) {
    const packet = this.usb.in(this.address, endpoint)
    if (packet.answer === STALL) this.problem(`IN ${endpoint} stalls`)
    if (packet.answer !== ACK) return null
    if (packet.pid !== this.inToggle[endpoint]) {
      this.problem(`IN ${endpoint}: DATA${packet.pid} is dropped as a repetition`)
      return null
    }
    this.inToggle[endpoint] ^= 1
    return packet.data
  }

  // A transfer to a bulk endpoint, ended by a short packet. False when isAlive()
  // is no longer true.
  *send(endpoint, data, isAlive) {
    const end = data.length % PACKET === 0 ? data.length + 1 : data.length
    for (let at = 0; at < end;) {
      const part = data.subarray(at, Math.min(at + PACKET, data.length))
      const answer = this.usb.out(this.address, endpoint, this.outToggle[endpoint], part)
      if (answer === STALL) {
        this.problem(`OUT ${endpoint} stalls`)
        return false
      }
      if (answer === ACK) {
        this.outToggle[endpoint] ^= 1
        at += PACKET
        yield this.wire(part.length)
      } else {
        yield 20_000
      }
      if (!isAlive()) return false
    }
    return true
  }
}
