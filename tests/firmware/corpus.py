"""tests/corpus on a device; the Linux program's runner does the comparing."""

import email.utils
import types

from device import ROOT, SETTINGS, load
from wire import Wire

linux = load("linux_corpus", ROOT / "tests" / "blackbox" / "test_corpus.py")
CASES = linux.CASES


class DeviceWire(Wire):
    """A connection to a server whose clock may be another than the host's."""

    def __init__(self, device, timeout=10):
        super().__init__(device, timeout)
        self.device = device

    def _head(self):
        answer = super()._head()
        now = self.device.now
        answer.check = types.MethodType(lambda a: check(a, now()), answer)
        return answer


def check(answer, now):
    """As Answer.check, with the device's time."""
    assert answer.get("Server") == "isere", answer.fields
    assert answer.get("Transfer-Encoding") is None
    then = email.utils.parsedate_to_datetime(answer.get("Date"))
    assert abs(then.timestamp() - now) < 180, (answer.fields, now)
    assert email.utils.format_datetime(then, usegmt=True) == answer.get("Date")
    return answer


def unsupported(case):
    """The flags of a case that a device can't be given."""
    flags = linux.load_flags(case)
    return [name for name in flags[::2] if name not in SETTINGS]


def run_case(boot, case):
    """Boots the case's handler, asks, compares."""
    device = boot(case / "handler.js", *linux.load_flags(case))
    wire = DeviceWire(device)
    for data, expected in linux.pairs(case):
        answer = wire.ask(data, data.split(b" ", 1)[0].decode())
        expected.check(answer)
        if answer.closes:
            assert wire.ended()
            wire.sock.close()
            wire = DeviceWire(device)
    wire.sock.close()
    for line in linux.load_log(case):
        device.wait_match(linux.pattern(line).pattern)
