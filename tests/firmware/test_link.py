"""The cable is pulled and put back, in QEMU."""

import time

import pytest

from corpus import DeviceWire
from state import rest, settle
from wire import request

HANDLER = """export const handler = async (e) => {
  await new Promise((go) => setTimeout(go, +e.query))
  return e.rawBody ?? 'x'.repeat(5000)
}"""


def test_the_link_goes_down(mps2):
    device = mps2(HANDLER)
    assert len(device.get("/?0").body) == 5000
    before = rest(device)
    device.set_link(False)
    time.sleep(2)
    device.set_link(True)
    assert len(device.get("/?0").body) == 5000
    settle(device, before)


def test_in_the_middle_of_a_request(mps2):
    """The answer comes when the link is back: TCP sends it again."""
    device = mps2(HANDLER)
    assert len(device.get("/?0").body) == 5000
    before = rest(device)
    with DeviceWire(device, timeout=60) as wire:
        wire.send(request("GET", "/?300"))
        time.sleep(0.15)
        device.set_link(False)
        time.sleep(1.5)
        device.set_link(True)
        assert len(wire.read().body) == 5000
    settle(device, before)


@pytest.mark.long
def test_it_stays_down_for_long(mps2):
    """Whoever was in the middle of something is gone when it comes back: what
    they used is free again, and others are served."""
    device = mps2(HANDLER)
    whole = request("POST", "/?0", "b" * 2000)
    pieces = [request("GET", "/?200")] * 3 + [whole[:20], whole[:1000], b""]

    def leave(then):
        wires = [DeviceWire(device) for _ in pieces]
        for wire, data in zip(wires, pieces):
            wire.send(data)
        time.sleep(0.1)
        then()
        for wire in wires:
            wire.sock.close()

    leave(lambda: None)
    assert len(device.get("/?0").body) == 5000
    before = rest(device)
    leave(lambda: device.set_link(False))
    # The answers are sent again and again for a while, then given up.
    settle(device, before, 150)
    device.set_link(True)
    assert len(device.get("/?0").body) == 5000
    settle(device, before)
