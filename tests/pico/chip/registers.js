// Registers that keep what is written to them, with the aliases that set, clear
// and toggle bits. `start` are the values after a reset, by offset; `read` and
// `wrote` change what is read and stored.
import { BasePeripheral } from 'rp2350js/peripherals/peripheral'

const apply = [
  (_old, value) => value,
  (old, value) => old ^ value,
  (old, value) => old | value,
  (old, value) => old & ~value,
]

export class Registers extends BasePeripheral {
  words = new Uint32Array(1024)

  constructor(chip, name, { start = {}, read = null, wrote = null } = {}) {
    super(chip, name)
    this.start = start
    this.read = read
    this.wrote = wrote
    this.reset()
  }

  reset() {
    this.words.fill(0)
    for (const [offset, value] of Object.entries(this.start)) this.words[offset >> 2] = value
  }

  readUint32(offset) {
    const value = this.words[(offset & 0xfff) >> 2]
    return (this.read ? this.read(offset & 0xfff, value, this.words) : value) >>> 0
  }

  writeUint32(offset, value) {
    const stored = this.wrote?.(offset, value >>> 0, this.words)
    this.words[(offset & 0xfff) >> 2] = stored ?? value
  }

  writeUint32Atomic(offset, value, kind) {
    const old = kind ? this.readUint32(offset) : 0
    this.writeUint32(offset, apply[kind](old, value) >>> 0)
  }
}
