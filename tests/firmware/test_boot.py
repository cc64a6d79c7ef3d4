"""What a start costs. Counts are exact: no time is measured."""

from boot_cost import count
from device import FLASH, compile_handler

HANDLER = "export const handler = () => 'hi'"
LIMIT = 1_200_000
FUNCTIONS = 8
WITH_FUNCTIONS = 1_500_000
# littlefs looks through its folder each time that a file is opened.
WITHOUT_INDEX = 4_000_000
INDEX = b"iIX1"  # its first bytes


def count_start(device, tmp_path, what, damage=b""):
    """Instructions of the next one, reported with those that it has most of.
    `damage` is found in the flash, and is changed there."""
    target = device.target
    flash = tmp_path / "flash.bin"
    device.monitor.call(
        "pmemsave", val=FLASH, size=3 << 20, filename=str(flash)
    )
    if damage:
        content = flash.read_bytes()
        assert damage in content
        flash.write_bytes(content.replace(damage, bytes(len(damage))))
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
    what = f"the same with {FUNCTIONS} functions"
    total = count_start(device, tmp_path, what)
    assert total < WITH_FUNCTIONS
    # Their manifests are read then.
    more = count_start(device, tmp_path, f"{what}, index damaged", INDEX)
    assert total < more < WITHOUT_INDEX
