// Instructions that the emulator lacks or gets wrong: the overflow of ADC and
// SBC, long multiplications, the DSP extension, and access to special registers.
// Each returns its cycles, or -1 for an instruction that the emulator knows.

const NONE = -1

// Adds with carry. Flags are set unless an IT block or the instruction says no.
function add(regs, a, b, carry, setFlags) {
  const sum = (a >>> 0) + (b >>> 0) + carry
  const result = sum >>> 0
  if (setFlags) {
    const signed = (a | 0) + (b | 0) + carry
    regs.xpsr = ((regs.xpsr & 0x0fffffff) | (result & 0x80000000) |
      (result === 0 ? 0x40000000 : 0) | (sum > 0xffffffff ? 0x20000000 : 0) |
      ((result | 0) !== signed ? 0x10000000 : 0)) >>> 0
  }
  return result
}

// The constant that 12 bits of an instruction stand for.
function expand(i12) {
  const byte = i12 & 0xff
  if ((i12 & 0xc00) === 0) {
    return [byte, byte * 0x10001, byte * 0x1000100, byte * 0x1010101][(i12 >>> 8) & 3]
  }
  const value = 0x80 | (i12 & 0x7f)
  const by = (i12 >>> 7) & 31
  return ((value >>> by) | (value << (32 - by))) >>> 0
}

const rotated = (value, by) => by ? ((value >>> by) | (value << (32 - by))) >>> 0 : value
const low = (value) => (value << 16) >> 16
const high = (value) => value >> 16
const half = (value, isHigh) => isHigh ? high(value) : low(value)

export function narrow(core, op, setFlags) {
  const { regs } = core
  if ((op & 0xffc0) === 0x4140 || (op & 0xffc0) === 0x4180) { // ADCS, SBCS
    const d = op & 7
    const m = regs.r[(op >> 3) & 7]
    const b = op & 0x80 ? ~m >>> 0 : m
    regs.r[d] = add(regs, regs.r[d], b, regs.C ? 1 : 0, setFlags)
    return 1
  }
  if ((op & 0xff00) === 0xde00) { // UDF
    core.undefinedInstruction()
    return 1
  }
  if (op === 0xbf30) { // WFI
    core.waiting = true
    return 1
  }
  return NONE
}

export function wide(core, pc, a, b) {
  if ((a & 0xffc0) === 0xeb40 || (a & 0xfbc0) === 0xf140) return addCarry(core, a, b)
  if ((a & 0xff00) === 0xfb00) return multiply(core, a, b)
  if ((a & 0xff80) === 0xfa80 && (b & 0xf000) === 0xf000) {
    if ((b & 0x80) === 0) return lanes(core, a, b)
    if ((a & 0xfff0) === 0xfaa0 && (b & 0xf0f0) === 0xf080) return select(core, a, b)
    if ((a & 0xfff0) === 0xfa80 && (b & 0xf0c0) === 0xf080) return saturate(core, a, b)
    return NONE
  }
  if ((a & 0xffe0) === 0xfa20 && (b & 0xf080) === 0xf080) return extendHalves(core, a, b)
  if ((a & 0xfff0) === 0xeac0) return pack(core, a, b)
  if ((a & 0xffe0) === 0xe840) return exclusive(core, a, b)
  if ((a & 0xfe00) === 0xf800 && b >>> 12 === 15) return load(core, pc, a, b)
  if (a === 0xf3bf && (b & 0xd000) === 0x8000) return 1 // CLREX and the barriers
  if (a === 0xf3ef) return readSpecial(core, b)
  if ((a & 0xfff0) === 0xf380 && (b & 0xd000) === 0x8000) return writeSpecial(core, a, b)
  if ((a & 0xfff0) === 0xf3a0 && (b & 0xd000) === 0x8000) return hint(core, b)
  if ((a & 0xfff0) === 0xf7f0 && (b & 0xf000) === 0xa000) { // UDF.W
    core.undefinedInstruction()
    return 1
  }
  return NONE
}

function addCarry(core, a, b) {
  const { regs } = core
  const { r } = regs
  let operand
  if (a >>> 12 === 0xf) {
    if (b & 0x8000) return NONE
    operand = expand((((a >>> 10) & 1) << 11) | (((b >>> 12) & 7) << 8) | (b & 0xff))
  } else {
    const m = r[b & 15]
    const by = (((b >>> 12) & 7) << 2) | ((b >>> 6) & 3)
    operand = [
      () => (m << by) >>> 0,
      () => by ? m >>> by : 0,
      () => ((m | 0) >> (by || 31)) >>> 0,
      () => by ? rotated(m, by) : ((regs.C ? 0x80000000 : 0) | (m >>> 1)) >>> 0,
    ][(b >>> 4) & 3]()
  }
  if (a & 0x20) operand = ~operand >>> 0 // SBC
  r[(b >>> 8) & 15] = add(regs, r[a & 15], operand, regs.C ? 1 : 0, (a & 0x10) !== 0)
  return 1
}

function multiply(core, a, b) {
  const { r } = core.regs
  const op = (a >>> 4) & 15
  const op2 = (b >>> 4) & 15
  const n = r[a & 15]
  const m = r[b & 15]
  const ra = (b >>> 12) & 15 // RdLo, or what is added; 15: nothing
  const rd = (b >>> 8) & 15 // RdHi
  const plus = (value) => { r[rd] = (ra === 15 ? value : value + (r[ra] | 0)) >>> 0 }
  if (op === 2 || op === 4) { // SMUAD, SMLAD, SMUSD, SMLSD
    const x = op2 & 1 ? rotated(m, 16) : m
    const first = low(n) * low(x)
    const second = high(n) * high(x)
    plus(op === 2 ? first + second : first - second)
    return 1
  }
  if (op === 3) { // SMULW, SMLAW
    plus(Number((BigInt(n | 0) * BigInt(half(m, op2 & 1))) >> 16n))
    return 1
  }
  if (op === 7) { // USAD8, USADA8
    let sum = 0
    for (let i = 0; i < 32; i += 8) sum += Math.abs(((n >>> i) & 255) - ((m >>> i) & 255))
    plus(sum)
    return 1
  }
  const sum = (BigInt(r[rd]) << 32n) | BigInt(r[ra])
  let value
  if (op === 0xe && op2 === 0) { // UMLAL
    value = BigInt(n) * BigInt(m) + sum
  } else if (op === 0xe && op2 === 6) { // UMAAL
    value = BigInt(n) * BigInt(m) + BigInt(r[rd]) + BigInt(r[ra])
  } else if (op === 0xc && op2 === 0) { // SMLAL
    value = BigInt(n | 0) * BigInt(m | 0) + sum
  } else if (op === 0xc && (op2 & 0xc) === 8) { // SMLALBB and the like
    value = BigInt(half(n, op2 & 2) * half(m, op2 & 1)) + sum
  } else {
    return NONE
  }
  r[ra] = Number(value & 0xffffffffn)
  r[rd] = Number((value >> 32n) & 0xffffffffn)
  return 2
}

// Additions and subtractions of two halves or four bytes at a time.
function lanes(core, a, b) {
  const { regs } = core
  const n = regs.r[a & 15]
  const m = regs.r[b & 15]
  const kind = (a >>> 4) & 7 // 0 ADD8, 1 ADD16, 2 ASX, 4 SUB8, 5 SUB16, 6 SAX
  const isUnsigned = (b & 0x40) !== 0
  const mode = (b >>> 4) & 3 // 0: sets GE, 1: saturates, 2: halves
  const width = kind === 0 || kind === 4 ? 8 : 16
  const mask = width === 8 ? 0xff : 0xffff
  const lane = (value, i) => {
    const bits = (value >>> (i * width)) & mask
    return isUnsigned ? bits : (bits << (32 - width)) >> (32 - width)
  }
  let result = 0
  let ge = 0
  for (let i = 0; i < 32 / width; i++) {
    const crossed = kind === 2 || kind === 6
    const subtracts = kind === 4 || kind === 5 || (kind === 2 && i === 0) ||
      (kind === 6 && i === 1)
    const other = lane(m, crossed ? 1 - i : i)
    const sum = subtracts ? lane(n, i) - other : lane(n, i) + other
    let value = sum
    if (mode === 0) {
      if (isUnsigned && !subtracts ? sum > mask : sum >= 0) {
        ge |= width === 8 ? 1 << i : 3 << (2 * i)
      }
    } else if (mode === 1) {
      const [least, most] = isUnsigned ? [0, mask] : [-(1 << (width - 1)), mask >> 1]
      value = Math.max(least, Math.min(most, sum))
    } else {
      value = sum >> 1
    }
    result |= (value & mask) << (i * width)
  }
  if (mode === 0) regs.GE = ge
  regs.r[(b >>> 8) & 15] = result >>> 0
  return 1
}

function select(core, a, b) { // SEL
  const { regs } = core
  let value = 0
  for (let i = 0; i < 4; i++) {
    value |= regs.r[(regs.GE & (1 << i) ? a : b) & 15] & (0xff << (8 * i))
  }
  regs.r[(b >>> 8) & 15] = value >>> 0
  return 1
}

function saturate(core, a, b) { // QADD, QDADD, QSUB, QDSUB
  const { regs } = core
  const m = regs.r[b & 15] | 0
  let n = regs.r[a & 15] | 0
  const within = (value) => {
    const result = Math.max(-0x80000000, Math.min(0x7fffffff, value))
    if (result !== value) regs.setQ()
    return result
  }
  if (b & 0x10) n = within(2 * n)
  regs.r[(b >>> 8) & 15] = within(b & 0x20 ? m - n : m + n) >>> 0
  return 1
}

function extendHalves(core, a, b) { // SXTB16, SXTAB16, UXTB16, UXTAB16
  const { r } = core.regs
  const m = rotated(r[b & 15], ((b >>> 4) & 3) * 8)
  const n = (a & 15) === 15 ? 0 : r[a & 15]
  const byte = (by) => a & 0x10 ? (m >>> by) & 0xff : (m << (24 - by)) >> 24
  r[(b >>> 8) & 15] = (((n + byte(0)) & 0xffff) |
    ((((n >>> 16) + byte(16)) & 0xffff) << 16)) >>> 0
  return 1
}

function pack(core, a, b) { // PKHBT, PKHTB
  const { r } = core.regs
  const by = (((b >>> 12) & 7) << 2) | ((b >>> 6) & 3)
  const n = r[a & 15]
  const m = r[b & 15]
  r[(b >>> 8) & 15] = (b & 0x20
    ? (n & 0xffff0000) | (((m | 0) >> (by || 31)) & 0xffff)
    : (n & 0xffff) | ((m << by) & 0xffff0000)) >>> 0
  return 1
}

// LDREX and STREX with an offset. One core runs: a store succeeds always.
function exclusive(core, a, b) {
  const { r } = core.regs
  const address = (r[a & 15] + (b & 0xff) * 4) >>> 0
  if (a & 0x10) {
    if ((b & 0xf00) !== 0xf00) return NONE
    r[(b >>> 12) & 15] = core.chip.readUint32(address)
  } else {
    if ((b & 0xf000) === 0xf000) return NONE // TT
    core.chip.writeUint32(address, r[(b >>> 12) & 15])
    r[(b >>> 8) & 15] = 0
  }
  return 2
}

// Loads to register 15: hints, which do nothing, and jumps.
function load(core, pc, a, b) {
  const kind = a & 0x0170
  if (kind === 0x010 || kind === 0x110 || kind === 0x030) {
    return (a & 15) === 15 ? NONE : 1 // PLD, PLI
  }
  if ((a & 0xff70) !== 0xf850) return NONE
  const { r } = core.regs
  const n = a & 15
  let base = n === 15 ? (pc + 4) & ~3 : r[n]
  let back = base
  if (a & 0x80) {
    base += b & 0xfff
  } else if (n === 15) {
    base -= b & 0xfff
  } else if ((b & 0x800) === 0) {
    base += (r[b & 15] << ((b >>> 4) & 3)) >>> 0
  } else {
    const offset = b & 0x200 ? b & 255 : -(b & 255)
    if (b & 0x400) base += offset
    if (b & 0x100) back += offset
  }
  const target = core.chip.readUint32(base >>> 0)
  if (n !== 15 && !(a & 0x80) && (b & 0x900) === 0x900) r[n] = back >>> 0
  core.bxWritePC(target >>> 0)
  return 3
}

function hint(core, b) {
  const kind = b & 0xff
  if (kind === 3) core.waiting = true
  else if (kind === 4) core.fireSEV()
  else if (kind === 2 && core.eventRegistered) core.eventRegistered = false
  else if (kind === 2) core.waiting = true
  return 1
}

const MSP = 8
const PSP = 9
const MSPLIM = 10
const PSPLIM = 11
const BASEPRI_MAX = 18

function readSpecial(core, b) {
  const { regs } = core
  const which = b & 0xff
  if (which === MSP || which === PSP) regs.syncSpToBanked()
  if (which > 7) return NONE
  const value = (which & 1 ? regs.xpsr & 0x1ff : 0) |
    (which & 4 ? 0 : regs.xpsr & 0xf80f0000)
  regs.r[(b >>> 8) & 15] = value >>> 0
  return 2
}

function writeSpecial(core, a, b) {
  const { regs } = core
  const which = b & 0xff
  const value = regs.r[a & 15]
  if (which <= 3) {
    if (b & 0x800) regs.xpsr = ((regs.xpsr & 0x07ffffff) | (value & 0xf8000000)) >>> 0
    if (b & 0x400) regs.GE = (value >>> 16) & 15
  } else if (which === MSP || which === PSP) {
    regs.syncSpToBanked()
    regs[which === MSP ? 'msp' : 'psp'] = (value & ~3) >>> 0
    regs.syncSpFromBanked()
  } else if (which === MSPLIM || which === PSPLIM) {
    regs[which === MSPLIM ? 'msplim' : 'psplim'] = (value & ~7) >>> 0
  } else if (which === BASEPRI_MAX) {
    const priority = value & 0xff
    if (priority && (regs.basepri === 0 || priority < regs.basepri)) regs.basepri = priority
    core.interruptsUpdated = true
  } else {
    return NONE
  }
  return 2
}
