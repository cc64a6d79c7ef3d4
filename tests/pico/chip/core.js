// A Cortex-M33 as a Zephyr image needs it. The emulator executes instructions
// well, but takes exceptions as a simpler processor does. Here they are those
// of the Armv8-M manual: 16 priorities, several active at a time, interrupts
// that stay pending as long as their line is up, and the limits of stacks.
import { CortexM33Core } from 'rp2350js/cortex-m33/core'
import { executeThumb16, advanceItState } from 'rp2350js/cortex-m33/execute-thumb16'
import { executeThumb32 } from 'rp2350js/cortex-m33/execute-thumb32'
import { conditionPassed } from 'rp2350js/cortex-m33/conditions'
import { narrow, wide } from './instructions.js'

const EXCEPTIONS = 16 + 52
const NMI = 2
const HARD_FAULT = 3
const BUS_FAULT = 5
const USAGE_FAULT = 6
const SVCALL = 11
const PENDSV = 14
const SYSTICK = 15
const FIRST_IRQ = 16

const NO_PRIORITY = 256 // of a processor that handles nothing
const STACK_OVERFLOW = 1 << 20 // in CFSR, as the two below
const UNDEFINED = 1 << 16
const BUS_ERROR = 1 << 9
const FORCED = 1 << 30 // in HFSR
const PADDED = 1 << 9 // in a stacked xPSR
const FPCA = 4 // in CONTROL
const SPSEL = 2
const FP_FRAME = 72 // S0 to S15, FPSCR and a word that nothing uses
const IT_BITS = 0x0600fc00
const EXCEPTION_CYCLES = 12

// In SHCSR: that a fault has a handler of its own. Without it, or where its
// priority does not suffice, it is a hard fault.
const FAULT_ENABLED = { 4: 1 << 16, 5: 1 << 17, 6: 1 << 18, 7: 1 << 19 }

export class Core extends CortexM33Core {
  active = new Uint8Array(EXCEPTIONS)
  lines = [0, 0] // of interrupts, a bit each
  instructions = 0
  // {lowest address of a stack: lowest stack pointer seen there}
  lowest = new Map()
  unlimited = { from: 0, to: 0 } // a stack that no limit is set for
  limit = 0
  lowestNow = Infinity
  lastSp = 0
  // Called with the exception that a fault became.
  onFault = null
  // Called with the address of an instruction, before it is executed.
  onInstruction = null

  reset(enableCoprocessors = false) {
    const state = this.ppb()
    this.active?.fill(0)
    if (this.lines) this.lines = [0, 0]
    state.nvicPending.fill(0)
    state.nvicEnabled.fill(0)
    state.nvicActive.fill(0)
    state.nvicPriority.fill(0)
    state.pendingNMI = state.pendingPendSV = state.pendingSystick = false
    for (const name of ['vtor', 'shpr1', 'shpr2', 'shpr3', 'shcsr', 'cfsr', 'hfsr',
      'cpacr', 'ccr', 'scr', 'mpuCtrl', 'sauCtrl', 'fpcar']) {
      state[name] = 0
    }
    state.rcpSaltValid = false
    state.rcpSalt = 0
    this.chip.ppb.resetSysTick?.(this.coreIndex)
    super.reset(enableCoprocessors)
  }

  // --- Priorities ---

  priority(exception) {
    const state = this.ppb()
    const of = (register, byte) => (register >>> (8 * byte)) & 0xf0
    switch (exception) {
      case NMI: return -2
      case HARD_FAULT: return -1
      case 4: case BUS_FAULT: case USAGE_FAULT: case 7:
        return of(state.shpr1, exception - 4)
      case SVCALL: return of(state.shpr2, 3)
      case 12: return of(state.shpr3, 0)
      case PENDSV: return of(state.shpr3, 2)
      case SYSTICK: return of(state.shpr3, 3)
    }
    return exception >= FIRST_IRQ
      ? state.nvicPriority[exception - FIRST_IRQ] << 4
      : NO_PRIORITY
  }

  // What an exception has to be more urgent than. A processor that waits is
  // woken also by what PRIMASK keeps it from taking.
  priorityNow(withPrimask) {
    const { regs, active } = this
    let now = NO_PRIORITY
    for (let e = NMI; e < EXCEPTIONS; e++) {
      if (active[e] !== 0) now = Math.min(now, this.priority(e))
    }
    if (regs.basepri) now = Math.min(now, regs.basepri & 0xf0)
    if (withPrimask && regs.primask) now = Math.min(now, 0)
    if (regs.faultmask) now = Math.min(now, -1)
    return now
  }

  // The most urgent pending exception; of equal ones that with the lowest
  // number. 0: none.
  mostUrgent() {
    const state = this.ppb()
    let best = 0
    let bestPriority = NO_PRIORITY
    const consider = (exception) => {
      const priority = this.priority(exception)
      if (priority < bestPriority) {
        bestPriority = priority
        best = exception
      }
    }
    if (state.pendingNMI) consider(NMI)
    if (this.pendingSVCall) consider(SVCALL)
    if (state.pendingPendSV) consider(PENDSV)
    if (state.pendingSystick) consider(SYSTICK)
    for (let bank = 0; bank < 2; bank++) {
      let bits = (state.nvicPending[bank] & state.nvicEnabled[bank]) >>> 0
      for (; bits; bits &= bits - 1) {
        consider(FIRST_IRQ + bank * 32 + 31 - Math.clz32(bits & -bits))
      }
    }
    return best
  }

  // A line that goes down leaves its interrupt pending until it was handled.
  setInterrupt(irq, up) {
    const state = this.ppb()
    const bank = irq >>> 5
    const mask = 1 << (irq & 31)
    if (!up) {
      this.lines[bank] &= ~mask
    } else if (!(this.lines[bank] & mask)) {
      this.lines[bank] |= mask
      state.nvicPending[bank] |= mask
      this.interruptsUpdated = true
      this.wake()
    }
  }

  wake() {
    if (!this.waiting) return
    const exception = this.mostUrgent()
    if (exception && this.priority(exception) < this.priorityNow(false)) {
      this.waiting = false
      this.interruptsUpdated = true
    }
  }

  checkForInterrupts() {
    const exception = this.mostUrgent()
    if (exception && this.priority(exception) < this.priorityNow(true)) {
      this.unpend(exception)
      this.exceptionEntry(exception)
      return true
    }
    if (this.pendingSVCall) { // a call that can't be taken now
      this.pendingSVCall = false
      this.fault(HARD_FAULT)
      return true
    }
    this.interruptsUpdated = false
    return false
  }

  unpend(exception) {
    const state = this.ppb()
    if (exception === NMI) state.pendingNMI = false
    else if (exception === SVCALL) this.pendingSVCall = false
    else if (exception === PENDSV) state.pendingPendSV = false
    else if (exception === SYSTICK) state.pendingSystick = false
    else {
      const mask = 1 << ((exception - FIRST_IRQ) & 31)
      const bank = (exception - FIRST_IRQ) >>> 5
      state.nvicPending[bank] &= ~mask
      state.nvicActive[bank] |= mask
    }
  }

  // --- Faults ---

  fault(exception) {
    const state = this.ppb()
    if (exception !== HARD_FAULT &&
        (!(state.shcsr & FAULT_ENABLED[exception]) ||
         this.priority(exception) >= this.priorityNow(true))) {
      state.hfsr |= FORCED
      exception = HARD_FAULT
    }
    this.onFault?.(exception)
    if (exception === HARD_FAULT && (this.active[HARD_FAULT] || this.active[NMI])) {
      throw new Error(`core ${this.coreIndex} locks up at ${this.regs.pc.toString(16)}`)
    }
    this.exceptionEntry(exception)
  }

  // The emulator's numbers of faults: usage, memory, bus, NMI.
  deliverFault(kind) {
    if (kind === 3) {
      this.onFault?.(NMI)
      this.exceptionEntry(NMI)
    } else {
      this.fault([USAGE_FAULT, 4, BUS_FAULT][kind])
    }
  }

  undefinedInstruction() {
    this.ppb().cfsr |= UNDEFINED
    this.pendingFault = 0
  }

  // --- Entry and return ---

  exceptionEntry(exception) {
    const { regs, chip } = this
    const state = this.ppb()
    regs.syncSpToBanked()
    const usesPsp = regs.activeSpIsPsp()
    const before = usesPsp ? regs.psp : regs.msp
    const aligned = before & ~7
    const hasFp = (regs.control & FPCA) !== 0
    let frame = (aligned - 0x20 - (hasFp ? FP_FRAME : 0)) >>> 0
    const limit = usesPsp ? regs.psplim : regs.msplim
    if (limit && frame < limit) {
      // Nothing is stacked: the handler starts at the limit of the stack.
      state.cfsr |= STACK_OVERFLOW
      this.onFault?.(USAGE_FAULT)
      if (exception !== HARD_FAULT) exception = USAGE_FAULT
      frame = limit
    } else {
      const isFault = exception >= HARD_FAULT && exception <= 7
      const back = (isFault ? this.currentInstrAddr : regs.pc) & ~1
      const it = regs.itState
      let psr = (regs.xpsr & ~IT_BITS) | ((it & 0xc0) << 19) | ((it & 0x3f) << 10)
      psr = aligned === (before | 0) ? psr & ~PADDED : psr | PADDED
      const words = [regs.r[0], regs.r[1], regs.r[2], regs.r[3], regs.r[12],
        regs.lr, back, psr]
      words.forEach((word, i) => chip.writeUint32(frame + 4 * i, word >>> 0))
      if (hasFp) {
        const values = new Uint32Array(regs.s.buffer)
        for (let i = 0; i < 16; i++) chip.writeUint32(frame + 0x20 + 4 * i, values[i])
        chip.writeUint32(frame + 0x60, regs.fpscr >>> 0)
      }
    }
    if (usesPsp) regs.psp = frame
    else regs.msp = frame
    regs.lr = ((hasFp ? 0xffffffe0 : 0xfffffff0) |
      (regs.inHandlerMode() ? 1 : usesPsp ? 0xd : 9)) >>> 0
    regs.pc = (chip.readUint32((state.vtor + exception * 4) >>> 0) & ~1) >>> 0
    regs.xpsr = ((regs.xpsr & ~0x1ff) | exception) >>> 0
    regs.control &= ~(SPSEL | FPCA)
    regs.itState = 0
    regs.syncSpFromBanked()
    this.currentMode = 1
    this.eventRegistered = true
    this.waiting = false
    this.active[exception] = 1
    this.interruptsUpdated = true
  }

  exceptionReturn(value) {
    const { regs, chip } = this
    const state = this.ppb()
    const exception = regs.ipsr
    const toPsp = (value & 4) !== 0
    const toHandler = (value & 8) === 0
    const hasFp = (value & 0x10) === 0
    regs.syncSpToBanked()
    this.active[exception] = 0
    if (exception >= FIRST_IRQ) {
      const bank = (exception - FIRST_IRQ) >>> 5
      const mask = 1 << ((exception - FIRST_IRQ) & 31)
      state.nvicActive[bank] &= ~mask
      if (this.lines[bank] & mask) state.nvicPending[bank] |= mask
    }
    if (exception !== NMI) regs.faultmask = 0
    const frame = toPsp ? regs.psp : regs.msp
    const word = (i) => chip.readUint32((frame + 4 * i) >>> 0) >>> 0
    for (let i = 0; i < 4; i++) regs.r[i] = word(i)
    regs.r[12] = word(4)
    regs.lr = word(5)
    const psr = word(7)
    if (hasFp) {
      const values = new Uint32Array(regs.s.buffer)
      for (let i = 0; i < 16; i++) values[i] = word(8 + i)
      regs.fpscr = word(24)
    }
    regs.pc = (word(6) & ~1) >>> 0
    const size = 0x20 + (hasFp ? FP_FRAME : 0) + (psr & PADDED ? 4 : 0)
    if (toPsp) regs.psp = (frame + size) >>> 0
    else regs.msp = (frame + size) >>> 0
    regs.xpsr = ((psr | 0x01000000) & ~(IT_BITS | PADDED)) >>> 0
    if (!toHandler) regs.xpsr = (regs.xpsr & ~0x1ff) >>> 0
    regs.itState = (((psr >>> 19) & 0xc0) | ((psr >>> 10) & 0x3f)) & 0xff
    this.currentMode = toHandler ? 1 : 0
    regs.control = (regs.control & ~(SPSEL | FPCA)) |
      (!toHandler && toPsp ? SPSEL : 0) | (hasFp ? FPCA : 0)
    regs.syncSpFromBanked()
    this.interruptsUpdated = true
    this.eventRegistered = true
  }

  bxWritePC(address) {
    if (this.regs.inHandlerMode() && address >>> 24 === 0xff) {
      this.exceptionReturn(address & 0x0fffffff)
    } else {
      this.regs.pc = (address & ~1) >>> 0
    }
  }

  // --- Instructions ---

  executeInstruction() {
    if (this.waiting) {
      this.cycles++
      return 1
    }
    if (this.interruptsUpdated && this.checkForInterrupts()) {
      this.cycles += EXCEPTION_CYCLES
      return EXCEPTION_CYCLES
    }
    const regs = this.regs
    const pc = regs.r[15] & ~1
    this.currentInstrAddr = pc
    if (this.onInstruction !== null) this.onInstruction(pc)
    this.instructions++
    let cycles
    let it = 0
    try {
      const first = this.chip.readUint16(pc)
      const isWide = (first & 0xe000) === 0xe000 && (first & 0x1800) !== 0
      const second = isWide ? this.chip.readUint16(pc + 2) : 0
      regs.r[15] = pc + (isWide ? 4 : 2)
      it = regs.itState
      cycles = it === 0 || conditionPassed(regs, it >>> 4)
        ? this.execute(pc, first, second, isWide, it)
        : 1
    } catch (error) {
      if (!/invalid memory|unaligned word/.test(error.message)) throw error
      this.ppb().cfsr |= BUS_ERROR
      regs.r[15] = pc
      this.fault(BUS_FAULT)
      return EXCEPTION_CYCLES
    }
    if (it !== 0 && regs.itState === it) advanceItState(this)
    if (this.pendingFault !== null) {
      const kind = this.pendingFault
      this.pendingFault = null
      this.deliverFault(kind)
      cycles = EXCEPTION_CYCLES
    }
    if (regs.r[13] !== this.lastSp && this.isStackOver()) {
      this.ppb().cfsr |= STACK_OVERFLOW
      regs.r[13] = this.limit
      this.fault(USAGE_FAULT)
      cycles = EXCEPTION_CYCLES
    }
    if (this.waiting) this.wake()
    this.cycles += cycles
    return cycles
  }

  // What ours does not know, the emulator does.
  execute(pc, first, second, isWide, it) {
    let cycles
    if (isWide) {
      cycles = wide(this, pc, first, second)
      if (cycles < 0) cycles = executeThumb32(this, pc, first, second)
    } else {
      cycles = narrow(this, first, it === 0)
      if (cycles < 0) cycles = executeThumb16(this, pc, first)
    }
    if (cycles < 0 && this.pendingFault === null) {
      throw new Error(`no instruction ${first.toString(16)} ${second.toString(16)} at ${pc.toString(16)}`)
    }
    return cycles < 0 ? 1 : cycles
  }

  // Keeps how deep each stack was used: the limit tells which one it is.
  isStackOver() {
    const regs = this.regs
    const sp = this.lastSp = regs.r[13]
    const onPsp = (regs.control & SPSEL) !== 0 && (regs.xpsr & 0x1ff) === 0
    let limit = onPsp ? regs.psplim : regs.msplim
    const { from, to } = this.unlimited
    if (limit === 0 && sp >= from && sp <= to) limit = from
    if (limit !== this.limit) {
      this.noteLowest()
      this.limit = limit
      this.lowestNow = sp
    } else if (sp < this.lowestNow) {
      this.lowestNow = sp
    }
    return sp < limit
  }

  noteLowest() {
    const known = this.lowest.get(this.limit) ?? Infinity
    if (this.lowestNow < known) this.lowest.set(this.limit, this.lowestNow)
  }
}
