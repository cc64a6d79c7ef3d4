"""Instructions of the Zephyr firmware on QEMU's mps2/an521, one by one: with
the counters that its own tests use, tests/firmware/*_cost.py.
"""

import re
import statistics
import sys

from harness.machine import ROOT, say
from harness.rows import exact, row, spread

sys.path.append(str(ROOT / "tests" / "firmware"))

import boot_cost  # noqa: E402
import request_cost  # noqa: E402

BODY = b'{"k":"value","p":"/some/path"}'


def loader(folder, code):
    """QEMU's options that put the handler into its flash partition."""
    text = (folder / "zephyr" / "zephyr.dts").read_text()
    found = re.search(r"handler_partition: .*?reg = < (\w+)", text, re.S)
    address = hex(0x10000000 + int(found[1], 0))
    return ["-device", f"loader,file={code},addr={address},force-raw=on"]


def measure(build, code):
    """Rows, or one that says why there are none."""
    folder = build / "firmware" / "mps2"
    elf = folder / "zephyr" / "zephyr.elf"
    what = "the firmware (Zephyr's network included)"
    if not elf.is_file():
        return [row("firmware", what, "instructions", None,
                    missing="skipped: no build/firmware/mps2, make firmware")]
    say("the firmware, instruction by instruction ...")
    more = loader(folder, code)
    boot = sum(boot_cost.count(elf, "isere_server_run", more).values())
    traced = request_cost.Traced(elf, more)
    try:
        kept = [cost for cost, _ in request_cost.kept(traced, BODY)]
        closed = list(request_cost.closed(traced, BODY))
    finally:
        traced.stop()
    unit = "instructions"
    return [
        row("firmware.boot", f"{what}: reset to listening", unit, exact(boot),
            target=("<=", 1200000)),
        row("firmware.request", f"{what}: a request, keep-alive", unit,
            spread(kept), target=("<=", 45000)),
        row("firmware.connection", f"{what}: a request and its connection",
            unit, spread(closed)),
        pico_row("pico.firmware", "the whole firmware", statistics.median(kept)),
    ]


def pico_row(ident, what, instructions):
    """An estimate: one instruction a cycle, at 150 MHz."""
    return row(
        ident, f"estimate for a Pico 2, {what}: 150 MHz ÷ instructions",
        "requests/s", exact(150e6 / instructions), exact(11.6),
        "the original, published", target=(">=", 25),
        note="an estimate, no board was measured",
    )
