// The private peripheral bus of the processor: SysTick by the system's clock,
// the places of the priorities, and the reset that the processor asks for.
import { RPPPB2350 } from 'rp2350js/peripherals/ppb_rp2350'

const ICTR = 0xe004
const SYST_CSR = 0xe010
const SYST_RVR = 0xe014
const SYST_CVR = 0xe018
const SYST_CALIB = 0xe01c
const ITNS = [0xe380, 0xe3c0] // from, to: to which state interrupts belong
const IPR = [0xe400, 0xe434] // the priorities of the 52 interrupts
const IPR_REST = [0xe434, 0xe5f0]
const ICSR = 0xed04
const AIRCR = 0xed0c
const SHPR1 = 0xed18
const CFSR = 0xed28
const FAULT_STATUS = [0xed30, 0xed50] // where a fault was, what the core can do
const NSACR = 0xed8c
const MPU_ALIASES = [0xeda4, 0xedc0]
const DHCSR = 0xedf0
const DEMCR = 0xedfc
const STIR = 0xef00
const CACHE_MAINTENANCE = [0xef50, 0xef80]
const DWT_CTRL = 0x1000
const DWT_CYCCNT = 0x1004

const within = (offset, [from, to]) => offset >= from && offset < to

// A 24-bit counter down to 0, and again from the value that is to be reloaded.
class SysTick {
  constructor(clock, frequency, onZero) {
    this.clock = clock
    this.nanosPerTick = 1e9 / frequency
    this.onZero = onZero
    this.alarm = clock.createAlarm(() => this.zero())
    this.reset()
  }

  reset() {
    this.alarm.cancel()
    this.isOn = this.interrupts = this.counted = false
    this.source = this.reload = this.next = this.held = this.since = 0
  }

  get value() {
    if (!this.isOn) return this.held
    const gone = Math.floor((this.clock.nanos - this.since) / this.nanosPerTick + 1e-6)
    return gone <= 0 ? 0 : Math.max(0, this.reload + 1 - gone)
  }

  get period() {
    return (this.reload + 1) * this.nanosPerTick
  }

  plan() {
    this.alarm.cancel()
    if (this.isOn && this.reload > 0) {
      this.alarm.schedule(Math.max(0, this.since + this.period - this.clock.nanos))
    }
  }

  zero() {
    this.counted = true
    this.since += this.period
    this.reload = this.next
    if (this.interrupts) this.onZero()
    this.plan()
  }

  set control(value) {
    const turnOn = (value & 1) !== 0
    if (this.isOn && !turnOn) {
      this.held = this.value
      this.isOn = false
    } else if (!this.isOn && turnOn) {
      this.reload = this.next
      const gone = this.held ? this.reload + 1 - this.held : 0
      this.since = this.clock.nanos - gone * this.nanosPerTick
      this.isOn = true
    }
    this.interrupts = (value & 2) !== 0
    this.source = value & 4
    this.plan()
  }

  get control() {
    const value = (this.counted ? 1 << 16 : 0) | this.source |
      (this.interrupts ? 2 : 0) | (this.isOn ? 1 : 0)
    this.counted = false
    return value
  }

  // Any value that is written clears the counter.
  restart() {
    this.held = 0
    this.counted = false
    this.reload = this.next
    this.since = this.clock.nanos
    this.plan()
  }
}

export class Ppb extends RPPPB2350 {
  // Called when the processor asks for a reset.
  onReset = null

  constructor(chip, name) {
    super(chip, name)
    this.chip = chip
    this.ticks = [0, 1].map((core) => new SysTick(chip.clock, chip.clkSys, () => {
      this.coreState[core].pendingSystick = true
      chip.core[core].interruptsUpdated = true
      chip.core[core].wake()
    }))
  }

  resetSysTick(core) {
    this.ticks[core].reset()
  }

  readUint32ViaCore(offset, core) {
    const state = this.coreState[core]
    const tick = this.ticks[core]
    switch (offset) {
      case SYST_CSR: return tick.control
      case SYST_RVR: return tick.next
      case SYST_CVR: return tick.value
      case SYST_CALIB: return 0
      case ICTR: return 1
      case AIRCR: return 0xfa050000
      case SHPR1: return (state.shpr1 ?? 0) >>> 0
      case DEMCR: return state.demcr ?? 0
      case DHCSR: return 0 // no debugger
      case DWT_CTRL: return state.dwtControl ?? 0x40000000
      case DWT_CYCCNT: return this.chip.core[core].cycles >>> 0
      case NSACR: return 0
    }
    if (within(offset, FAULT_STATUS) || within(offset, ITNS) || within(offset, IPR_REST)) {
      return 0
    }
    if (within(offset, IPR)) {
      let value = 0
      for (let k = 0; k < 4; k++) {
        value |= state.nvicPriority[offset - IPR[0] + k] << (8 * k + 4)
      }
      return value >>> 0
    }
    return super.readUint32ViaCore(offset, core)
  }

  writeUint32ViaCore(offset, value, core) {
    const state = this.coreState[core]
    const tick = this.ticks[core]
    const cpu = this.chip.core[core]
    cpu.interruptsUpdated = true
    switch (offset) {
      case SYST_CSR: tick.control = value; return
      case SYST_RVR: tick.next = value & 0xffffff; return
      case SYST_CVR: tick.restart(); return
      case ICSR: this.writeIcsr(state, value); return
      case AIRCR:
        if (value >>> 16 === 0x05fa && value & 4) this.onReset?.()
        return
      case SHPR1: state.shpr1 = value >>> 0; return
      case DEMCR: state.demcr = value; return
      case DWT_CTRL: state.dwtControl = value; return
      case CFSR: state.cfsr &= ~value; return
      case STIR:
        state.nvicPending[(value & 0x1ff) >>> 5] |= 1 << (value & 31)
        return
      case DWT_CYCCNT: case NSACR: return
    }
    if (within(offset, FAULT_STATUS) || within(offset, ITNS) ||
        within(offset, IPR_REST) || within(offset, CACHE_MAINTENANCE)) {
      return
    }
    if (within(offset, IPR)) {
      for (let k = 0; k < 4; k++) {
        state.nvicPriority[offset - IPR[0] + k] = (value >>> (8 * k + 4)) & 15
      }
    } else if (within(offset, MPU_ALIASES)) {
      const region = (state.mpuRnr & ~3) | ((offset - 0xed9c) >> 3)
      state.mpuRegions[region & 7][offset & 4 ? 'rbar' : 'rlar'] = value
    } else {
      super.writeUint32ViaCore(offset, value, core)
    }
  }

  writeIcsr(state, value) {
    if (value & (1 << 31)) state.pendingNMI = true
    if (value & (1 << 28)) state.pendingPendSV = true
    if (value & (1 << 27)) state.pendingPendSV = false
    if (value & (1 << 26)) state.pendingSystick = true
    if (value & (1 << 25)) state.pendingSystick = false
  }
}
