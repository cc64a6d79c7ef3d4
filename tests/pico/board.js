// A Pico 2 on its USB cable, with the firmware in its flash: what the tests hold
// on to. Whatever a real board would not forgive, the firmware's own faults
// included, ends the test that it happens in.
import { Chip, WATCHDOG } from './chip/chip.js'
import { ACK, Bus } from './host/bus.js'
import { enumerate } from './host/enumerate.js'
import { Ip } from './host/ip.js'
import { Link } from './host/link.js'
import { MS, SECOND, Tasks } from './host/tasks.js'
import { Tcp } from './host/tcp.js'

const TOKEN = /^isere token: ([0-9a-f]{64})$/
const PLUG = 100 * MS // until a host has debounced the connection

export class Board {
  log = [] // lines on the serial console, without their time
  isFaulty = false // a test expects faults
  shown = false
  ports = 40000 // of the host's connections, also of those before a reset

  constructor(image, seed = 1) {
    this.image = image
    this.random = generator(seed)
    this.chip = new Chip(this.random)
    image.load(this.chip.flash)
    this.problems = this.chip.problems
    this.tasks = new Tasks(this.chip.clock)
    this.bus = new Bus(this.chip, this.tasks, (text) => this.chip.report(`host: ${text}`))
    let line = ''
    this.chip.onByte = (byte) => {
      if (byte !== 10) {
        line += String.fromCharCode(byte)
        return
      }
      this.log.push(line.trimEnd())
      line = ''
    }
    this.chip.onFault = ({ exception, pc }) => {
      if (!this.isFaulty) this.chip.report(`the processor faults: exception ${exception} in ${this.where(pc)}`)
    }
    this.chip.usb.onPullup = (isShown) => {
      this.shown = isShown
      if (!isShown) this.unplugged()
    }
    this.chip.flashChip.onChange = (change) => this.checkChange(change)
    const stack = image.symbol('z_interrupt_stacks')
    this.chip.core[0].unlimited = { from: stack.address, to: stack.address + stack.size }
    this.settings = image.settings
    this.address = image.settings.ISERE_NET_ADDRESS
    this.port = image.settings.ISERE_PORT
  }

  get clock() {
    return this.chip.clock
  }

  where(pc) {
    return `${this.image.functionAt(pc)?.name ?? '?'} (${pc.toString(16)})`
  }

  // Runs the chip until the generator has ended; its result.
  run(generator) {
    const task = this.tasks.start(generator)
    this.chip.run(() => task.isDone || this.problems.length > 0)
    if (this.problems.length > 0) throw new Error(`${this.problems.join('\n')}\n${this.tail()}`)
    return task.result
  }

  tail(lines = 15) {
    return this.log.slice(-lines).map((line) => `    | ${line}`).join('\n')
  }

  // --- What a test waits for ---

  *until(condition, limit, what) {
    return yield* this.tasks.until(condition, limit, what)
  }

  // The first line that matches, of those after the `from`th.
  *line(pattern, limit = 10 * SECOND, from = 0) {
    const find = () => this.log.slice(from).map((line) => pattern.exec(line)).find(Boolean)
    return yield* this.until(find, limit, `a line ${pattern}`)
  }

  *serving(from = 0) {
    yield* this.line(/listening/, 20 * SECOND, from)
  }

  get token() {
    return this.log.map((line) => TOKEN.exec(line)).findLast(Boolean)?.[1]
  }

  // --- The host ---

  unplugged() {
    this.link?.stop()
    this.bus.hasFrames = false
  }

  // Plugs the cable in: the descriptors.
  *enumerate() {
    yield* this.until(() => this.shown, 5 * SECOND, 'a device on the bus')
    yield PLUG
    this.link?.stop()
    this.info = yield* enumerate(this.bus)
    this.link = new Link(this.bus, this.info)
    this.ip = new Ip(this.link, this.info.mac, this.tasks)
    this.tcp = new Tcp(this.ip, () => this.ports++)
    return this.info
  }

  // All of it, up to an address.
  *attach() {
    yield* this.enumerate()
    yield* this.link.start()
    return yield* this.ip.dhcp()
  }

  *control(request, ...more) {
    return yield* this.bus.control(request, ...more)
  }

  // --- Requests ---

  // On a connection of its own: {status, headers, body}.
  *request(method, path, options = {}) {
    const connection = yield* this.tcp.connect(this.address, this.port)
    if (connection === null) throw new Error(`${method} ${path}: the connection was refused`)
    const response = yield* connection.request(method, path, options)
    yield* connection.close()
    return response
  }

  *get(path = '/') {
    const response = yield* this.request('GET', path)
    if (response?.status !== 200) throw new Error(`GET ${path}: ${JSON.stringify(response)}`)
    return response.body
  }

  *admin(method, path, options = {}) {
    const headers = { Authorization: `Bearer ${this.token}`, ...options.headers }
    return yield* this.request(method, `/_isere/v1/${path}`, { ...options, headers })
  }

  *deploy(name, source) {
    return yield* this.admin('PUT', `functions/${name}`, {
      headers: { 'Content-Type': 'text/javascript' },
      body: source,
    })
  }

  // --- Faults from outside ---

  reset(why) {
    if (why === WATCHDOG) this.chip.watchdog.reason = 1 // its timer ran out
    this.chip.wantsReset = why
  }

  // --- What the firmware must not do ---

  // Only the flash driver changes the flash, and only in the store's partition:
  // one of its functions is on the stack.
  checkChange({ address, size }) {
    const { regs } = this.chip.core[0]
    const inDriver = (pc) => this.image.functionAt(pc)?.file === 'flash_rp2350.c'
    let isDriver = false
    for (let at = regs.sp; at < regs.sp + 512 && !isDriver; at += 4) {
      const word = this.chip.readUint32(at)
      isDriver = (word & 1) === 1 && inDriver(word)
    }
    if (!isDriver) this.chip.report(`the flash changes at ${address.toString(16)}, not by its driver`)
    const codeEnd = this.image.symbol('_flash_used').address
    if (address < codeEnd || address + size > this.chip.flashChip.size) {
      this.chip.report(`the flash changes at ${address.toString(16)}, where the firmware is`)
    }
  }

  // [{name, used, size}] of every stack that was used since the start.
  stacks() {
    const core = this.chip.core[0]
    core.noteLowest()
    const stacks = []
    for (const [limit, lowest] of core.lowest) {
      const symbol = this.image.objectAt(limit)
      if (symbol) {
        const end = symbol.address + symbol.size
        stacks.push({ name: symbol.name, used: end - lowest, size: symbol.size })
      }
    }
    return stacks.sort((a, b) => a.name < b.name ? -1 : 1)
  }
}

// Numbers from 0 to below 1, the same for the same seed (xorshift).
function generator(seed) {
  let state = seed * 0x9e3779b9 >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

export { ACK, MS, SECOND }
