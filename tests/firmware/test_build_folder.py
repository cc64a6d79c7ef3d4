"""`make` and `west build` share the folder build/: west's build lies in it, what
make builds in folders below. And scripts/firmware does without west. test_west.py
does it all with one; this needs none."""

import os
import re
import subprocess

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

def test_modules_are_given_where_west_is_and_its_workspace_is_not(tmp_path):
    """scripts/firmware, with a cmake that says what it was given."""
    base = tmp_path / "workspace" / "zephyr"
    (base / "cmake" / "modules").mkdir(parents=True)
    (base / "cmake" / "modules" / "zephyr_default.cmake").touch()
    littlefs = tmp_path / "workspace" / "modules" / "fs" / "littlefs"
    littlefs.mkdir(parents=True)
    (base / "west.yml").write_text(
        "manifest:\n  projects:\n    - name: littlefs\n      path: modules/fs/littlefs\n"
    )
    (tmp_path / "west").mkdir()
    (tmp_path / "west" / "__init__.py").touch()
    cmake = tmp_path / "bin" / "cmake"
    cmake.parent.mkdir()
    cmake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    cmake.chmod(0o755)
    done = subprocess.run(
        [ROOT / "scripts" / "firmware", "aboard", tmp_path / "out"],
        env={
            **os.environ,
            "ZEPHYR_BASE": str(base),
            "PYTHONPATH": str(tmp_path),
            "PATH": f"{cmake.parent}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    said = (tmp_path / "out" / "build.log").read_text().splitlines()
    assert f"-DZEPHYR_MODULES={littlefs}" in said
