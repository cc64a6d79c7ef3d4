"""The boards that are built besides those which all tests run on: what one has
that QEMU can run, and what the others were built with."""

import re

import pytest
from conftest import FIRMWARE, Bench
from device import An385
from test_stacks import LEFT


def test_a_cortex_m3_gets_its_address_and_serves(tmp_path, capsys):
    """The DHCP client is that of the boards with Ethernet. QEMU has the server."""
    target = An385("mps2", FIRMWARE / "an385")
    if not target.is_built():
        pytest.skip("no firmware for mps2/an385: make test-boards")
    bench = Bench(target, tmp_path)
    try:
        device = bench(None)
        device.wait_match(r"address 10\.0\.2\.15, by DHCP", 60)
        assert device.get("/").status == 200
        device.deploy("hello", "export const handler = () => 'from flash'")
        assert device.get("/hello").text == "from flash"
        device.deploy("length", "export const handler = (e) => e.body.length")
        # Frames of full size.
        assert device.post("/length", b"x" * 8000).text == "8000"
        bench.end()
    except Exception as error:
        for device in bench.devices:
            device.kill()
        raise AssertionError(f"{error}\n{bench.log()}") from error
    for name, (used, size) in sorted(target.stacks.items()):
        with capsys.disabled():
            print(f"stack {name:20} {used:6} of {size:6} bytes used")
        assert size - used >= min(LEFT, size // 5), name


def built(board):
    folder = FIRMWARE / board / "zephyr"
    if not (folder / "zephyr.elf").is_file():
        pytest.skip(f"no firmware for {board}: make test-boards")
    return folder


@pytest.mark.parametrize("board, runner", [("w5500", "uf2"), ("pico2", "uf2")])
def test_a_pico_is_flashed_through_its_boot_loader(board, runner):
    folder = built(board)
    assert (folder / "zephyr.uf2").is_file()
    assert f"\nflash-runner: {runner}\n" in (folder / "runners.yaml").read_text()


@pytest.mark.parametrize("board", ["w5500", "h743"])
def test_ethernet_boards_ask_for_an_address_and_have_a_name(board):
    text = (built(board) / ".config").read_text()
    for option in ("ISERE_DHCP_CLIENT", "ISERE_MDNS", "CSPRNG_ENABLED", "ISERE_WATCHDOG"):
        assert re.search(rf"^CONFIG_{option}=y$", text, re.MULTILINE), option
