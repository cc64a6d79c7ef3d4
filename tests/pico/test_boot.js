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
  const source = 'export const handler = () => crypto.randomUUID()'
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

// With a bad cable the driver logs two lines a millisecond, more than ten times
// what the console takes: it starts all the same.
export function the_token_comes_out_whatever_is_logged({ make }) {
  const board = make()
  board.run(function* () {
    yield* board.until(() => board.shown, SECOND, 'USB')
    const noise = function* () {
      for (;;) {
        board.chip.usb.receiveNothing()
        yield MS
      }
    }
    const making = board.tasks.start(noise())
    // A first start makes images: flash is erased for some seconds.
    yield* board.line(/isere token: [0-9a-f]{64}$/, 15 * SECOND)
    yield 500 * MS
    making.stop()
    yield* board.attach()
    yield* board.get()
  }())
  assert.match(board.log.join('\n'), /messages dropped/)
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
