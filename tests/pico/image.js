// A firmware image: what its ELF file puts into flash, its symbols, and the
// settings that it was built with.
import fs from 'node:fs'
import path from 'node:path'

const PT_LOAD = 1
const SHT_SYMTAB = 2
const STT_OBJECT = 1
const STT_FUNC = 2
const STT_FILE = 4
const FLASH_START = 0x10000000

export class Image {
  // folder: a build's.
  constructor(folder) {
    this.elf = fs.readFileSync(path.join(folder, 'zephyr/zephyr.elf'))
    this.settings = readSettings(path.join(folder, 'zephyr/.config'))
    this.symbols = this.readSymbols()
  }

  // Each segment at the address that it is loaded to.
  load(flash) {
    const { elf } = this
    const start = elf.readUInt32LE(28)
    for (let n = 0; n < elf.readUInt16LE(44); n++) {
      const at = start + n * elf.readUInt16LE(42)
      const [type, offset, , address, size] = [0, 4, 8, 12, 16].map((o) => elf.readUInt32LE(at + o))
      if (type === PT_LOAD && size > 0) {
        flash.set(elf.subarray(offset, offset + size), address - FLASH_START)
      }
    }
  }

  readSymbols() {
    const { elf } = this
    const section = (n) => {
      const at = elf.readUInt32LE(32) + n * elf.readUInt16LE(46)
      const [, type, , , offset, size, link] = Array.from({ length: 7 }, (_, i) => elf.readUInt32LE(at + 4 * i))
      return { type, offset, size, link }
    }
    const symbols = []
    for (let n = 0; n < elf.readUInt16LE(48); n++) {
      const { type, offset, size, link } = section(n)
      if (type !== SHT_SYMTAB) continue
      const names = section(link).offset
      let file = ''
      for (let at = offset; at < offset + size; at += 16) {
        const nameAt = names + elf.readUInt32LE(at)
        const name = elf.toString('latin1', nameAt, elf.indexOf(0, nameAt))
        const kind = elf[at + 12] & 15
        if (kind === STT_FILE) file = name
        symbols.push({ name, kind, file, address: elf.readUInt32LE(at + 4), size: elf.readUInt32LE(at + 8) })
      }
    }
    return symbols
  }

  functionAt(address) {
    const at = address & ~1
    return this.symbols.find((s) => s.kind === STT_FUNC && at >= (s.address & ~1) &&
      at < (s.address & ~1) + s.size)
  }

  objectAt(address) {
    return this.symbols.find((s) => s.kind === STT_OBJECT && address >= s.address &&
      address < s.address + s.size)
  }

  symbol(name) {
    const found = this.symbols.filter((s) => s.name === name)
    if (found.length !== 1) throw new Error(`${found.length} symbols ${name}`)
    return found[0]
  }
}

// {name: value} of Kconfig: numbers and texts as such, y as true.
function readSettings(file) {
  const settings = {}
  for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
    const found = /^CONFIG_(\w+)=(.*)$/.exec(line)
    if (found) settings[found[1]] = found[2] === 'y' ? true : JSON.parse(hexless(found[2]))
  }
  return settings
}

const hexless = (text) => /^0x/.test(text) ? String(Number(text)) : text
