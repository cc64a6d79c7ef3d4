"""`make` and `west build` share the folder build/: west's build lies in it, what
make builds in folders below. test_west.py does both; this needs no west."""

import re

import pytest
from conftest import FIRMWARE
from device import ROOT, TARGETS

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
# Both fetch there what they build from, with a lock, and get the same.
SHARED = {"downloads", "quickjs"}


def test_make_does_not_configure_the_folder_itself():
    assert re.search(r"\$\(call configure,\$\(host\)", MAKEFILE)
    assert not re.search(r"\$\(call (configure|build),\$\(BUILD\)[,)]", MAKEFILE)


@pytest.mark.parametrize("name", TARGETS)
def test_a_build_of_the_firmware_uses_no_name_of_make(name):
    folder = FIRMWARE / name
    if not (folder / "CMakeCache.txt").is_file():
        pytest.skip(f"no firmware for {name}: make firmware")
    makes = set(re.findall(r"\$\(BUILD\)/([\w-]+)", MAKEFILE)) - SHARED
    assert {"host", "isere", "firmware", "asan"} <= makes
    assert not makes & {entry.name for entry in folder.iterdir()}
