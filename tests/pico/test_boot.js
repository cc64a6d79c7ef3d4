// From power-on to an answer: the boot ROM, the console, USB, an address, a
// request.
import assert from 'node:assert/strict'
import { MS, SECOND } from './board.js'

export function boots_and_answers({ make }) {
  const board = make()
  board.run(function* () {
    yield* board.serving()
    assert.match(board.token, /^[0-9a-f]{64}$/)
    const lease = yield* board.attach()
    assert.equal(lease.server, board.address)
    assert.equal(lease.mask, board.settings.ISERE_NET_NETMASK)
    assert.equal(lease.address.replace(/\d+$/, ''), board.address.replace(/\d+$/, ''))
    assert.equal(lease.lease, board.settings.NET_DHCPV4_SERVER_ADDR_LEASE_TIME)
    assert.ok(!lease.options.has(3) && !lease.options.has(6), 'a router or a DNS server')
    assert.match(yield* board.get(), /"message":"Hello from isère"/)
  }())
}

export function a_second_start_has_the_same_token_and_other_random_numbers({ make }) {
  const source = 'const id = crypto.randomUUID(); export const handler = () => id'
  const board = make()
  const [first, second] = board.run(function* () {
    yield* board.serving()
    yield* board.attach()
    const token = board.token
    assert.equal((yield* board.deploy('random', source)).status, 201)
    const first = yield* board.get('/random')
    const from = board.log.length
    board.chip.powerCycle()
    yield* board.serving(from)
    yield* board.attach()
    assert.equal(board.token, token)
    return [first, yield* board.get('/random')]
  }())
  assert.match(first, /^[0-9a-f-]{36}$/)
  assert.notEqual(first, second)
}

// A host that enumerates while the store is formatted, and then repeats what it
// sent: the driver logs a warning each time. The console takes some 11 bytes a
// millisecond.
export function the_token_comes_out_whatever_is_logged({ make }) {
  const board = make()
  board.run(function* () {
    yield* board.enumerate()
    yield* board.control([0x01, 11], 1, board.info.dataInterface)
    const wrong = board.bus.outToggle[board.info.out] ^ 1
    for (let n = 0; n < 200; n++) {
      board.chip.usb.out(board.bus.address, board.info.out, wrong, new Uint8Array(8))
      yield MS
    }
    yield* board.serving()
  }())
  const text = board.log.join('\n')
  assert.match(text, /Data Sequence Error/)
  assert.match(text, /^isere token: [0-9a-f]{64}$/m)
}

export function ordinary_starts_lose_no_line({ make }) {
  const board = make()
  board.run(function* () {
    yield* board.enumerate()
    yield* board.link.start()
    yield* board.serving()
    yield SECOND
  }())
  assert.ok(board.token)
  assert.ok(!board.log.some((line) => /dropped/.test(line)), board.tail())
}
