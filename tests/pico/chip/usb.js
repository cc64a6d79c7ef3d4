// The USB controller in device mode, by transactions: what a host puts on the
// bus is answered as the hardware does it (ACK, NAK, STALL or nothing), with the
// data PIDs checked. Datasheet, section 12.7.

export const ACK = 'ACK'
export const NAK = 'NAK'
export const STALL = 'STALL'
export const NONE = 'no answer'

const ADDR_ENDP = 0x00
const MAIN_CTRL = 0x40
const SOF_RD = 0x48
const SIE_CTRL = 0x4c
const SIE_STATUS = 0x50
const BUFF_STATUS = 0x58
const ABORT = 0x60
const ABORT_DONE = 0x64
const EP_STALL_ARM = 0x68
const MUXING = 0x74
const PWR = 0x78
const INTR = 0x8c
const INTE = 0x90
const INTF = 0x94
const INTS = 0x98
const REGISTERS_END = 0x120

const CONTROLLER_EN = 1 << 0 // in MAIN_CTRL, as the one below
const PHY_ISO = 1 << 2
const PULLUP_EN = 1 << 16 // in SIE_CTRL
const VBUS_DETECTED = 1 << 0 // in SIE_STATUS, as those below
const SUSPENDED = 1 << 4
const RESUME = 1 << 11
const CONNECTED = 1 << 16
const SETUP_REC = 1 << 17
const BUS_RESET = 1 << 19
const RX_OVERFLOW = 1 << 26
const RX_TIMEOUT = 1 << 27
const DATA_SEQ_ERROR = 1 << 31

// An interrupt for a bit of SIE_STATUS: [bit there, bit in INTR]. The first
// list is cleared by itself when the status is, the second has to be noticed.
const LEVELS = [[17, 16], [11, 15], [19, 12], [29, 10], [24, 9], [25, 8], [26, 7], [27, 6], [31, 5]]
const EVENTS = [[4, 14], [16, 13], [0, 11]]
const INT_BUFF_STATUS = 1 << 4
const INT_SOF = 1 << 17

// A buffer's control word, and an endpoint's.
const AVAILABLE = 1 << 10
const STALLED = 1 << 11
const PID = 1 << 13
const FULL = 1 << 15
const LENGTH = 0x3ff
const EP_ENABLED = 0x80000000
const EP_DOUBLE = 1 << 30
const EP_INTERRUPT = 1 << 29

const IRQ = 14

export class Usb {
  name = 'USB'
  words = new Uint32Array(REGISTERS_END / 4)
  status = 0
  interrupts = 0
  buffers = 0 // BUFF_STATUS
  frame = 0
  address = 0
  // Called when the device shows itself on the bus, or stops to.
  onPullup = null
  // Called with a text for each transaction.
  onTransaction = null
  stats = { in: 0, out: 0, stalls: 0, repeated: 0 }

  constructor(chip, report) {
    this.chip = chip
    this.report = report
    this.reset()
  }

  reset() {
    const wasShown = this.isShown
    this.words.fill(0)
    this.words[MAIN_CTRL >> 2] = PHY_ISO
    this.status = this.interrupts = this.buffers = this.address = 0
    this.update()
    if (wasShown) this.onPullup?.(false)
  }

  // --- Registers ---

  update() {
    for (const [from, to] of LEVELS) {
      if (this.status & (1 << from)) this.interrupts |= 1 << to
      else this.interrupts &= ~(1 << to)
    }
    if (this.buffers) this.interrupts |= INT_BUFF_STATUS
    else this.interrupts &= ~INT_BUFF_STATUS
    this.chip.setInterrupt(IRQ, this.asserted !== 0)
  }

  get asserted() {
    return ((this.interrupts & this.words[INTE >> 2]) | this.words[INTF >> 2]) >>> 0
  }

  get isShown() {
    return (this.words[SIE_CTRL >> 2] & PULLUP_EN) !== 0 &&
      (this.words[MAIN_CTRL >> 2] & (CONTROLLER_EN | PHY_ISO)) === CONTROLLER_EN &&
      (this.words[MUXING >> 2] & 9) === 9
  }

  // No pin senses VBUS on the board: the firmware has to override it.
  get hasPower() {
    return (this.words[PWR >> 2] & 0xc) === 0xc
  }

  readUint32(address) {
    const offset = address & 0xfff
    switch (offset) {
      case ADDR_ENDP: return this.address
      case SIE_STATUS: return (this.status | (this.hasPower ? VBUS_DETECTED : 0)) >>> 0
      case BUFF_STATUS: return this.buffers >>> 0
      case ABORT_DONE: return this.words[ABORT >> 2] // at once
      case INTR: return this.interrupts >>> 0
      case INTS: return this.asserted
      case SOF_RD:
        this.interrupts &= ~INT_SOF
        this.update()
        return this.frame & 0x7ff
    }
    return this.words[offset >> 2] ?? 0
  }

  readUint32ViaCore(offset) {
    return this.readUint32(offset)
  }

  writeUint32ViaCore(offset, value) {
    this.writeUint32(offset, value)
  }

  writeUint32Atomic(offset, value, kind) {
    // Ones clear in these, also through the aliases.
    const clears = [SIE_STATUS, BUFF_STATUS, ABORT_DONE].includes(offset)
    const old = kind === 0 || clears ? 0 : this.readUint32(offset)
    const next = kind === 0 || clears ? value
      : kind === 1 ? old ^ value : kind === 2 ? old | value : old & ~value
    this.writeUint32(offset, next >>> 0)
  }

  writeUint32(offset, value) {
    const wasShown = this.isShown
    const hadPower = this.hasPower
    if (offset === ADDR_ENDP) {
      this.address = value & 0x7f
    } else if (offset === SIE_STATUS) {
      this.status &= ~(value & ~(SUSPENDED | VBUS_DETECTED))
      for (const [from, to] of EVENTS) {
        if (value & (1 << from)) this.interrupts &= ~(1 << to)
      }
    } else if (offset === BUFF_STATUS) {
      this.buffers = (this.buffers & ~value) >>> 0
    } else if (offset < REGISTERS_END) {
      this.words[offset >> 2] = offset === SIE_CTRL ? value & ~(1 << 12) : value
    }
    if (this.hasPower !== hadPower) this.interrupts |= 1 << 11
    this.update()
    if (this.isShown !== wasShown) this.onPullup?.(this.isShown)
  }

  DPRAMUpdated() {} // the emulator's, for its own controller

  // --- Endpoints, in the controller's memory ---

  get memory() {
    return this.chip.usbDPRAMView
  }

  controlAt(endpoint, isOut) {
    return 0x80 + endpoint * 8 + (isOut ? 4 : 0)
  }

  endpoint(number, isOut) {
    return number === 0 ? 0 : this.memory.getUint32(8 * number + (isOut ? 4 : 0), true)
  }

  bufferAt(endpoint, isOut) {
    return endpoint === 0 ? 0x100 : this.endpoint(endpoint, isOut) & 0xffc0
  }

  listens(address, endpoint, isOut) {
    return this.isShown && address === this.address &&
      (endpoint === 0 || (this.endpoint(endpoint, isOut) & EP_ENABLED) !== 0)
  }

  // Endpoint 0 stalls only when it was armed to, until the next SETUP.
  stalls(control, endpoint, armBit) {
    return (control & STALLED) !== 0 &&
      (endpoint !== 0 || (this.words[EP_STALL_ARM >> 2] & armBit) !== 0)
  }

  done(endpoint, isOut) {
    const settings = this.endpoint(endpoint, isOut)
    if (settings & EP_DOUBLE) {
      this.report(`USB: endpoint ${endpoint} has two buffers, which is not emulated`)
    }
    if (endpoint === 0 || settings & EP_INTERRUPT) {
      this.buffers = (this.buffers | (1 << (endpoint * 2 + (isOut ? 1 : 0)))) >>> 0
    }
    this.update()
  }

  // --- What a host does ---

  startOfFrame() {
    if (!this.isShown) return
    this.frame = (this.frame + 1) & 0x7ff
    this.interrupts |= INT_SOF
    this.update()
  }

  busReset() {
    this.status = (this.status | BUS_RESET | CONNECTED) & ~SUSPENDED
    this.interrupts |= 1 << 13
    this.address = 0
    this.update()
  }

  suspend() {
    this.status |= SUSPENDED
    this.interrupts |= 1 << 14
    this.update()
  }

  resume() {
    this.status = (this.status & ~SUSPENDED) | RESUME
    this.update()
  }

  // A bad cable: the controller waited for data in vain.
  receiveNothing() {
    this.status |= RX_TIMEOUT
    this.update()
  }

  setup(address, data) {
    if (!this.listens(address, 0, true)) return NONE
    this.onTransaction?.(`SETUP ${Buffer.from(data).toString('hex')}`)
    if (this.status & SETUP_REC) this.report('USB: a SETUP came before the last one was taken')
    this.chip.usbDPRAM.set(data, 0)
    this.words[EP_STALL_ARM >> 2] = 0
    this.status |= SETUP_REC
    this.update()
    return ACK
  }

  // {answer, data, pid}
  in(address, endpoint) {
    if (!this.listens(address, endpoint, false)) return { answer: NONE }
    const at = this.controlAt(endpoint, false)
    const control = this.memory.getUint32(at, true)
    if (this.stalls(control, endpoint, 1)) {
      this.stats.stalls++
      this.onTransaction?.(`IN ${endpoint} stalls`)
      return { answer: STALL }
    }
    if (!(control & AVAILABLE) || !(control & FULL)) return { answer: NAK }
    const from = this.bufferAt(endpoint, false)
    const data = this.chip.usbDPRAM.slice(from, from + (control & LENGTH))
    const pid = control & PID ? 1 : 0
    this.memory.setUint32(at, (control & ~(AVAILABLE | FULL)) >>> 0, true)
    this.stats.in++
    this.onTransaction?.(`IN ${endpoint} DATA${pid} ${data.length} bytes`)
    this.done(endpoint, false)
    return { answer: ACK, data, pid }
  }

  out(address, endpoint, pid, data) {
    if (!this.listens(address, endpoint, true)) return NONE
    const at = this.controlAt(endpoint, true)
    const control = this.memory.getUint32(at, true)
    if (this.stalls(control, endpoint, 2)) {
      this.stats.stalls++
      this.onTransaction?.(`OUT ${endpoint} stalls`)
      return STALL
    }
    if (!(control & AVAILABLE)) return NAK
    this.onTransaction?.(`OUT ${endpoint} DATA${pid} ${data.length} bytes`)
    if ((control & PID ? 1 : 0) !== pid) {
      // Taken for a repetition: acknowledged, not stored.
      this.stats.repeated++
      this.status |= DATA_SEQ_ERROR
      this.update()
      return ACK
    }
    if (data.length > (control & LENGTH)) {
      this.report(`USB: ${data.length} bytes to endpoint ${endpoint}, which takes ${control & LENGTH}`)
      this.status |= RX_OVERFLOW
      this.update()
      return NONE
    }
    this.chip.usbDPRAM.set(data, this.bufferAt(endpoint, true))
    const next = (control & ~(AVAILABLE | LENGTH)) | FULL | data.length
    this.memory.setUint32(at, next >>> 0, true)
    this.stats.out++
    this.done(endpoint, true)
    return ACK
  }
}
