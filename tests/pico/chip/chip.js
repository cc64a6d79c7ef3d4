// An RP2350 with what a Zephyr image needs: the emulator's chip, in which the
// parts that it lacks or simplifies are replaced. Everything that a real chip
// would not forgive is reported.
import { RP2350 } from 'rp2350js/rp2350'
import { Cache } from './cache.js'
import { Core } from './core.js'
import { Flash, Qmi } from './flash.js'
import { Ppb } from './ppb.js'
import { Registers } from './registers.js'
import { Trng } from './trng.js'
import { Usb } from './usb.js'

const SYSTEM_HZ = 150e6
const WATCHDOG_HZ = 1e6 // the RP2040 counted twice as fast, by an error
const FLASH_START = 0x10000000
const RAM_START = 0x20000000
const ROM_SIZE = 0x8000
const UNCACHED = 0x14000000 // from here on, the flash past its cache
const MAINTENANCE = 0x18000000 // writing here invalidates lines of the cache
const DPRAM = 0x50100000
const BOOT_NANOS = 1.1e6 // the boot ROM reads while it looks for the flash's mode

const RESET_USB = 1 << 28
const RESET_TRNG = 1 << 25
const CHIP_RESET = 0x2c // in POWMAN

// Why the power manager says that the chip was reset.
export const POWER_ON = 1 << 16
export const RESET_PIN = 1 << 18
// That says nothing there, but in the watchdog's own register.
export const WATCHDOG = 0

const isFlash = (address) => address >= FLASH_START && address < RAM_START

export class Chip extends RP2350 {
  problems = []
  resetAt = 0
  // Called with each byte on the serial console.
  onByte = null
  // Called with {exception, pc} when the processor faults.
  onFault = null
  cache = null // counts from when it is there

  // random(): below 1, from a seed.
  constructor(random) {
    super({ coreArch: 'arm' })
    this.random = random
    // The emulator logs each register that it does not know.
    this.logger = { debug() {}, info() {}, warn() {}, error() {} }
    this.report = (text) => {
      const at = `${(this.clock.nanos / 1e6).toFixed(3)} ms, pc ${this.core[0].PC.toString(16)}`
      if (this.problems.length < 100) this.problems.push(`${text} (${at})`)
    }
    this.clkSys = this.clkPeri = SYSTEM_HZ
    this.ppb = new Ppb(this, 'PPB')
    this.ppb.onReset = () => this.resetProcessor()
    this.core[0] = new Core(this, 'core0', 0)
    this.core[1] = new Core(this, 'core1', 1)
    this.core[0].otherCore = this.core[1]
    this.core[1].otherCore = this.core[0]
    this.core[0].onFault = (exception) =>
      this.onFault?.({ exception, pc: this.core[0].currentInstrAddr })
    this.flashChip = new Flash(this.flash.subarray(0, 4 << 20), () => this.clock.nanos, this.report)
    this.flashChip.onPoll = () => this.waitForFlash()
    this.addPeripherals()
    this.addMemory()
    this.addConsole()
    this.watchdog.timer.frequency = WATCHDOG_HZ
    this.watchdog.onWatchdogTrigger = () => { this.wantsReset = WATCHDOG }
    this.reset()
  }

  setInterrupt(irq, up) {
    for (const core of this.core) core.setInterrupt?.(irq, up)
  }

  // --- Parts ---

  addPeripherals() {
    const parts = this.peripherals
    const add = (page, name, options) => { parts[page] = new Registers(this, name, options) }
    const pll = {
      start: { 0: 1, 4: 0x2d, 0xc: 0x77000 },
      read: (offset, value) => offset === 0 ? value | 0x80000000 : value, // locked
    }
    add(0x40048, 'XOSC', { read: (offset, value) => offset === 4 ? 0x80001000 : value })
    add(0x400e8, 'ROSC', {
      read: (offset, value) => offset === 0x18 || offset === 0x1c ? 0x80001000 : value,
    })
    add(0x40050, 'PLL_SYS', pll)
    add(0x40058, 'PLL_USB', pll)
    add(0x40010, 'CLOCKS', { read: readClocks })
    add(0x40060, 'ACCESSCTRL')
    add(0x40068, 'BUSCTRL')
    add(0x40030, 'IO_QSPI')
    add(0x400c0, 'HSTX_CTRL')
    add(0x400c8, 'XIP_CTRL', {
      start: { 0: 0x83 },
      read: (offset, value) => offset === 8 ? 2 : value,
    })
    add(0x40108, 'TICKS', { // running as soon as it is enabled
      read: (offset, value) => offset % 12 === 0 && value & 1 ? value | 2 : value,
    })
    add(0x40158, 'GLITCH_DETECTOR')
    add(0x40140, 'CORESIGHT')
    add(0x40100, 'POWMAN', { start: { [CHIP_RESET]: POWER_ON }, wrote: writePowman })
    add(0x40020, 'RESETS', {
      start: { 0: 0x1fffffff },
      read: (offset, value, words) => offset === 8 ? ~words[0] & 0x1fffffff : value,
      wrote: (offset, value, words) => {
        const begins = offset === 0 ? value & ~words[0] : 0
        if (begins & RESET_USB) this.usb.reset()
        if (begins & RESET_TRNG) this.trng.reset()
      },
    })
    this.trng = parts[0x400f0] = new Trng(this, this.random)
    this.trng.onEarlyRead = () => this.report('TRNG: bits were read before they were there')
    this.usb = parts[0x50110] = new Usb(this, this.report)
    this.usbCtrl = this.usb
    this.qmi = parts[0x400d0] = new Qmi(this, this.flashChip, this.report, () => this.watchFlash())
  }

  // Memory as fast as it can be read here, with what is wrong reported. (The
  // emulator's functions become members, because cores call them so.)
  addMemory() {
    const { sram, sram16, sram32, flash, flash16, flash32 } = this
    const rom16 = new Uint16Array(this.bootrom.buffer)
    const ramEnd = RAM_START + sram.length
    const readOther = RP2350.prototype.readUint32
    const writeOther = RP2350.prototype.writeUint32
    const read = {
      readUint32: (address) => {
        const a = address >>> 0
        if ((a & 3) === 0 && a >= FLASH_START && a < ramEnd) {
          return a >= RAM_START ? sram32[(a - RAM_START) >>> 2] : flash32[(a & 0xffffff) >>> 2]
        }
        return readOther.call(this, a)
      },
      readUint16: (address) => {
        const a = address >>> 0
        if (a >= FLASH_START && a < ramEnd) {
          return a >= RAM_START ? sram16[(a - RAM_START) >>> 1] : flash16[(a & 0xffffff) >>> 1]
        }
        if (a < ROM_SIZE) return rom16[a >>> 1]
        const word = readOther.call(this, (a & ~3) >>> 0)
        return a & 2 ? word >>> 16 : word & 0xffff
      },
      readUint8: (address) => {
        const a = address >>> 0
        if (a >= FLASH_START && a < ramEnd) {
          return a >= RAM_START ? sram[a - RAM_START] : flash[a & 0xffffff]
        }
        return (readOther.call(this, (a & ~3) >>> 0) >>> ((a & 3) * 8)) & 255
      },
    }
    // The same, told of each access to the flash.
    const watched = {}
    for (const [name, function_] of Object.entries(read)) {
      watched[name] = (address) => {
        if (isFlash(address >>> 0)) this.touchFlash(address >>> 0, 'data')
        return function_(address)
      }
    }
    this.access = { read, watched }
    Object.assign(this, read)
    const checked = (write) => (address, value) => {
      const a = address >>> 0
      if (isFlash(a)) this.storeToFlash(a)
      return write(a, value)
    }
    this.writeUint8 = checked(RP2350.prototype.writeUint8.bind(this))
    this.writeUint16 = checked(RP2350.prototype.writeUint16.bind(this))
    this.writeUint32 = checked((a, value) => {
      if (a >= RAM_START && a < ramEnd && (a & 3) === 0) {
        sram32[(a - RAM_START) >>> 2] = value
      } else if (a >= DPRAM + 0x1000 && a < DPRAM + 0x4000) {
        // The aliases that toggle, set and clear bits of the USB memory.
        const at = DPRAM | (a & 0xfff)
        const old = this.readUint32(at)
        const kind = (a >> 12) & 3
        const next = kind === 1 ? old ^ value : kind === 2 ? old | value : old & ~value
        writeOther.call(this, at, next >>> 0)
      } else {
        writeOther.call(this, a, value)
      }
    })
  }

  // The transmitter takes its time and holds 32 characters.
  addConsole() {
    const uart = this.uart[0]
    const write = uart.writeUint32
    let emptyAt = 0
    const nanos = () => (uart.baudDivider ? 10e9 * uart.baudDivider * 16 / this.clkPeri : 86_800)
    const level = () => Math.max(0, Math.ceil((emptyAt - this.clock.nanos) / nanos()))
    Object.defineProperty(uart, 'flags', {
      get: () => (uart.rxFIFO.full ? 0x40 : 0) | (uart.rxFIFO.empty ? 0x10 : 0) |
        (level() >= 33 ? 0x20 : 0) | (level() <= 1 ? 0x80 : 0) | (level() ? 8 : 0),
    })
    uart.writeUint32 = (offset, value) => {
      if (offset === 0) {
        if (level() >= 34) this.report('UART: a character is lost, the transmitter is full')
        else this.onByte?.(value & 255)
        emptyAt = Math.max(emptyAt, this.clock.nanos) + nanos()
      } else if (offset !== 0x34 && offset !== 0x48) { // levels of its buffers, DMA
        write.call(uart, offset, value)
      }
    }
  }

  // --- The flash and who reads it ---

  get isInBoot() {
    return this.core[0].PC < ROM_SIZE && this.clock.nanos < this.resetAt + BOOT_NANOS
  }

  // While the flash takes commands or is busy, nobody can read it.
  watchFlash() {
    const isClosed = (this.qmi.isDirect || this.flashChip.isBusy) && !this.isInBoot
    if (this.isClosed && !isClosed) this.cache?.empty()
    this.isClosed = isClosed
    const isWatched = isClosed || this.cache !== null
    Object.assign(this, isWatched ? this.access.watched : this.access.read)
    this.core[0].onInstruction = isWatched
      ? (pc) => { if (isFlash(pc)) this.touchFlash(pc, 'code') }
      : null
  }

  touchFlash(address, kind) {
    if (this.isClosed && address < MAINTENANCE) {
      this.report(`${kind} in the flash at ${address.toString(16)}, which can't be read now`)
    } else if (address < UNCACHED) {
      this.cache?.touch(address)
    }
  }

  // A real chip ignores it, so nobody would notice.
  storeToFlash(address) {
    if (address < MAINTENANCE) this.report(`a store to the flash at ${address.toString(16)}`)
  }

  countFetches() {
    this.cache = new Cache()
    this.watchFlash()
  }

  // --- Time ---

  // A reset of the whole chip; memory stays, unless there was no power.
  resetAll(why) {
    this.resetAt = this.clock.nanos
    const powman = this.peripherals[0x40100]
    for (const part of Object.values(this.peripherals)) {
      if (part instanceof Registers && part !== powman) part.reset()
    }
    if (why) powman.words[CHIP_RESET >> 2] = why
    this.usb.reset()
    const { reason } = this.watchdog
    this.watchdog.reset()
    // Only the watchdog's own resets are named there afterwards.
    this.watchdog.reason = why ? 0 : reason
    const bootRam = this.peripherals[0x400e0]
    bootRam.spinLock = 0
    bootRam.write_once = [0, 0]
    this.peripherals[0x40018].frceOff = 0
    for (const uart of this.uart) {
      uart.ctrlRegister = 0x300
      uart.interruptMask = uart.interruptStatus = 0
    }
    for (const page of [0x400b0, 0x400b8]) {
      this.peripherals[page].intEnable = this.peripherals[page].intRaw = 0
    }
    this.isClosed = false
    this.watchFlash()
    this.reset()
  }

  // What a debugger may do: the first processor alone starts again, and nothing
  // else knows of it. The salt of its redundancy coprocessor stays.
  resetProcessor() {
    const state = this.ppb.coreState[0]
    const { rcpSalt, rcpSaltValid } = state
    this.resetAt = this.clock.nanos
    this.core[0].reset()
    Object.assign(state, { rcpSalt, rcpSaltValid })
  }

  // Without power memory is lost, and the flash stops in what it did.
  powerCycle() {
    this.flashChip.cut(this.random)
    for (let i = 0; i < this.sram32.length; i++) this.sram32[i] = this.random() * 2 ** 32
    this.watchdog.scratchData.fill(0)
    this.wantsReset = POWER_ON
  }

  // The boot ROM asks the flash over and over, with interrupts off: nothing is
  // missed when time passes without that. What else happens, does.
  waitForFlash() {
    const { clock, flashChip } = this
    while (flashChip.isBusy && this.wantsReset === undefined) {
      const next = clock.nextAlarm?.nanos ?? Infinity
      clock.tick(Math.min(next, flashChip.busyUntil) - clock.nanos)
    }
  }

  // Runs until isDone(), which is asked at each event and every thousand
  // instructions.
  run(isDone) {
    const [first, second] = this.core
    const { clock } = this
    const cycle = 1e9 / SYSTEM_HZ
    for (let n = 0; ; n++) {
      const next = clock.nextAlarm
      if (first.waiting && second.waiting) {
        if (!next) throw new Error('the chip sleeps, and nothing will wake it')
        const nanos = Math.max(next.nanos - clock.nanosCounter, cycle)
        first.cycles += Math.floor(nanos / cycle)
        second.cycles = first.cycles
        clock.tick(nanos)
        n = 1023
      } else {
        this.currentCore = 0
        const cycles = first.executeInstruction() // which may let time pass, too
        clock.nanosCounter += cycles * cycle
        if (second.waiting) {
          second.cycles = first.cycles
        } else {
          this.currentCore = 1
          while (second.cycles < first.cycles && !second.waiting) second.executeInstruction()
          this.currentCore = 0
        }
        if (next !== null && next.nanos <= clock.nanosCounter) {
          clock.tick(0)
          n = 1023
        }
      }
      if (this.wantsReset !== undefined) {
        const why = this.wantsReset
        this.wantsReset = undefined
        this.resetAll(why)
      }
      if ((n & 1023) === 1023 && isDone()) return
    }
  }
}

// CTRL at 0, DIV at 4, SELECTED at 8 for each of ten clocks.
function readClocks(offset, value, words) {
  if (offset < 0x78 && offset % 12 === 8) {
    const control = words[(offset - 8) >> 2]
    const clock = Math.floor(offset / 12)
    return clock === 4 ? 1 << (control & 3) : clock === 5 ? 1 << (control & 1) : 1
  }
  return offset === 0xa4 ? 0x11 : value
}

// A password guards the upper half; why the last reset was can't be written.
function writePowman(offset, value, words) {
  return offset === CHIP_RESET ? words[CHIP_RESET >> 2] : value & 0xffff
}
