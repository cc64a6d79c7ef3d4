// Names, many clients, and what a request costs.
import assert from 'node:assert/strict'
import { MS, SECOND } from './board.js'

const A = 1
const AAAA = 28
const NSEC = 47

function* served(board) {
  yield* board.serving()
  yield* board.attach()
}

export function has_a_name({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    const name = `${board.settings.NET_HOSTNAME}.local`
    const { records } = yield* board.ip.mdns(name, A)
    assert.deepEqual(records.filter(({ type }) => type === A).map(({ data }) => [...data].join('.')),
      [board.address])
    assert.equal(yield* board.ip.mdns('other.local', A, 500 * MS), null)
  }())
}

// A host that asks for an IPv6 address as well waits for the answer: that there
// is none has to be said (RFC 6762, 6.1).
export function says_at_once_that_it_has_no_ipv6_address({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    const name = `${board.settings.NET_HOSTNAME}.local`
    const answer = yield* board.ip.mdns(name, AAAA)
    assert.ok(answer, 'no answer')
    assert.ok(answer.nanos < 250 * MS, `after ${answer.nanos / MS} ms`)
    assert.ok(!answer.records.some(({ type }) => type === AAAA))
    assert.ok(answer.records.some(({ type }) => type === NSEC))
  }())
}

// As many as there are connections, and those that wait to be accepted.
export function fifteen_clients_at_a_time({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    const client = function* () {
      return (yield* board.request('GET', '/'))?.status
    }
    for (let n = 0; n < 3; n++) {
      const got = yield* board.tasks.all(Array.from({ length: 15 }, client))
      assert.deepEqual(got, Array(15).fill(200))
      yield SECOND
    }
  }())
}

export function many_short_connections({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    for (let n = 0; n < 100; n++) yield* board.get()
  }())
}

// A closed connection keeps its place until the server's loop comes to it: each
// client has some two of the 15 there are.
export function many_connections_that_the_device_closes({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    const client = function* () {
      for (let n = 0; n < 25; n++) {
        const response = yield* board.request('GET', '/', { headers: { Connection: 'close' } })
        assert.equal(response?.status, 200)
      }
    }
    yield* board.tasks.all(Array.from({ length: 4 }, client))
  }())
}

// Every eighth frame is lost, on either side: both send again.
export function a_link_that_loses_frames({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    const source = 'export const handler = () => "x".repeat(6000)'
    assert.equal((yield* board.deploy('long', source)).status, 201)
    const { link, ip } = board
    const send = link.send.bind(link)
    link.send = (frame) => { if (board.random() > 1 / 8) send(frame) }
    link.onFrame = (frame) => { if (board.random() > 1 / 8) ip.take(frame) }
    for (let n = 0; n < 10; n++) {
      const body = 'y'.repeat(3000)
      const response = yield* board.request('POST', n % 2 ? '/long' : '/', { body })
      assert.equal(response?.status, 200)
    }
  }())
}

export function large_bodies_both_ways({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    const source = 'export const handler = (event) => event.body.length + event.body'
    const created = yield* board.deploy('echo', source)
    assert.equal(created.status, 201, created.body)
    const body = 'x'.repeat(8000)
    const response = yield* board.request('POST', '/echo', { body })
    assert.equal(response.status, 200)
    assert.equal(response.body, `8000${body}`)
  }())
}

// Printed, not judged: others aim for these figures.
export function what_a_request_costs({ make, report }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    for (const name of ['one', 'two', 'three']) {
      assert.equal((yield* board.deploy(name, 'export const handler = () => 1')).status, 201)
    }
    const { chip } = board
    chip.countFetches()
    const core = chip.core[0]
    yield SECOND // the log is out: the console is waited for instruction by instruction
    const measure = function* (what, request) {
      for (let n = 0; n < 5; n++) yield* request()
      const costs = []
      for (let n = 0; n < 10; n++) {
        const before = [core.instructions, chip.cache.fetched]
        yield* request()
        yield 20 * MS
        costs.push([core.instructions - before[0], chip.cache.fetched - before[1]])
      }
      const mean = (i) => Math.round(costs.reduce((sum, cost) => sum + cost[i], 0) / costs.length)
      report(`${what}: ${mean(0)} instructions, ${mean(1)} bytes fetched from flash`)
    }
    const connection = yield* board.tcp.connect(board.address, board.port)
    const kept = (path) => function* () {
      const response = yield* connection.request('GET', path)
      assert.equal(response.status, 200)
    }
    yield* measure('built-in function, connection kept', kept('/'))
    yield* measure('deployed function, connection kept', kept('/one'))
    let next = 0
    yield* measure('one of three functions in turn in two places, connection kept', () =>
      kept(['/one', '/two', '/three'][next++ % 3])())
    yield* connection.close()
    yield* measure('built-in function, new connection', () => board.get())
    let turn = 0
    yield* measure('two functions in turn, new connection', () => board.get(turn++ % 2 ? '/' : '/one'))
    yield SECOND
  }())
}
