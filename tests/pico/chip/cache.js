// The cache between the processors and the flash: 16 KB, two ways, lines of 8
// bytes. It counts what it has to fetch; the emulator itself reads the flash at
// once. Which of two lines is given up is not documented: here the one that was
// used less recently.

const LINE_BITS = 3
const SETS = 1024

export class Cache {
  tags = new Int32Array(2 * SETS).fill(-1)
  older = new Uint8Array(SETS) // the way that goes next
  fetched = 0 // bytes

  // An access to the flash, by its address.
  touch(address) {
    const line = (address & 0xffffff) >>> LINE_BITS
    const set = line % SETS
    const way = 2 * set
    if (this.tags[way] === line) {
      this.older[set] = 1
    } else if (this.tags[way + 1] === line) {
      this.older[set] = 0
    } else {
      const goes = this.older[set]
      this.tags[way + goes] = line
      this.older[set] = 1 - goes
      this.fetched += 1 << LINE_BITS
    }
  }

  // After the flash was changed, or was out of its fast mode.
  empty() {
    this.tags.fill(-1)
  }
}
