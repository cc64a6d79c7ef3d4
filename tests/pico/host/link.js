// The host's driver of a USB network adapter: CDC-ECM, one frame a transfer, or
// CDC-NCM, frames in blocks with tables.
import { SET_INTERFACE } from './bus.js'
import { NCM } from './enumerate.js'
import { MS } from './tasks.js'

const SET_PACKET_FILTER = [0x21, 0x43]
const GET_NTB_PARAMETERS = [0xa1, 0x80]
const SET_NTB_INPUT_SIZE = [0x21, 0x86]
const FILTER = 0x0e // directed, broadcast, multicast to all
const POLL = 40_000
const MAX_TRANSFER = 16384
const MAX_FRAME = 1514
const NTH16 = 'NCMH'
const NDP16 = 'NCM0'

export class Link {
  isUp = false
  notifications = []
  // Called with each frame from the device.
  onFrame = null
  received = 0
  sent = 0
  outgoing = []
  tasks = []
  sequence = 0

  constructor(bus, info) {
    this.bus = bus
    this.info = info
    this.isNcm = info.subclass === NCM
  }

  // As Linux does: alternate 0, then 1, then what frames are wanted.
  *start() {
    const { bus, info } = this
    yield* this.demand(SET_INTERFACE, 0, info.dataInterface)
    if (this.isNcm) yield* this.startNcm()
    yield* this.demand(SET_INTERFACE, 1, info.dataInterface)
    bus.inToggle[info.in] = bus.outToggle[info.out] = 0
    yield* this.demand(SET_PACKET_FILTER, FILTER, info.controlInterface)
    this.go()
  }

  *startNcm() {
    const { bus, info } = this
    const { data } = yield* bus.control(GET_NTB_PARAMETERS, 0, info.controlInterface, 28)
    const view = Buffer.from(data)
    if (data.length !== 28 || view.readUInt16LE(0) !== 28 || !(view.readUInt16LE(2) & 1)) {
      bus.problem(`NTB parameters ${view.toString('hex')}`)
      return
    }
    const size = Buffer.alloc(4)
    size.writeUInt32LE(view.readUInt32LE(4))
    const { answer } = yield* bus.control(SET_NTB_INPUT_SIZE, 0, info.controlInterface, 4, size)
    if (answer !== 'ACK') bus.problem(`SET_NTB_INPUT_SIZE: ${answer}`)
  }

  *demand(request, value, index) {
    const { answer } = yield* this.bus.control(request, value, index)
    if (answer !== 'ACK') this.bus.problem(`request ${request}: ${answer}`)
  }

  // Polls the endpoints, from now on.
  go() {
    this.stop()
    this.isUp = true
    const start = (task) => this.tasks.push(this.bus.tasks.start(task))
    start(this.receive())
    start(this.transmit())
    start(this.listen())
  }

  stop() {
    this.isUp = false
    for (const task of this.tasks.splice(0)) task.stop()
  }

  *receive() {
    const { bus, info } = this
    let parts = []
    let length = 0
    for (;;) {
      const packet = bus.take(info.in)
      if (packet === null) {
        yield POLL
        continue
      }
      yield bus.wire(packet.length)
      parts.push(packet)
      length += packet.length
      if (packet.length === 64 && length < MAX_TRANSFER) continue
      if (length >= MAX_TRANSFER) bus.problem('a transfer does not end')
      if (length > 0) this.unwrap(Buffer.concat(parts))
      parts = []
      length = 0
    }
  }

  unwrap(transfer) {
    const frames = this.isNcm ? this.framesOf(transfer) : [transfer]
    for (const frame of frames) {
      if (frame.length > MAX_FRAME || frame.length < 14) {
        this.bus.problem(`a frame of ${frame.length} bytes`)
      }
      this.received++
      this.onFrame?.(frame)
    }
  }

  // NCM 1.0, 3.2 and 3.3: a header, and a table that ends with zeros.
  framesOf(block) {
    const frames = []
    if (block.toString('latin1', 0, 4) !== NTH16 || block.readUInt16LE(4) !== 12 ||
        block.readUInt16LE(8) !== block.length) {
      this.bus.problem(`NCM block ${block.toString('hex', 0, 12)}, ${block.length} bytes`)
      return frames
    }
    const table = block.readUInt16LE(10)
    if (block.toString('latin1', table, table + 4) !== NDP16 || table % 4) {
      this.bus.problem(`NCM table at ${table}`)
      return frames
    }
    for (let at = table + 8; at + 4 <= table + block.readUInt16LE(table + 4); at += 4) {
      const from = block.readUInt16LE(at)
      const length = block.readUInt16LE(at + 2)
      if (from === 0 || length === 0) break
      frames.push(block.subarray(from, from + length))
    }
    return frames
  }

  *transmit() {
    for (;;) {
      const frame = this.outgoing[0]
      if (frame === undefined) {
        yield POLL
        continue
      }
      yield* this.sendNow(frame)
      this.outgoing.shift()
    }
  }

  *sendNow(frame) {
    const transfer = this.isNcm ? this.blockOf(frame) : frame
    yield* this.bus.send(this.info.out, transfer, () => true)
    this.sent++
  }

  blockOf(frame) {
    const block = Buffer.alloc(12 + 16 + frame.length)
    block.write(NTH16, 0, 'latin1')
    block.writeUInt16LE(12, 4)
    block.writeUInt16LE(this.sequence++ & 0xffff, 6)
    block.writeUInt16LE(block.length, 8)
    block.writeUInt16LE(12, 10)
    block.write(NDP16, 12, 'latin1')
    block.writeUInt16LE(16, 16)
    block.writeUInt16LE(28, 20)
    block.writeUInt16LE(frame.length, 22)
    block.set(frame, 28)
    return block
  }

  *listen() {
    for (;;) {
      const packet = this.bus.take(this.info.notify)
      if (packet !== null) this.notifications.push(Buffer.from(packet))
      yield 8 * MS
    }
  }

  send(frame) {
    this.outgoing.push(frame)
  }
}
