"""The time limits of connections, as the firmware has them by default. All at
the same time, for they are long."""

import time

import pytest

from corpus import DeviceWire
from state import rest, settle
from wire import request

CLIENTS = ("silent", "head", "body", "idle")
DATA = request("POST", "/", "body")


def begin(device, patience):
    """Connections that are left in these states."""
    wires = {what: DeviceWire(device, patience) for what in CLIENTS}
    wires["head"].send(DATA[:20])
    wires["body"].send(DATA[:-1])
    assert wires["idle"].ask(request("GET", "/idle")).text == "/idle"
    return wires


@pytest.mark.long
def test_timeouts(boot):
    device = boot("export const handler = (e) => e.path")
    for wire in begin(device, 10).values():
        wire.sock.close()
    before = rest(device)
    header, body, idle = (
        device.target.config(f"ISERE_{name}_TIMEOUT_MS") / 1000
        for name in ("HEADER", "REQUEST", "IDLE")
    )
    start = time.monotonic()
    wires = begin(device, 2 * idle)

    def took():
        return time.monotonic() - start

    assert wires["silent"].ended() and took() >= header - 1
    wires["head"].read().is_error(408)
    assert wires["head"].ended() and took() >= header - 1
    wires["body"].read().is_error(408)
    assert wires["body"].ended() and took() >= body - 1
    assert wires["idle"].ended() and took() >= idle - 1
    for wire in wires.values():
        wire.sock.close()
    settle(device, before)
    assert device.get("/").text == "/"
