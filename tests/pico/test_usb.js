// The USB device against hosts that are strict, and against those that are odd.
import assert from 'node:assert/strict'
import { ACK, MS, SECOND } from './board.js'
import {
  CLEAR_HALT, GET_CONFIGURATION, GET_DESCRIPTOR, GET_INTERFACE, GET_STATUS, SET_CONFIGURATION,
  SET_FEATURE, SET_HALT, SET_INTERFACE, STALL,
} from './host/bus.js'
import { ECM, NCM } from './host/enumerate.js'
import { bytesOf } from './host/ip.js'

const CONFIGURATION = 0x200
const DEVICE = 0x100

// USB 2.0, tables 9-10 to 9-13; CDC 1.2, tables 15 and 16; ECM 1.2, table 3. The
// index of a string is what the device chose.
const ECM_BYTES = (power, mac) => [
  '09 02 58 00 02 01 00 80', power, // configuration
  '08 0b 00 02 02 06 00 00', // association
  '09 04 00 00 01 02 06 00 00', // control interface
  '05 24 00 10 01', '05 24 06 00 01', // header, union
  '0d 24 0f', mac, '00 00 00 00 ea 05 00 00 00', // Ethernet
  '07 05 81 03 10 00 0a', // notifications
  '09 04 01 00 00 0a 00 00 00', '09 04 01 01 02 0a 00 00 00', // data
  '07 05 82 02 40 00 00', '07 05 01 02 40 00 00',
].join(' ')

const text = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')

export function ecm_has_the_bytes_of_the_standard({ make }) {
  const board = make()
  const info = board.run(board.enumerate())
  const power = text([board.settings.ISERE_USB_MAX_POWER / 2])
  assert.equal(info.subclass, ECM)
  assert.equal(text(info.configuration), ECM_BYTES(power, text([info.macIndex])))
  assert.equal(info.vendor, board.settings.ISERE_USB_VID)
  assert.equal(info.product, board.settings.ISERE_USB_PID)
  assert.equal(info.strings.product, board.settings.ISERE_USB_PRODUCT)
  // The flash chip's unique number, as tests/pico/chip/flash.js has it.
  assert.equal(info.strings.serial, 'E46350123456789A')
}

export function ncm_serves_as_well({ make }) {
  const board = make('pico2_ncm')
  board.run(function* () {
    yield* board.serving()
    yield* board.attach()
    assert.equal(board.info.subclass, NCM)
    for (let n = 0; n < 5; n++) yield* board.get()
    yield* board.ip.ping(board.address, 1400)
  }())
}

// Hosts clear halts before they use a pipe, while a frame waits there already:
// the device announces itself as soon as its link is up.
function clearHalts(board, wait) {
  board.run(function* () {
    yield* board.serving()
    yield* board.enumerate()
    const { info, bus } = board
    yield* board.control(SET_INTERFACE, 1, info.dataInterface)
    yield wait
    for (const endpoint of [0x80 | info.in, info.out, 0x80 | info.notify]) {
      assert.equal(yield* bus.clearHalt(endpoint), ACK)
    }
    board.link.go()
    yield* board.ip.dhcp()
    for (let n = 0; n < 3; n++) yield* board.get()
  }())
}

export function halts_cleared_after_a_tenth_of_a_millisecond({ make }) {
  clearHalts(make('pico2'), 0.1 * MS)
  clearHalts(make('pico2_ncm'), 0.1 * MS)
}

export function halts_cleared_after_five_milliseconds({ make }) {
  clearHalts(make('pico2'), 5 * MS)
  clearHalts(make('pico2_ncm'), 5 * MS)
}

export function halts_cleared_after_fifty_milliseconds({ make }) {
  clearHalts(make('pico2'), 50 * MS)
  clearHalts(make('pico2_ncm'), 50 * MS)
}

// Also in the middle of traffic, many times: what is lost is sent again.
export function halts_cleared_while_frames_wait({ make }) {
  const board = make()
  board.run(function* () {
    yield* board.serving()
    yield* board.attach()
    const { info, bus, link } = board
    for (let n = 0; n < 20; n++) {
      link.stop()
      yield MS
      board.ip.arp(1, Buffer.alloc(6, 0xff), bytesOf(board.address))
      yield* link.sendNow(link.outgoing.shift())
      yield (0.2 + n * 0.3) * MS
      assert.equal(yield* bus.clearHalt(0x80 | info.in), ACK)
      link.go()
      yield* board.ip.ping(board.address)
    }
    yield* board.get()
  }())
}

function* configured(board) {
  yield* board.serving()
  yield* board.attach()
  return board.info
}

export function descriptors_in_any_length({ make }) {
  const board = make()
  board.run(function* () {
    const { configuration } = yield* configured(board)
    for (const length of [1, 8, 9, 63, 64, 65, 88, 128, 255, 512, 513, 1024, 4095, 4096, 65535]) {
      const { answer, data } = yield* board.control(GET_DESCRIPTOR, CONFIGURATION, 0, length)
      assert.equal(answer, ACK, `${length} bytes`)
      const want = configuration.subarray(0, Math.min(length, configuration.length))
      assert.deepEqual([...data], [...want], `${length} bytes`)
    }
    yield* board.get()
  }())
}

// [what, request, value, index, length, bytes, answer]; index: which endpoint
// or interface. After each the device still answers.
const ODD = [
  ['two multicast filters', [0x21, 0x40], 2, 'control', 12, 12, null],
  ['a statistic', [0xa1, 0x44], 1, 'control', 4, 0, null],
  ['no frames wanted', [0x21, 0x43], 0, 'control', 0, 0, ACK],
  ['all frames wanted', [0x21, 0x43], 0x1f, 'control', 0, 0, ACK],
  ['an unknown request with 200 bytes', [0x21, 0x77], 0, 'control', 200, 200, STALL],
  ['a vendor\'s request', [0xc0, 0x20], 0, 4, 16, 0, STALL],
  ['a vendor\'s request with data', [0x40, 0x20], 0, 0, 8, 8, STALL],
  ['status of the device', GET_STATUS, 0, 0, 2, 0, ACK],
  ['status of an interface', [0x81, 0], 0, 'control', 2, 0, ACK],
  ['status of an endpoint', [0x82, 0], 0, 'in', 2, 0, ACK],
  ['status of an endpoint that is not there', [0x82, 0], 0, 0x85, 2, 0, null],
  ['the configuration', GET_CONFIGURATION, 0, 0, 1, 0, ACK],
  ['the alternate setting', GET_INTERFACE, 0, 'data', 1, 0, ACK],
  ['remote wake-up, which is not offered', SET_FEATURE, 1, 0, 0, 0, STALL],
  ['an alternate that is not there', SET_INTERFACE, 5, 'data', 0, 0, STALL],
  ['an alternate of the control interface', SET_INTERFACE, 1, 'control', 0, 0, STALL],
]

export function odd_requests({ make }) {
  const board = make()
  board.run(function* () {
    const info = yield* configured(board)
    const indexes = {
      control: info.controlInterface, data: info.dataInterface, in: 0x80 | info.in,
    }
    for (const [what, request, value, index, length, bytes, wanted] of ODD) {
      const { answer } = yield* board.control(request, value, indexes[index] ?? index, length,
        new Uint8Array(bytes))
      if (wanted) assert.equal(answer, wanted, what)
      yield* board.ip.ping(board.address)
    }
    const status = yield* board.control(GET_STATUS, 0, 0, 2)
    assert.deepEqual([...status.data], [0, 0], 'powered by the bus, wakes no host')
  }())
}

// A host waits for seconds before it gives a transfer up. (When the next SETUP
// comes 20 us after the last one, Zephyr's driver sends it the last one's data.)
export function control_transfers_that_are_given_up({ make }) {
  const board = make()
  board.run(function* () {
    yield* configured(board)
    const { bus } = board
    const check = function* () {
      const { answer, data } = yield* board.control(GET_DESCRIPTOR, DEVICE, 0, 18)
      assert.equal(answer, ACK)
      assert.equal(data.length, 18)
    }
    const setup = (bytes) => bus.usb.setup(bus.address, new Uint8Array(bytes))
    for (const wait of [200, 500, 2000]) { // nothing but the SETUP
      setup([0x80, 6, 0, 2, 0, 0, 0xff, 0])
      yield wait * 1000
      yield* check()
    }
    for (const wait of [200, 1000]) { // the first packet of two
      setup([0x80, 6, 0, 2, 0, 0, 0xff, 0])
      yield* board.until(() => bus.usb.in(bus.address, 0).answer === ACK, SECOND, 'data')
      yield wait * 1000
      yield* check()
    }
    for (const wait of [200, 1000]) { // no status stage
      setup([0, 9, board.info.value, 0, 0, 0, 0, 0])
      yield wait * 1000
      yield* check()
    }
    yield* board.ip.ping(board.address)
  }())
}

export function halted_endpoints({ make }) {
  const board = make()
  board.run(function* () {
    const info = yield* configured(board)
    const { bus, link } = board
    for (const endpoint of [info.out, 0x80 | info.in]) {
      link.stop()
      yield 2 * MS
      assert.equal((yield* board.control(SET_HALT, 0, endpoint)).answer, ACK)
      const status = yield* board.control([0x82, 0], 0, endpoint, 2)
      assert.deepEqual([...status.data], [1, 0])
      const answer = endpoint === info.out
        ? bus.usb.out(bus.address, endpoint, bus.outToggle[endpoint], new Uint8Array(10))
        : bus.usb.in(bus.address, info.in).answer
      assert.equal(answer, STALL)
      assert.equal(yield* bus.clearHalt(endpoint), ACK)
      link.go()
      yield* board.ip.ping(board.address)
    }
    assert.equal((yield* board.control(CLEAR_HALT, 0, 0x85)).answer, STALL)
  }())
}

// A host that acknowledges, but whose acknowledgement is lost, sends again.
export function repeated_packets({ make }) {
  const board = make()
  board.run(function* () {
    const info = yield* configured(board)
    const { bus, link } = board
    link.stop()
    for (let n = 0; n < 5; n++) {
      const last = bus.outToggle[info.out] ^ 1
      assert.equal(bus.usb.out(bus.address, info.out, last, new Uint8Array(20)), ACK)
      yield MS
    }
    link.go()
    yield* board.ip.ping(board.address)
  }())
}

export function sleeps_and_wakes({ make }) {
  const board = make()
  board.run(function* () {
    yield* configured(board)
    for (const pause of [10 * MS, 2 * SECOND, 20 * MS]) {
      board.link.stop()
      board.bus.hasFrames = false
      yield 3 * MS
      board.chip.usb.suspend()
      yield pause
      board.chip.usb.resume()
      yield 20 * MS
      board.bus.hasFrames = true
      board.link.go()
      yield* board.get()
    }
  }())
}

export function is_enumerated_again_and_again({ make }) {
  const board = make()
  board.run(function* () {
    yield* board.serving()
    for (let n = 0; n < 5; n++) {
      yield* board.attach()
      yield* board.get()
      if (n % 2) continue
      // In the middle of a request.
      const connection = yield* board.tcp.connect(board.address, board.port)
      connection.send(0x18, Buffer.from('GET / HTTP/1.1\r\n'))
      yield MS
    }
  }())
}

export function configuration_and_alternate_setting_off_and_on({ make }) {
  const board = make()
  board.run(function* () {
    const info = yield* configured(board)
    board.link.stop()
    yield 2 * MS
    assert.equal((yield* board.control(SET_CONFIGURATION, 0)).answer, ACK)
    assert.equal((yield* board.control(SET_CONFIGURATION, info.value)).answer, ACK)
    board.bus.inToggle[info.notify] = 0
    yield* board.link.start()
    yield* board.get()
    board.link.stop()
    yield 2 * MS
    assert.equal((yield* board.control(SET_INTERFACE, 0, info.dataInterface)).answer, ACK)
    yield 100 * MS
    yield* board.link.start()
    yield* board.get()
  }())
}
