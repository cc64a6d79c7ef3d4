"""scripts/footprint counts every byte once, wherever a board's flash begins."""

import subprocess
import sys

import pytest
from conftest import FIRMWARE
from device import ROOT

# At 0x10000000, at 0, at 0x10000100.
BOARDS = ("mps2", "an385", "pico2")


@pytest.mark.parametrize("board", BOARDS)
def test_the_parts_are_the_whole(board):
    elf = FIRMWARE / board / "zephyr" / "zephyr.elf"
    if not elf.is_file():
        pytest.skip(f"no firmware for {board}: make firmware")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "footprint", elf],
        capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    rows = {}
    for line in done.stdout.splitlines()[1:]:
        *name, flash, ram = line.split()
        rows[" ".join(name)] = (int(flash), int(ram))
    total = rows.pop("total")
    for column in (0, 1):
        assert all(row[column] >= 0 for row in rows.values()), done.stdout
        assert sum(row[column] for row in rows.values()) == total[column]
        # What no part has is what the linker filled in, no more.
        assert rows["alignment, tables"][column] < total[column] / 50, done.stdout
