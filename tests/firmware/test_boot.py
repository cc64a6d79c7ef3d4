"""What a start costs. Counts are exact: no time is measured."""

from boot_cost import count
from device import FLASH, compile_handler

HANDLER = "export const handler = () => 'hi'"
LIMIT = 1_200_000
FUNCTIONS = 8
# The target is 1,500,000 (docs/performance.md): littlefs looks through its
# folder each time that a file is opened. This is to notice a compiler at least.
WITH_FUNCTIONS = 8_000_000


def count_start(device, tmp_path):
    """Of the next one, by function of the firmware."""
    target = device.target
    flash = tmp_path / "flash.bin"
    device.monitor.call(
        "pmemsave", val=FLASH, size=3 << 20, filename=str(flash)
    )
    code = compile_handler(HANDLER, tmp_path)
    more = ["-device", f"loader,file={flash},addr={FLASH:#x},force-raw=on"]
    return count(target.elf, "isere_server_run", target.loader(code) + more)


def test_instructions_until_it_listens(mps2, tmp_path):
    """At each start but the first, which makes the store and the image."""
    device = mps2(HANDLER)
    functions = count_start(device, tmp_path)
    total = sum(functions.values())
    print(f"{total} instructions from reset until it listens, most of them in")
    for name, n in functions.most_common(20):
        print(f"{n:8} {name}")
    device.target.report.append(
        f"{total} instructions from reset until it listens"
    )
    assert total < LIMIT


def test_instructions_with_functions(mps2, tmp_path):
    """Deployed functions are found in flash, not compiled."""
    device = mps2(HANDLER)
    for i in range(FUNCTIONS):
        device.deploy(f"f{i}", f"export const handler = () => 'f{i}'")
        assert device.get(f"/f{i}").text == f"f{i}"
    functions = count_start(device, tmp_path)
    total = sum(functions.values())
    print(f"{total} instructions with {FUNCTIONS} functions, most of them in")
    for name, n in functions.most_common(20):
        print(f"{n:8} {name}")
    device.target.report.append(
        f"{total} instructions from reset until it listens,"
        f" with {FUNCTIONS} functions"
    )
    assert total < WITH_FUNCTIONS
