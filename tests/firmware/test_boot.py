"""What a start costs. Counts are exact: no time is measured."""

from boot_cost import count
from device import FLASH, compile_handler

HANDLER = "export const handler = () => 'hi'"
LIMIT = 1_200_000


def test_instructions_until_it_listens(mps2, tmp_path):
    """At each start but the first, which makes the store and the image."""
    device = mps2(HANDLER)
    target = device.target
    flash = tmp_path / "flash.bin"
    device.monitor.call(
        "pmemsave", val=FLASH, size=3 << 20, filename=str(flash)
    )
    code = compile_handler(HANDLER, tmp_path)
    more = ["-device", f"loader,file={flash},addr={FLASH:#x},force-raw=on"]
    functions = count(
        target.elf, "isere_server_run", target.loader(code) + more
    )
    total = sum(functions.values())
    print(f"{total} instructions from reset until it listens, most of them in")
    for name, n in functions.most_common(20):
        print(f"{n:8} {name}")
    target.report.append(f"{total} instructions from reset until it listens")
    assert total < LIMIT
