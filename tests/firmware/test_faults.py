"""Handlers that go wrong: the client gets the documented answer, nothing is
left in use, and the next request is served."""

import contextlib
import time

import pytest

from corpus import DeviceWire
from state import files, rest, settle
from wire import request

# What is in the query is done; without a query the answer is "fine".
HANDLER = """
const deep = (n) => n + deep(n + 1)
const nest = (n) => (n ? [nest(n - 1)] : [])
const faults = {
  loop: () => { for (;;) {} },
  builtin: () => Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1),
  regexp: () => /^(a+)+$/.test('a'.repeat(64) + 'b'),
  sort: () => [3, 2, 1].sort(() => { for (;;) {} }),
  jobs: () => {
    const again = () => Promise.resolve().then(again)
    return again()
  },
  caught: () => { for (;;) { try { for (;;) {} } finally { continue } } },
  eater: () => { const all = []; for (;;) all.push(new Array(64).fill(0)) },
  buffer: () => new ArrayBuffer(1 << 28),
  string: () => { let s = 'x'; for (;;) s += s },
  deep: () => deep(0),
  toString: () => { const o = { toString: () => '' + o }; return '' + o },
  parse: () => JSON.parse('['.repeat(20000)),
  nested: () => JSON.stringify(nest(3000)),
  throws: () => { throw new Error('on purpose') },
  never: () => new Promise(() => {}),
  status: () => ({ statusCode: 1 }),
}
export const handler = (e) => (e.query ? faults[e.query]() : 'fine')
"""
ANSWERS = {
    "loop": [(504, "timeout")],
    "builtin": [(504, "timeout")],
    "regexp": [(504, "timeout"), (500, "stack"), (500, "memory")],
    "sort": [(504, "timeout")],
    "jobs": [(504, "timeout"), (500, "memory")],
    "caught": [(504, "timeout")],
    "eater": [(500, "memory")],
    "buffer": [(500, "memory")],
    "string": [(500, "memory"), (500, "exception")],
    "deep": [(500, "stack")],
    "toString": [(500, "stack")],
    "parse": [(500, "stack"), (500, "memory"), (500, "exception")],
    "nested": [(500, "stack"), (500, "memory")],
    "throws": [(500, "exception")],
    "never": [(500, "exception")],
    "status": [(502, "malformed")],
}


def test_faults_one_after_the_other(boot):
    device = boot(HANDLER, "--timeout", "200ms")
    with DeviceWire(device) as wire:
        assert wire.ask(request()).text == "fine"
    before = rest(device)
    for fault, allowed in ANSWERS.items():
        with DeviceWire(device) as wire:
            answer = wire.ask(request("GET", f"/?{fault}"))
            assert (answer.status, answer.error) in allowed, (fault, answer)
            if answer.status != 200:
                assert answer.json["message"], fault
            assert wire.ask(request()).text == "fine", fault
    settle(device, before)


def test_faults_at_the_same_time(boot):
    """Both instances are in trouble, and others wait for them."""
    device = boot(HANDLER, "--timeout", "200ms")
    names = ["loop", "eater", "deep", "throws", "", "builtin", "", "never"]
    assert device.get("/").text == "fine"
    wires = [DeviceWire(device) for _ in names]
    for wire, name in zip(wires, names):
        wire.send(request("GET", f"/?{name}"))
    for wire, name in zip(wires, names):
        answer = wire.read()
        allowed = ANSWERS[name] if name else [(200, None)]
        assert (answer.status, answer.error) in allowed, (name, answer)
        wire.sock.close()
    before = rest(device)
    for name in names:
        device.get(f"/?{name}")
    settle(device, before)


def test_a_flood_of_log_lines(boot):
    """Lines may be dropped, and it is said that they were; the handler and
    the server go on."""
    device = boot(
        """export const handler = (e) => {
          for (let i = 0; i < 2000; i++) console.log('line', i, 'x'.repeat(200))
          return 'logged'
        }""",
        "--timeout", "20s",
    )
    with DeviceWire(device, timeout=40) as wire:
        assert wire.ask(request()).text == "logged"
        assert wire.ask(request()).text == "logged"
    device.wait_match(r"line \d+ xxx|messages dropped")


@pytest.mark.parametrize("part", ["x", "\\n", "é"], ids=["x", "newline", "e"])
def test_a_long_line_is_cut(boot, part):
    device = boot(f"""export const handler = () => {{
        console.log('{part}'.repeat(3000))
        return 'ok'
    }}""")
    assert device.get("/").text == "ok"
    line = device.wait_match(r"(?s)\[[0-9a-f-]{36}\] .+?\.\.\.\n").group()
    # native_sim begins a new line after every 255 bytes of its own accord.
    assert len(line.encode()) < device.target.config("ISERE_LOG_LINE") + 20


def test_long_requests_do_not_starve_the_watchdog(mps2):
    """Each within its limit, together longer than the watchdog waits, and
    longer than a client may take to send its head: theirs came in time."""
    clients, busy = mps2.target.config("ISERE_CONNECTIONS"), 1300
    for limit in ("ISERE_WATCHDOG_MS", "ISERE_HEADER_TIMEOUT_MS"):
        assert clients * busy > 1.2 * mps2.target.config(limit), limit
    device = mps2(f"""export const handler = () => {{
        const t = Date.now()
        while (Date.now() - t < {busy});
        return 'done'
    }}""")
    unused = files(device)
    with contextlib.ExitStack() as stack:
        wires = [
            stack.enter_context(DeviceWire(device, timeout=60))
            for _ in range(clients)
        ]
        end = time.monotonic() + 30
        while files(device) < unused + clients:  # till all are accepted
            assert time.monotonic() < end
            time.sleep(0.1)
        for wire in wires:
            wire.send(request())
        assert [wire.read().text for wire in wires] == ["done"] * clients
    assert device.log().count("Booting Zephyr") == 1


def test_a_stuck_event_loop_is_ended_by_the_watchdog(mps2):
    """No handler can do that, so a function of the event loop is made to loop.
    The device says why and starts anew, with what its flash holds."""
    device = mps2("export const handler = () => 'served'")
    assert device.get("/").text == "served"
    loop = device.target.image.symbol("isere_zephyr_poll_wait").address & ~1
    with device.debugger() as debugger:
        debugger.write(loop, b"\xfe\xe7")  # a branch to itself
    device.wait_match(r"(?s)the event loop is stuck.*Booting Zephyr", 60)
    device.wait_ready(2)
    assert device.get("/").text == "served"
