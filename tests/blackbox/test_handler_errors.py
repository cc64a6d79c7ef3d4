"""What goes wrong in handlers, and that the server goes on."""

import re
import time

import pytest

from conftest import SLOW
from wire import Wire, cpu_seconds, request

ERRORS = """\
const deep = n => [n, deep(n + 1)]
const forever = () => new Promise(() => {})
const throwing = () => { throw new RangeError('thrown') }

const cases = {
  '/throw': () => throwing(),
  '/reject': async () => throwing(),
  '/late': () => forever(setTimeout(throwing, 5)),
  '/done': (event, context, done) => done(new Error('through done')),
  '/memory': () => { const all = []; for (;;) all.push([all.length]) },
  '/memory-string': () => 'x'.repeat(2 ** 29),
  '/memory-buffer': () => new ArrayBuffer(2 ** 30),
  '/stack': () => deep(0),
  '/never': forever,
  '/malformed': () => ({ statusCode: '200' }),
  '/cyclic': () => { const a = {}; a.a = a; return a },
  '/fine': () => 'fine',
}
export const handler = (event, ...rest) => cases[event.path](event, ...rest)
"""

# path: status, word, what the log must say
WORDS = {
    "/throw": (500, "exception", r"RangeError: thrown.*handler\.js:3"),
    "/reject": (500, "exception", r"RangeError: thrown.*handler\.js:3"),
    "/late": (500, "exception", r"RangeError: thrown.*handler\.js:3"),
    "/done": (500, "exception", r"Error: through done.*handler\.js:9"),
    "/memory": (500, "memory", r"memory.*handler\.js:10"),
    "/memory-string": (500, "memory", r"memory.*handler\.js:11"),
    "/memory-buffer": (500, "memory", r"memory.*handler\.js:12"),
    "/stack": (500, "stack", r"stack.*handler\.js:1"),
    "/never": (500, "exception", r"settle"),
    "/malformed": (502, "malformed", r"malformed.*statusCode"),
    "/cyclic": (502, "malformed", r"malformed.*circular"),
}

LINE = re.compile(
    r"[0-9T:.Z-]{24} (ERROR|WARN |INFO |DEBUG) \[([0-9a-f-]{36})\] "
)


def test_errors(serve):
    server = serve(ERRORS, "--memory", "4M")
    with Wire(server) as wire:
        for path, (status, word, said) in WORDS.items():
            before = server.log()
            wire.ask(request("GET", path)).is_error(status, word)
            assert wire.ask(request("GET", "/fine")).text == "fine"
            log = server.wait_log("\n", count=before.count("\n") + 1)
            log = log[len(before) :]
            assert re.search(said, log), (path, log)
            for line in log.splitlines():
                assert LINE.match(line), line


def test_errors_say_nothing_about_the_function(serve):
    server = serve(ERRORS, "--memory", "4M")
    for path in WORDS:
        text = server.get(path).text
        assert "handler" not in text and "thrown" not in text, text


def test_log_has_the_request_id(serve):
    source = """
    export const handler = ({ requestContext: { requestId } }, context, done) => {
      console.log('id', requestId)
      throw new Error('for ' + requestId)
    }
    """
    server = serve(source)
    server.get("/")
    log = server.wait_log("Error: for ")
    ids = re.findall(r"\[([0-9a-f-]{36})\]|(?:id|for) ([0-9a-f-]{36})", log)
    assert len(ids) == 4 and len({a or b for a, b in ids}) == 1, log


TIMEOUTS = {
    "/loop": "for (;;);",
    "/catch": "for (;;) try { for (;;); } catch {} finally { continue }",
    "/generator": "const g = function* () { for (;;) yield }; for (const x of g());",
    "/includes": "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)",
    "/indexof": "'a'.repeat(3e6).indexOf('a'.repeat(1.5e6) + 'b')",
    "/pattern": "/^(a+)+$/.test('a'.repeat(40) + 'b')",
    "/sort": "[3, 2, 1].sort(() => { for (;;); })",
    "/bigint": "let x = 3n; for (;;) x = x ** 3n % (2n ** 60000n)",
    "/timers": "setInterval(() => {}, 0); return new Promise(() => {})",
    "/jobs": "return (async () => { for (;;) await null })()",
    "/microtask": "const f = () => queueMicrotask(f); f(); return new Promise(f)",
    "/sleep": "return new Promise(r => setTimeout(r, 60000))",
    "/getter": "return { get body() { for (;;); } }",
    "/tojson": "return { body: { toJSON() { for (;;); } } }",
    "/proxy": "return new Proxy({}, { get() { for (;;); } })",
    "/thenable": "return { then() { for (;;); } }",
    "/join": "[].join.call({ length: 2 ** 32 - 1 }, '')",
    "/log": "for (;;) console.debug('x')",
    "/clone": "for (;;) structuredClone([1, { a: 2 }])",
    "/url": "for (;;) new URL('http://a.b/c?d')",
    "/random": "for (;;) crypto.getRandomValues(new Uint8Array(60000))",
    "/decode": "const d = new TextDecoder(); for (;;) d.decode(new Uint8Array(1e6))",
    "/finalizers": "for (;;) new FinalizationRegistry(() => {}).register({}, 1)",
}


def timeout_source():
    lines = [
        f"  '{path}': () => {{ {code} }}," for path, code in TIMEOUTS.items()
    ]
    return (
        "const cases = {\n" + "\n".join(lines) + "\n}\n"
        "export const handler = ({ path }) => cases[path]?.() ?? 'fine'\n"
    )


def test_time_limit(serve):
    limit = 0.2
    server = serve(timeout_source(), "--timeout", "200ms", "--workers", 1)
    with Wire(server) as wire:
        for path in TIMEOUTS:
            start = time.monotonic()
            answer = wire.ask(request("GET", path))
            took = time.monotonic() - start
            assert (answer.status, answer.error) == (504, "timeout"), path
            assert limit * 0.95 <= took < limit + 0.5 * SLOW, (path, took)
            assert wire.ask(request("GET", "/fine")).text == "fine", path
    start = cpu_seconds(server.pid)
    time.sleep(0.3)
    assert cpu_seconds(server.pid) - start < 0.1, "it still runs"


def test_time_limit_says_where(serve):
    source = "const spin = () => {\n  for (;;);\n}\nexport const handler = () => spin()\n"
    server = serve(source, "--timeout", "100ms")
    server.get("/").status
    log = server.wait_log("ERROR")
    assert re.search(r"time.*handler\.js:[12]", log), log


def test_time_limit_of_a_handler_that_gave_undefined(serve):
    source = "export const handler = () => { setInterval(() => {}, 1) }"
    server = serve(source, "--timeout", "100ms")
    with Wire(server) as wire:
        wire.ask(request()).is_error(504, "timeout")


def test_time_limit_holds_after_the_answer(serve):
    source = """
    export const handler = ({ path }, context, done) => {
      if (path === '/fine') return 'fine'
      done('answered')
      for (;;);
    }
    """
    server = serve(source, "--timeout", "200ms", "--workers", 1)
    with Wire(server) as wire:
        assert wire.ask(request()).text == "answered"
        assert wire.ask(request("GET", "/fine")).text == "fine"


def test_only_logged_after_the_answer(serve):
    source = """
    export const handler = ({ path }, context, done) => {
      if (path === '/rejection') {
        Promise.reject(new Error('unhandled one'))
        return 'fine'
      }
      done('fine')
      if (path === '/throw') throw new Error('thrown late')
      if (path === '/done') done(new Error('given late'))
      if (path === '/reject') return Promise.reject(new Error('rejected late'))
      setTimeout(() => { throw new Error('timer late') }, 1)
    }
    """
    server = serve(source)
    for path in ["/rejection", "/throw", "/done", "/reject", "/timer"]:
        assert server.get(path).text == "fine", path
    for text in ["unhandled one", "thrown late", "rejected late"]:
        server.wait_log(text)


def test_rejection_handled_in_time(serve):
    source = """
    export const handler = async () => {
      const p = Promise.reject(new Error('handled'))
      await null
      await p.catch(() => {})
      return 'fine'
    }
    """
    server = serve(source)
    assert server.get("/").text == "fine"
    server.stop()
    assert "handled" not in server.log()


@pytest.mark.parametrize("value", ["null", "undefined", "0", "'text'", "{}"])
def test_odd_things_thrown(serve, value):
    server = serve(f"export const handler = () => {{ throw {value} }}")
    with Wire(server) as wire:
        wire.ask(request()).is_error(500, "exception")


def test_stack_overflow_everywhere(serve):
    """Recursion through each kind of call the engine has."""
    bodies = {
        "/getter": "const o = { get a() { return o.a } }; o.a",
        "/proxy": "const p = new Proxy({}, { get: () => p.x }); p.x",
        "/json": "const o = { toJSON: () => JSON.stringify(o) }; o.toJSON()",
        "/string": "const o = { toString: () => `${o}` }; `${o}`",
        "/sort": "const f = () => [1, 2].sort(f); f()",
        "/replace": "const f = () => 'a'.replace(/a/, f); f()",
        "/class": "class A { constructor() { new A() } } new A()",
        "/spread": "const f = (...a) => f(...a); f(1, 2, 3)",
        "/apply": "function f() { f.apply(this, arguments) } f()",
        "/nested": "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)",
        "/flat": "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity)",
        "/iterator": "const o = { [Symbol.iterator]: () => [...o] }; [...o]",
    }
    cases = ",\n".join(f"'{k}': () => {{ {v} }}" for k, v in bodies.items())
    server = serve(
        f"const cases = {{ {cases} }}\n"
        "export const handler = ({ path }) => cases[path]() ?? 'fine'\n"
    )
    with Wire(server) as wire:
        for path in bodies:
            answer = wire.ask(request("GET", path))
            assert (answer.status, answer.error) == (500, "stack"), path


def test_memory_limit_without_an_exception(serve):
    """The engine sometimes fails to allocate and throws nothing at all."""
    source = """
    export const handler = () =>
      Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 0, 2 ** 40)
    """
    with Wire(serve(source)) as wire:
        wire.ask(request()).is_error(500, "memory")


@pytest.mark.parametrize("memory", ["1M", "16M"])
def test_memory_limit_says_where(serve, memory):
    source = """export const handler = () => {
      const all = []
      for (;;) all.push([all.length])
    }
    """
    server = serve(source, "--memory", memory)
    with Wire(server) as wire:
        wire.ask(request()).is_error(500, "memory")
    assert "handler.js:3" in server.wait_log("memory")


def test_stack_overflow_in_json_parse(serve):
    source = "export const handler = () => JSON.parse('['.repeat(1e5))"
    with Wire(serve(source)) as wire:
        wire.ask(request()).is_error(500, "stack")


def test_console_cannot_be_broken(serve):
    """Deep, cyclic, hostile values: one line each, and an answer."""
    source = """
    export const handler = () => {
      let deep = {}
      for (let i = 0; i < 1e4; i++) deep = { deep }
      const cyclic = []
      cyclic.push(cyclic)
      const hostile = new Proxy({}, { get() { throw 1 }, ownKeys() { throw 2 } })
      console.log('1', deep)
      console.log('2', cyclic)
      console.log('3', hostile)
      console.log('4', { get a() { throw new Error('getter') } })
      console.log('5', 'a\\nb\\rc\\x1b[0m\\0d\\u2028')
      console.log('6', 'x'.repeat(1e6))
      console.log('7', Symbol('s'), 1n, null, undefined, -0, [,], new Map())
      return 'fine'
    }
    """
    server = serve(source)
    assert server.get("/").text == "fine"
    assert server.stop() == 0
    lines = server.log().splitlines()
    assert [line[70] for line in lines] == list("1234567"), server.log()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", server.log())
