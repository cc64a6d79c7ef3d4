// The board's serial flash (4 MB, as a W25Q32) and the controller it hangs on,
// in direct mode: commands byte by byte. What a real chip refuses, or what would
// destroy data, is reported. Erasing and programming take their time, and when
// power goes meanwhile, what was changed is half done.
import { Registers } from './registers.js'

const PAGE = 256
const SECTOR = 4096
const PAGE_NANOS = 400_000
const SECTOR_NANOS = 45_000_000
const BLOCK_NANOS = 150_000_000

const READ_STATUS = [0x05, 0x35, 0x15]
const QUAD_ENABLED = 0x02
const ID = [0xef, 0x40, 0x16]
const UNIQUE_ID = [0xe4, 0x63, 0x50, 0x12, 0x34, 0x56, 0x78, 0x9a]

export class Flash {
  size = 4 << 20
  sent = [] // bytes of the command under way
  isSelected = false
  canWrite = false
  busyUntil = 0
  // Called before a change with {address, size, isErase}.
  onChange = null
  // Called when someone asks a chip that is busy whether it is.
  onPoll = null
  erases = 0
  programs = 0
  last = null // {at, old}: what the operation under way changes

  // bytes: the chip's; now(): nanoseconds; report(text): something is wrong.
  constructor(bytes, now, report) {
    this.bytes = bytes
    this.now = now
    this.report = report
  }

  get isBusy() {
    return this.now() < this.busyUntil
  }

  get operations() {
    return this.erases + this.programs
  }

  select(on) {
    if (on && !this.isSelected) this.sent = []
    if (!on && this.isSelected) this.end()
    this.isSelected = on
  }

  // One byte each way.
  exchange(byte) {
    const n = this.sent.length
    const command = n ? this.sent[0] : byte
    this.sent.push(byte & 255)
    if (this.isBusy && !READ_STATUS.includes(command)) return 0xff
    if (n === 0) return 0xff
    const at = (first) => this.bytes[(this.address + n - first) & (this.size - 1)]
    switch (command) {
      case 0x05:
        if (this.isBusy) this.onPoll?.()
        return (this.isBusy ? 1 : 0) | (this.canWrite ? 2 : 0)
      case 0x35: return QUAD_ENABLED
      case 0x15: return 0
      case 0x9f: return n <= 3 ? ID[n - 1] : 0xff
      case 0x4b: return n >= 5 ? UNIQUE_ID[(n - 5) % 8] : 0xff
      case 0x03: return n >= 4 ? at(4) : 0xff
      case 0x0b: return n >= 5 ? at(5) : 0xff
    }
    return 0xff
  }

  get address() {
    return ((this.sent[1] << 16) | (this.sent[2] << 8) | this.sent[3]) & (this.size - 1)
  }

  // The chip is deselected: the command counts.
  end() {
    const command = this.sent[0]
    if (command === undefined || READ_STATUS.includes(command)) return
    if (this.isBusy) {
      this.report(`flash: command ${command.toString(16)} while it is busy`)
      return
    }
    switch (command) {
      case 0x06: this.canWrite = true; break
      case 0x04: this.canWrite = false; break
      case 0x20: this.erase(SECTOR, SECTOR_NANOS); break
      case 0x52: this.erase(32 << 10, BLOCK_NANOS); break
      case 0xd8: this.erase(64 << 10, BLOCK_NANOS); break
      case 0x02: this.program(); break
    }
  }

  begin(at, size, nanos, isErase) {
    if (!this.canWrite) {
      this.report('flash: it is to change, but writing is not enabled')
      return false
    }
    this.onChange?.({ address: at, size, isErase })
    this.last = { at, old: this.bytes.slice(at, at + size) }
    this.canWrite = false
    this.busyUntil = this.now() + nanos
    return true
  }

  erase(size, nanos) {
    const at = this.address & ~(size - 1)
    if (this.sent.length !== 4) {
      this.report(`flash: ${this.sent.length} bytes of an erase command`)
    } else if (this.begin(at, size, nanos, true)) {
      this.bytes.fill(0xff, at, at + size)
      this.erases++
    }
  }

  program() {
    const from = this.address
    const page = from & ~(PAGE - 1)
    if (!this.begin(page, PAGE, PAGE_NANOS, false)) return
    let lost = 0
    for (let i = 4; i < this.sent.length; i++) {
      const at = page | ((from + i - 4) & (PAGE - 1))
      if ((this.bytes[at] & this.sent[i]) !== this.sent[i] && this.sent[i] !== 0xff) lost++
      this.bytes[at] &= this.sent[i]
    }
    if (lost) {
      this.report(`flash: programming at ${from.toString(16)}, ${lost} bytes were not erased`)
    }
    this.programs++
  }

  // Power goes. random(): below 1. Each byte of what was under way is old, new
  // or a mixture of both.
  cut(random) {
    this.isSelected = this.canWrite = false
    if (this.isBusy && this.last) {
      const { at, old } = this.last
      for (let i = 0; i < old.length; i++) {
        const kind = random()
        const mask = kind < 0.4 ? 0 : kind < 0.6 ? Math.floor(random() * 256) : 255
        this.bytes[at + i] = (this.bytes[at + i] & mask) | (old[i] & ~mask & 255)
      }
    }
    this.busyUntil = 0
  }
}

const DIRECT_CSR = 0
const DIRECT_TX = 4
const DIRECT_RX = 8
const ENABLED = 1 << 0
const ASSERT_CS0 = 1 << 2
const AUTO_CS0 = 1 << 6
const TX_EMPTY = 1 << 11
const RX_EMPTY = 1 << 16
const RX_FULL = 1 << 17
const STATUS = 0x001f7c02
const NO_PUSH = 1 << 20 // in DIRECT_TX, as the one below
const TWO_BYTES = 1 << 18
const FIFO_SIZE = 4

// As it is after a reset, by the datasheet.
const START = {
  0x00: 0x01800000,
  0x0c: 0x40000004, 0x10: 0x1000, 0x14: 0xa003, 0x18: 0x1000, 0x1c: 0xa002,
  0x20: 0x40000004, 0x24: 0x1000, 0x28: 0xa003, 0x2c: 0x1000, 0x30: 0xa002,
  0x34: 0x04000000, 0x38: 0x04000400, 0x3c: 0x04000800, 0x40: 0x04000c00,
  0x44: 0x04000000, 0x48: 0x04000400, 0x4c: 0x04000800, 0x50: 0x04000c00,
}

export class Qmi extends Registers {
  received = []
  toSend = []
  isDirect = false

  // onMode(): direct mode began or ended.
  constructor(chip, flash, report, onMode) {
    super(chip, 'QMI', { start: START })
    this.flash = flash
    this.report = report
    this.onMode = onMode
  }

  readUint32(offset) {
    const { received } = this
    if ((offset & 0xfff) === DIRECT_RX) return received.shift() ?? 0
    if ((offset & 0xfff) !== DIRECT_CSR) return super.readUint32(offset)
    return ((this.words[0] & ~STATUS) | TX_EMPTY | (received.length ? 0 : RX_EMPTY) |
      (received.length >= FIFO_SIZE ? RX_FULL : 0) |
      (Math.min(received.length, 7) << 18)) >>> 0
  }

  writeUint32(offset, value) {
    if (offset === DIRECT_CSR) {
      this.words[0] = value
      this.flash.select((value & ASSERT_CS0) !== 0)
      this.isDirect = (value & ENABLED) !== 0
      if (this.isDirect) this.drain()
      else this.received = []
      this.onMode()
    } else if (offset === DIRECT_TX) {
      this.toSend.push(value >>> 0)
      if (this.toSend.length > FIFO_SIZE) this.report('QMI: DIRECT_TX overflows')
      if (this.isDirect) this.drain()
    } else {
      super.writeUint32(offset, value)
    }
  }

  drain() {
    const { flash } = this
    const isAuto = (this.words[0] & AUTO_CS0) !== 0
    for (const word of this.toSend.splice(0)) {
      if (isAuto) flash.select(true)
      let answer = 0xffff
      if ((word >> 16) & 3) {
        // Two or four wires: the boot ROM leaves continuous reading so.
        if (flash.isSelected) flash.sent = [0xff]
      } else {
        answer = flash.exchange(word & 255)
        if (word & TWO_BYTES) answer |= flash.exchange((word >> 8) & 255) << 8
      }
      if (isAuto && !(this.words[0] & ASSERT_CS0)) flash.select(false)
      if (!(word & NO_PUSH)) this.received.push(answer)
    }
  }
}
