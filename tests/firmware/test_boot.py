"""What a start costs. Counts are exact: no time is measured."""

from boot_cost import count
from device import FLASH, compile_handler

HANDLER = "export const handler = () => 'hi'"
LIMIT = 1_200_000
FUNCTIONS = 8
# The target is 1,500,000 (docs/performance.md): littlefs looks through its
# folder each time that a file is opened.
WITH_FUNCTIONS = 2_200_000


def count_start(device, tmp_path, what):
    """Instructions of the next one, reported with those that it has most of."""
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
    print(f"{total} instructions {what}, most of them in")
    for name, n in functions.most_common(20):
        print(f"{n:8} {name}")
    target.report.append(f"{total} instructions {what}")
    return total


def test_instructions_until_it_listens(mps2, tmp_path):
    """At each start but the first, which makes the store and the image."""
    device = mps2(HANDLER)
    total = count_start(device, tmp_path, "from reset until it listens")
    assert total < LIMIT


def test_instructions_with_functions(mps2, tmp_path):
    """Deployed functions are found in flash, not compiled."""
    device = mps2(HANDLER)
    for i in range(FUNCTIONS):
        device.deploy(f"f{i}", f"export const handler = () => 'f{i}'")
        assert device.get(f"/f{i}").text == f"f{i}"
    total = count_start(device, tmp_path, f"the same with {FUNCTIONS} functions")
    assert total < WITH_FUNCTIONS
