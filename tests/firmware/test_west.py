"""West and twister, as users type them (docs/firmware.md), in a workspace as
`west init -l` and `west update` would make it.

    WEST=DIR make test-west

DIR is a checkout of west, or a folder that `pip install --target DIR west` filled.
The workspace here is made of the one that there is, so nothing is fetched. Twister
needs what Zephyr's requirements.txt names; DIR may have that, too.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import urllib.request

import pytest
import yaml
from device import ROOT

WEST = os.environ.get("WEST")
PATIENCE = 1800  # for a build


@pytest.fixture(scope="module")
def zephyr():
    found = subprocess.run(
        [ROOT / "scripts" / "firmware", "--workspace"], capture_output=True, text=True
    )
    if found.returncode != 0:
        pytest.skip("there is no Zephyr workspace here")
    return pathlib.Path(found.stdout.strip())


def give_zephyr(folder, zephyr):
    """Zephyr as west expects it: a repository whose manifest-rev has its west.yml.
    West wants its scripts in there, the rest may be links."""
    folder.mkdir()
    for entry in zephyr.iterdir():
        if entry.name == "scripts":
            shutil.copytree(entry, folder / entry.name)
        elif entry.name == "west.yml":
            shutil.copy(entry, folder)
        elif entry.name != ".git":
            (folder / entry.name).symlink_to(entry)
    git = ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-f", "west.yml"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "Zephyr"], check=True)
    subprocess.run([*git, "update-ref", "refs/heads/manifest-rev", "HEAD"], check=True)


def give_checkout(folder):
    """A fresh checkout of this repository, and what was fetched before."""
    files = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=True
    ).stdout.split(b"\0")
    for name in filter(None, map(os.fsdecode, files)):
        if (ROOT / name).is_file():  # or removed, and not committed yet
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    if (ROOT / "build" / "downloads").is_dir():
        shutil.copytree(ROOT / "build" / "downloads", folder / "build" / "downloads")


class Workspace:
    def __init__(self, folder, zephyr):
        self.folder = folder
        self.isere = folder / "isere"
        give_zephyr(folder / "zephyr", zephyr)
        (folder / "modules").symlink_to(zephyr.parent / "modules")
        give_checkout(self.isere)
        self.environment = {k: v for k, v in os.environ.items() if k != "ZEPHYR_BASE"}
        self.environment["PYTHONPATH"] = self.python_path()
        if not {"ZEPHYR_TOOLCHAIN_VARIANT", "ZEPHYR_SDK_INSTALL_DIR"} & set(os.environ):
            gcc = shutil.which("arm-none-eabi-gcc")
            self.environment["ZEPHYR_TOOLCHAIN_VARIANT"] = "gnuarmemb"
            self.environment["GNUARMEMB_TOOLCHAIN_PATH"] = gcc[: -len("/bin/arm-none-eabi-gcc")]
        self.python = next(
            p for p in ("python3", "/usr/bin/python3") if self.can_run_west(p)
        )
        self.west("init", "-l", "isere", cwd=folder)

    def python_path(self):
        """A checkout is not installed, and west asks for its own version."""
        source = pathlib.Path(WEST, "src")
        if not source.is_dir():
            return WEST
        info = self.folder / "packages" / "west-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: west\nVersion: 1.0\n")
        return f"{source}:{info.parent}:{WEST}"

    def can_run_west(self, python):
        modules = "colorama, elftools, packaging, pykwalify, west, yaml"
        done = subprocess.run(
            [python, "-c", f"import {modules}"],
            env=self.environment, capture_output=True,
        )
        return done.returncode == 0

    def start(self, *words, cwd=None):
        return subprocess.Popen(
            [self.python, "-m", "west", *words],
            cwd=cwd or self.isere,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def west(self, *words, cwd=None, fails=False):
        process = self.start(*words, cwd=cwd)
        try:
            output, _ = process.communicate(timeout=PATIENCE)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert fails or process.returncode == 0, output[-4000:]
        return output

    def make(self, *words):
        done = subprocess.run(
            ["make", *words], cwd=self.isere, env=self.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        program = self.isere / "build" / "isere"
        said = subprocess.run([program, "--version"], capture_output=True, text=True)
        assert said.stdout.startswith("isere ")


@pytest.fixture(scope="module")
def workspace(zephyr, tmp_path_factory):
    if not WEST:
        pytest.skip("no west: WEST=DIR names a checkout of it")
    return Workspace(tmp_path_factory.mktemp("workspace"), zephyr)


def test_make_then_west_build_and_run(workspace):
    """In one checkout, one after the other and back."""
    workspace.make()
    workspace.west("build", "-b", "native_sim/native/64")
    workspace.make()
    process = workspace.start("build", "-t", "run")
    try:
        for line in process.stdout:
            if found := re.search(r"isere listening on port (\d+)", line):
                break
        else:
            raise AssertionError("it does not listen")
        address = f"http://127.0.0.1:{found[1]}/"
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert answer.status == 200
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)


def test_the_pico_2(workspace):
    """Another board in the same folder, and back to make."""
    workspace.west("build", "-p", "-b", "rpi_pico2/rp2350a/m33")
    built = workspace.isere / "build" / "zephyr"
    assert (built / "zephyr.uf2").stat().st_size > 500_000
    # No board is here, so this says what it looks for: the boot loader's drive.
    said = workspace.west("flash", "--skip-rebuild", fails=True)
    assert "using runner uf2" in said
    workspace.make()
    workspace.west("build")


def test_twister_configures_everything(workspace):
    out = workspace.folder / "twister"
    said = workspace.west(
        "twister", "-T", "tests", "-T", "samples", "--cmake-only", "-O", str(out),
        fails=True,
    )
    if missing := re.search(r"could not import|No module named '(\w+)'", said):
        pytest.skip(f"twister lacks {missing[1] or 'a module of Python'}")
    plan = json.loads((out / "twister.json").read_text(encoding="utf-8"))
    suites = plan["testsuites"]
    bad = [s for s in suites if s["status"] in ("failed", "error")]
    assert not bad, [(s["name"], s["platform"], s.get("reason")) for s in bad]
    names = {s["name"].rpartition("/")[2] for s in suites if s["status"] == "not run"}
    files = [*(ROOT / "tests").rglob("testcase.yaml"), *(ROOT / "samples").rglob("sample.yaml")]
    for file in files:
        for name in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            assert name in names, f"{file}: {name} was not configured:\n{said}"


def test_twister_runs(workspace):
    """Both boards that tests run on: built, booted and asked, by a few of the
    tests; all of them take a quarter of an hour."""
    out = workspace.folder / "twister-run"
    said = workspace.west(
        "twister", "-T", "tests/firmware", "-O", str(out),
        "-s", "isere.firmware.native_sim", "-s", "isere.firmware.mps2",
        "--pytest-args=-k", "--pytest-args=test_where_it_happened",
        fails=True,
    )
    if missing := re.search(r"could not import|No module named '(\w+)'", said):
        pytest.skip(f"twister lacks {missing[1] or 'a module of Python'}")
    plan = json.loads((out / "twister.json").read_text(encoding="utf-8"))
    suites = {s["name"].rpartition("/")[2]: s for s in plan["testsuites"]}
    for name in ("isere.firmware.native_sim", "isere.firmware.mps2"):
        suite = suites[name]
        passed = [c for c in suite["testcases"] if c["status"] == "passed"]
        assert suite["status"] == "passed" and passed, (suite, said[-4000:])
