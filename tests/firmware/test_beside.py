"""A handler that takes long goes on beside the server: one at a time holds up
nobody else's requests."""

import contextlib
import json
import threading
import time

import pytest

from corpus import DeviceWire
from state import rest, settle
from test_containment import break_it, wait_restart
from test_jobs import PATIENCE, answers, under_load, wait_for
from wire import request

GOOD = "export const handler = () => 'good'"
LOOP = """
export const handler = async (event) => {
  if (event.path === '/loop/compute') {
    let n = 0
    for (let i = 0; i < 150000; i++) n += i
    return { body: { n, query: event.query, agent: event.headers['x-long'] } }
  }
  if (event.path === '/loop/throw') {
    for (let i = 0; i < 80000; i++);
    throw new Error('after a while')
  }
  if (event.path === '/loop/wait') {
    for (let i = 0; i < 80000; i++);
    await new Promise((go) => setTimeout(go, 50))
    for (let i = 0; i < 80000; i++);
    return 'waited'
  }
  if (event.path === '/loop/builtin') {
    return Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)
  }
  if (event.path === '/loop/log') {
    for (;;) console.log('on and on')
  }
  for (;;);
}"""


def ask(device, path, **fields):
    """(status, error, body)"""
    with DeviceWire(device, PATIENCE) as wire:
        answer = wire.ask(request("GET", path, None, fields))
    return answer.status, answer.error, answer.body.decode()


class Loop:
    """A request that takes long, in a thread of its own."""

    def __init__(self, device, path, **fields):
        self.answer = None
        self._thread = threading.Thread(
            target=lambda: setattr(self, "answer", ask(device, path, **fields)),
            daemon=True,
        )
        self._thread.start()

    @property
    def ended(self):
        return not self._thread.is_alive()

    def wait(self):
        self._thread.join(PATIENCE)
        assert self.ended
        return self.answer


def looping(mps2, limit):
    """With the time limit that a request to it has; QEMU may be slow."""
    device = mps2(GOOD)
    package = {"main": "loop.js", "files": {"loop.js": LOOP}, "timeout": limit}
    device.deploy("loop", package)
    return device


@pytest.mark.parametrize("path", ["/loop", "/loop/builtin", "/loop/log"])
def test_others_are_served(mps2, path):
    device = looping(mps2, "8s")
    with under_load(device, 1) as load:
        wait_for(lambda: answers(load) > 5)
        loop = Loop(device, path)
        wait_for(lambda: answers(load) > 10 or loop.ended)
        time.sleep(0.2)
        before = answers(load)
        wait_for(lambda: answers(load) > before + 30 or loop.ended)
        during = answers(load) - before
        assert not loop.ended, during
        assert during > 30
        assert loop.wait()[:2] == (504, "timeout")
        count = answers(load)
        wait_for(lambda: answers(load) > count + 5)


def test_what_takes_long_is_answered(mps2):
    device = looping(mps2, "30s")
    with under_load(device, 1) as load:
        loop = Loop(device, "/loop/compute?q", **{"X-Long": "a" * 200})
        status, _, body = loop.wait()
        assert status == 200
        assert json.loads(body) == {
            "n": 149999 * 75000,
            "query": "q",
            "agent": "a" * 200,
        }
        assert Loop(device, "/loop/throw").wait()[:2] == (500, "exception")
        assert Loop(device, "/loop/wait").wait() == (200, None, "waited")
        answers(load)


def test_many_in_a_row(mps2):
    """Each in a pristine heap, and nothing is left of them."""
    device = looping(mps2, "6s")
    ask(device, "/loop/compute")
    device.get("/")
    before = rest(device)
    for _ in range(3):
        first = Loop(device, "/loop/compute?1")
        assert device.get("/").text == "good"
        assert first.wait()[0] == 200
        assert ask(device, "/loop")[:2] == (504, "timeout")
    assert device.get("/").text == "good"
    settle(device, before)


def test_two_at_a_time(mps2):
    """The second one holds up the others, for its time limit at most; then all
    goes on."""
    device = looping(mps2, "3s")
    device.deploy("more", LOOP.replace("/loop", "/more"))
    loops = [Loop(device, "/loop"), Loop(device, "/more")]
    assert [loop.wait()[:2] for loop in loops] == [(504, "timeout")] * 2
    assert device.get("/").text == "good"
    assert ask(device, "/more/compute")[0] == 200


def test_a_deploy_meanwhile(mps2):
    device = looping(mps2, "3s")
    loop = Loop(device, "/loop")
    time.sleep(0.2)
    device.deploy("next", GOOD, timeout=PATIENCE)
    assert device.get("/next").text == "good"
    assert loop.wait()[:2] == (504, "timeout")


def test_it_is_replaced_meanwhile(mps2):
    device = looping(mps2, "30s")
    loop = Loop(device, "/loop/compute")
    time.sleep(0.1)
    device.deploy("loop", GOOD, timeout=PATIENCE)
    assert device.get("/loop").text == "good"
    assert loop.wait()[0] == 200


def test_its_client_leaves(mps2):
    device = looping(mps2, "3s")
    with DeviceWire(device) as wire:
        wire.send(request("GET", "/loop"))
        time.sleep(0.3)
    assert device.get("/").text == "good"
    wait_for(lambda: ask(device, "/loop/compute")[0] == 200)


def test_a_crash_beside(mps2):
    """The device resets and blames it, not the one that is asked meanwhile."""
    crash = "for (let i = 0; i < 150000; i++); Math.clz32(1)"
    source = "export const handler = () => {" + crash + "}"
    device = mps2(GOOD)
    device.may_crash = True
    package = {"main": "c.js", "files": {"c.js": source}, "timeout": "30s"}
    device.deploy("crash", package)
    break_it(device)
    asked = 0
    end = time.monotonic() + PATIENCE
    with DeviceWire(device) as wire, DeviceWire(device) as other:
        wire.send(request("GET", "/crash"))
        with contextlib.suppress(AssertionError, OSError):
            while time.monotonic() < end:
                assert other.ask(request("GET", "/")).text == "good"
                asked += 1
        said = wait_restart(device, 2)
    assert asked > 0
    assert "a fault in function 'crash' version 1 (usage fault" in said, said
    assert device.get("/").text == "good"
