"""Ten thousand requests, and not a byte more in use than before."""

import concurrent.futures

import pytest

from corpus import DeviceWire
from state import rest, settle
from wire import request

HANDLER = """
let seen = 0
export const handler = async (e) => {
  seen++
  const junk = Array.from({ length: 50 }, (_, i) => ({ i, text: 'x' + i }))
  globalThis.kept = junk
  if (e.query === 'later') await new Promise((go) => setTimeout(go, 1))
  return { body: { seen, n: junk.length, body: e.rawBody } }
}"""
REQUESTS = 10000


def kept_alive(device, count):
    """On one connection, some pipelined."""
    with DeviceWire(device) as wire:
        for _ in range(count // 5):
            wire.send(request("GET", "/") * 4 + request("POST", "/?later", "b"))
            for _ in range(5):
                assert wire.read().json["seen"] == 1


def one_each(device, count):
    """A connection for each request."""
    for _ in range(count):
        with DeviceWire(device) as wire:
            assert wire.ask(request("POST", "/", "body")).json["seen"] == 1


def run(device, count):
    each = count // 20
    jobs = [(kept_alive, each * 6)] * 3 + [(one_each, each)] * 2
    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        for job in [pool.submit(f, device, n) for f, n in jobs]:
            job.result()


def settle_with_both(device, before):
    """Every 10 s the instances are given up that had nothing to do since the
    last time (REAP in core/server/loop.h): also while the last of the clients
    is alone, and while connections close. Then they are made again."""
    for left in reversed(range(5)):
        run(device, 200)
        try:
            settle(device, before, patience=9, exact=True)
            return
        except AssertionError:
            if left == 0:
                raise


@pytest.mark.long
def test_ten_thousand_requests(boot):
    device = boot(HANDLER)
    run(device, 200)  # both instances are made, spare buffers kept
    before = rest(device)
    run(device, REQUESTS)
    settle_with_both(device, before)
