"""Nothing a request does can be seen by another one: attacked over HTTP."""

import json
import threading

from wire import Wire, is_uuid, request

# /attack leaves traces wherever it can, /look reports any that it finds.
ATTACKS = r"""
let moduleVariable = 0
const map = new Map()
const weak = new WeakMap()
const bytes = new Uint8Array(1024)
const frozenLater = { value: 1 }
const key = {}
class Shared { static count = 0 }
const registry = new FinalizationRegistry(() => { traces.push('finalizer') })
const traces = []
let kept
let resolveKept
const pending = new Promise(resolve => { resolveKept = resolve })
pending.then(() => traces.push('promise'))
Object.defineProperty(Object.prototype, 'fromInit', {
  get() { return traces.length }, configurable: true,
})
const before = Object.getOwnPropertyNames(globalThis).sort().join()

const attack = async (event, context) => {
  moduleVariable++
  map.set('a', 1)
  weak.set(key, 1)
  bytes.fill(0xaa)
  Shared.count++
  traces.push('direct')
  kept = new Uint8Array(4096).fill(7)
  globalThis.leaked = event.rawBody
  globalThis.ref = new WeakRef({})
  registry.register({}, 1)
  resolveKept()
  Object.prototype.polluted = true
  Object.defineProperty(Object.prototype, 'fromInit', { value: 'changed' })
  Array.prototype.map = () => 'stolen'
  Array.prototype[Symbol.iterator] = function* () { yield 'stolen' }
  Promise.prototype.then = null
  Function.prototype.call = null
  JSON.stringify = () => '"stolen"'
  Symbol.for('left behind')
  RegExp.prototype.exec = () => ['stolen']
  'stolen'.match(/(stolen)/)
  Math.random = () => 0.5
  Date.now = () => 0
  crypto.randomUUID = () => 'stolen'
  Error.prepareStackTrace = () => 'stolen'
  frozenLater.value = 2
  Object.freeze(frozenLater)
  Object.preventExtensions(bytes)
  Object.setPrototypeOf(map, null)
  setTimeout(() => { traces.push('timer') }, 1)
  setInterval(() => { traces.push('interval') }, 1)
  queueMicrotask(() => traces.push('microtask'))
  console.log = () => {}
  context.secret = event.secret = 'x'
  try { process.env.stolen = true } catch {}
  globalThis.process = { env: { stolen: true } }
  const all = globalThis
  const names = Object.getOwnPropertyNames(all)
  Object.freeze(Object.prototype)
  for (let i = 0; i < names.length; i++) {
    try { delete all[names[i]] } catch {}
  }
  return { body: 'attacked' }
}

const look = event => {
  const found = []
  const check = (name, ok) => { if (!ok) found.push(name) }
  check('module variable', moduleVariable === 0)
  check('map', map.size === 0 && map instanceof Map)
  check('weak map', !weak.has(key))
  check('bytes', bytes.every(b => b === 0) && Object.isExtensible(bytes))
  check('class', Shared.count === 0)
  check('traces', traces.length === 0)
  check('kept', kept === undefined)
  check('globals', Object.getOwnPropertyNames(globalThis).sort().join() === before)
  check('extensible', Object.isExtensible(globalThis))
  check('prototype', !('polluted' in {}))
  check('getter', ({}).fromInit === 0)
  check('map method', [1].map(x => x + 1)[0] === 2)
  check('iterator', [...[1, 2]].length === 2)
  check('json', JSON.stringify([1]) === '[1]')
  check('exec', /a/.exec('b') === null)
  check('legacy', RegExp.$1 !== 'stolen')
  check('random', Math.random() !== 0.5)
  check('now', Date.now() > 1e12)
  check('uuid', crypto.randomUUID() !== 'stolen')
  check('prepare', Error.prepareStackTrace === undefined)
  check('frozen', frozenLater.value === 1 && !Object.isFrozen(frozenLater))
  check('env', process.env.stolen === undefined)
  check('event', event.secret === undefined)
  return found
}

export const handler = (event, context) =>
  event.path === '/attack' ? attack(event, context) : look(event)
"""


def test_no_trace_is_left(serve):
    server = serve(ATTACKS, "--workers", 1)
    with Wire(server) as wire:
        assert wire.ask(request("GET", "/look")).json == []
        for _ in range(20):
            assert wire.ask(request("GET", "/attack")).text == "attacked"
            assert wire.ask(request("GET", "/look")).json == []


def test_no_trace_is_left_between_connections(serve):
    """Concurrent, pipelined, over few instances."""
    server = serve(ATTACKS, "--workers", 2, "--instances", 3)
    failures = []

    def client(number):
        with Wire(server, 30) as wire:
            for _ in range(20):
                wire.send(
                    request("POST", "/attack", f"secret {number}")
                    + request("GET", "/look") * 2
                )
                if wire.read().text != "attacked":
                    failures.append("attack")
                failures.extend(wire.read().json + wire.read().json)

    threads = [threading.Thread(target=client, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_nothing_is_left_by_a_failure(serve):
    source = """
    let count = 0
    const big = []
    export const handler = ({ path }) => {
      count++
      globalThis.secret = path
      if (path === '/memory') for (;;) big.push(new Array(50).fill(count))
      if (path === '/stack') { const f = () => 1 + f(); f() }
      if (path === '/loop') for (;;) count++
      if (path === '/builtin') Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)
      if (path === '/throw') throw new Error('x')
      if (path === '/never') return new Promise(() => {})
      return [count, big.length, Object.keys(globalThis).includes('secret') && secret]
    }
    """
    server = serve(source, "--timeout", "100ms", "--memory", "2M", "--workers", 1)
    with Wire(server) as wire:
        for _ in range(3):
            for path in "memory stack loop builtin throw never".split():
                assert wire.ask(request("GET", "/" + path)).status >= 500
                assert wire.ask(request()).json == [1, 0, "/"], path


def test_memory_of_other_requests_is_not_seen(serve):
    """Fresh buffers are zero, whatever a request before wrote there."""
    source = """
    export const handler = ({ path, rawBody }) => {
      if (path === '/write') {
        const all = []
        for (let i = 0; i < 100; i++) all.push(new Uint8Array(9999).fill(0x5a))
        return all.length
      }
      let bad = 0
      for (let i = 0; i < 100; i++) {
        if (!new Uint8Array(9999).every(b => b === 0)) bad++
      }
      return bad
    }
    """
    with Wire(serve(source, "--workers", 1, "--timeout", "60s")) as wire:
        for _ in range(5):
            body = "secret " * 10000
            assert wire.ask(request("POST", "/write", body)).json == 100
            assert wire.ask(request("GET", "/look")).json == 0


UNIQUE = """
const fromInit = [Math.random(), crypto.randomUUID()]
export const handler = ({ requestContext }) => {
  const ids = new Set([requestContext.requestId, crypto.randomUUID(), crypto.randomUUID()])
  const random = [Math.random(), Math.random()]
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))].join('.')
  return [[...ids], random, bytes, fromInit]
}
"""


def test_what_is_unique_stays_unique(serve):
    """10,000 requests over 8 connections, several instances and workers."""
    server = serve(UNIQUE, "--workers", 2)
    texts = []

    def client():
        with Wire(server, 30) as wire:
            for _ in range(25):
                wire.send(request() * 50)
                texts.extend(wire.read().text for _ in range(50))

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 10000
    ids, numbers, bytes_seen = set(), set(), set()
    for text in texts:
        some, random, data, _ = json.loads(text)
        assert all(is_uuid(i) for i in some)
        ids.update(some)
        numbers.update(random)
        bytes_seen.add(data)
    assert len(ids) == 30000
    assert len(numbers) == 20000
    assert all(0 <= n < 1 for n in numbers)
    assert 0.48 < sum(numbers) / len(numbers) < 0.52
    assert len(bytes_seen) == 10000


def test_bodies_do_not_mix(serve):
    """Every connection gets its own bytes back, at every size."""
    source = """
    export const handler = async ({ rawBody, headers }) => {
      if (headers['x-wait']) await new Promise(r => setTimeout(r, 2))
      return { headers: { 'X-Id': headers['x-id'] }, body: rawBody }
    }
    """
    server = serve(source, "--workers", 2, "--instances", 4)
    failures = []

    def client(number):
        with Wire(server, 30) as wire:
            for i in range(60):
                size = [1, 100, 4000, 70000][i % 4]
                body = f"{number}.{i};" * (1 + size // 8)
                headers = {"X-Id": f"{number}/{i}"}
                if (i + number) % 3 == 0:
                    headers["X-Wait"] = "1"
                answer = wire.ask(request("POST", "/", body, headers))
                if (answer.text, answer.get("X-Id")) != (
                    body,
                    f"{number}/{i}",
                ):
                    failures.append((number, i))

    threads = [threading.Thread(target=client, args=(i,)) for i in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
