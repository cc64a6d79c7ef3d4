// The random number generator, after the time that the chip takes for its bits.
// They come from a seed, so that a failed test can be repeated. It fails on
// demand.
import { Registers } from './registers.js'

const ISR = 0x104
const ICR = 0x108
const VALID = 0x110
const DATA = 0x114
const DATA_END = 0x12c
const SOURCE_ENABLE = 0x12c
const SAMPLE_COUNT = 0x130
const SOFTWARE_RESET = 0x140
const BUSY = 0x1b8
const BITS = 192
const HAS_BITS = 1 // in ISR, as the one below
const CRNGT_ERROR = 4

export class Trng extends Registers {
  data = new Uint32Array(6)
  isValid = false
  isOn = false
  readyAt = 0
  status = 0
  failures = 0 // how many of the next collections fail
  // Called with the address of code that reads bits which are not there.
  onEarlyRead = null

  // random(): below 1.
  constructor(chip, random) {
    super(chip, 'TRNG')
    this.chip = chip
    this.random = random
  }

  fill() {
    for (let i = 0; i < this.data.length; i++) this.data[i] = this.random() * 2 ** 32
  }

  get isFirmware() { // and not the boot ROM
    return this.chip.core[this.chip.currentCore].PC >= 0x8000
  }

  begin() {
    const samples = Math.max(1, this.words[SAMPLE_COUNT >> 2])
    this.isValid = false
    this.readyAt = this.chip.clock.nanos + (BITS * samples * 1e9) / this.chip.clkSys
  }

  collect() {
    if (!this.isOn || this.isValid || this.chip.clock.nanos < this.readyAt) return
    if (this.failures > 0 && this.isFirmware) {
      this.failures--
      this.status |= CRNGT_ERROR
      this.begin()
      return
    }
    this.fill()
    this.isValid = true
    this.status |= HAS_BITS
  }

  readUint32(address) {
    const offset = address & 0xfff
    this.collect()
    if (offset >= DATA && offset < DATA_END) return this.take(offset)
    switch (offset) {
      case ISR: return this.status
      case VALID: return this.isValid ? 1 : 0
      case SOURCE_ENABLE: return this.isOn ? 1 : 0
      case SOFTWARE_RESET: return 0
      case BUSY: return this.isOn && !this.isValid ? 1 : 0
    }
    return super.readUint32(offset)
  }

  // The last word taken begins the next collection.
  take(offset) {
    if (!this.isValid) {
      // The boot ROM reads whatever is there, many times.
      if (this.isFirmware) this.onEarlyRead?.()
      this.fill()
    }
    const value = this.data[(offset - DATA) >> 2]
    if (offset === DATA_END - 4) {
      this.data.fill(0)
      this.begin()
    }
    return value
  }

  writeUint32(offset, value) {
    if (offset === ICR) {
      this.status &= ~value
    } else if (offset === SOURCE_ENABLE) {
      const isOn = (value & 1) !== 0
      if (isOn && !this.isOn) this.begin()
      this.isOn = isOn
    } else if (offset === SOFTWARE_RESET) {
      if (value & 1) this.reset()
    } else {
      super.writeUint32(offset, value)
    }
  }

  reset() {
    super.reset()
    this.words[SAMPLE_COUNT >> 2] = 0xffff
    this.isValid = this.isOn = false
    this.status = 0
  }
}
