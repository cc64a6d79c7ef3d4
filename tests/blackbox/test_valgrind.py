"""The server under valgrind: no errors, nothing lost at exit.

Runs in `make test-valgrind`, where the fixture starts the program in valgrind
with --error-exitcode=99, so that the exit code says it all. Otherwise the
same requests are sent without.
"""

import os

import pytest

from wire import Wire, chunked, request

pytestmark = pytest.mark.valgrind

COUNT = 200 if os.environ.get("ISERE_TEST_WRAPPER") else 20

HANDLER = """
import { helper } from './helper.js'
let calls = 0
const cases = {
  '/sample': () => ({ headers: { 'X-A': ['a', 'b'] }, cookies: ['c=1'], body: { calls: ++calls } }),
  '/event': event => JSON.stringify({ ...event }),
  '/echo': event => ({ body: event.rawBody, isBase64Encoded: event.isBase64Encoded }),
  '/helper': () => helper(1),
  '/throw': () => { throw new Error('on purpose') },
  '/reject': async () => { await null; throw new Error('on purpose') },
  '/unhandled': () => { Promise.reject(new Error('unhandled')); return 'fine' },
  '/never': () => new Promise(() => {}),
  '/malformed': () => ({ statusCode: 'x' }),
  '/memory': () => { const all = []; for (;;) all.push([all.length, 'x'.repeat(50)]) },
  '/stack': () => { const deep = n => 1 + deep(n + 1); return deep(0) },
  '/timeout': () => { for (;;); },
  '/builtin': () => Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1),
  '/timer': async () => {
    setTimeout(() => {}, 1000)
    await new Promise(resolve => setTimeout(resolve, 2))
    return 'later'
  },
  '/globals': () => {
    const url = new URL('http://a.b/c?d=e#f')
    url.searchParams.append('g', 'h')
    console.log('log', { url, map: new Map([[1, new Set([2])]]), bytes: new TextEncoder().encode('ü') })
    structuredClone({ url: url.href, date: new Date(), self: [url.href] })
    new TextDecoder('utf-16le').decode(new Uint8Array([1, 2, 3]))
    return [atob(btoa('x')), crypto.randomUUID().length, /(a+)+b/.test('aaab'), 2n ** 200n > 0, Math.random() < 1]
  },
}
export const handler = (event, ...rest) => cases[event.path](event, ...rest)
"""
HELPER = "export const helper = n => `helped ${n}`"

STATUS = {
    "/sample": 200,
    "/event": 200,
    "/helper": 200,
    "/throw": 500,
    "/reject": 500,
    "/unhandled": 200,
    "/never": 500,
    "/malformed": 502,
    "/memory": 500,
    "/stack": 500,
    "/timer": 200,
    "/globals": 200,
}


def start(serve, *options):
    files = {"handler.js": HANDLER, "helper.js": HELPER}
    return serve(
        files, "--memory", "1M", "--workers", 2, "--log-level", "error",
        *options,
    )


def ends_well(server):
    code = server.stop(60)
    assert code == 0, server.log()[-20000:]


@pytest.mark.parametrize("path", STATUS)
def test_handlers(serve, path):
    server = start(serve, "--timeout", "60s")
    target = f"{path}?a=1&b=%20&a=2"
    headers = {"Cookie": "a=1; b=2", "X-Long": "x" * 500}
    with Wire(server, 60) as wire:
        for _ in range(COUNT):
            answer = wire.ask(request("GET", target, headers=headers))
            assert answer.status == STATUS[path], answer
    ends_well(server)


@pytest.mark.parametrize("path", ["/timeout", "/builtin"])
def test_time_limit(serve, path):
    """The engine's own interrupt, and the jump out of a builtin."""
    server = start(serve, "--timeout", "20ms")
    with Wire(server, 60) as wire:
        for _ in range(COUNT):
            answer = wire.ask(request("GET", path))
            assert (answer.status, answer.error) == (504, "timeout")
    ends_well(server)


def test_bodies(serve):
    server = start(serve, "--timeout", "60s")
    with Wire(server, 60) as wire:
        for i in range(COUNT):
            body = b"\xff%d" % i + b"b" * (i * 13)
            assert wire.ask(request("POST", "/echo", body)).body == body
            pieces = [body[:1], body[1:]]
            assert wire.ask(chunked(pieces, "/echo", b";a=b")).body == body
            wire.send(request("GET", "/sample") * 3)
            for _ in range(3):
                assert wire.read().json == {"calls": 1}
    ends_well(server)


def test_malformed_http(serve):
    server = start(serve)
    bad = [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"\0\1\2\r\n\r\n", 400),
        (request("GET", "/" + "a" * 9000), 414),
        (request("GET", "/", headers={"X": "a" * 9000}), 431),
        (request("POST", "/", None, {"Content-Length": "99999999"}), 413),
        (chunked([b"a"], "/").replace(b"1\r\na", b"1\r\nab"), 400),
    ]
    for i in range(COUNT):
        data, status = bad[i % len(bad)]
        with Wire(server, 60) as wire:
            answer = wire.ask(data)
            assert answer.status == status and answer.closes
            assert wire.ended()
        with Wire(server, 60) as wire:  # and one that leaves in the middle
            wire.send(data[: len(data) // 2])
    ends_well(server)


def test_clients_that_leave(serve):
    server = start(serve, "--timeout", "60s")
    for i in range(COUNT):
        wire = Wire(server, 60)
        wire.send(request("GET", ["/timer", "/sample", "/event"][i % 3]) * 2)
        wire.sock.close()
    ends_well(server)
