"""Tests of the firmware, on boards that need no board.

    def test_greets(boot):
        device = boot("export const handler = () => 'hi'")
        assert device.get("/").text == "hi"

runs on a Cortex-M33 in QEMU and on native_sim. The images are those of
`make firmware`; `boot` takes the same functions as `serve` in tests/blackbox,
and settings of `isere build`.

Devices mostly wait, for their network and for time to pass: tests that use
`boot` or `mps2`, and nothing else but `tmp_path` and parameters, run several
at a time. Those marked `long` begin first.
"""

import concurrent.futures
import os
import pathlib
import re
import signal
import sys
import tempfile

import pytest

sys.path.append(str(pathlib.Path(__file__).parents[1] / "blackbox"))

from device import ROOT, TARGETS, compile_handler  # noqa: E402
from state import stacks  # noqa: E402

# tests/blackbox takes it from here when its parts are used: an emulator is
# slower than the host.
SLOW = float(os.environ.get("ISERE_TEST_SLOW", "3"))
FIRMWARE = pathlib.Path(
    os.environ.get("ISERE_FIRMWARE", ROOT / "build" / "firmware")
)
AT_ONCE = 5
_targets = {}
_results = {}  # {test: future} of those that run several at a time


def host_tool(folder):
    """The `isere` that a build used, its own or the one it was given."""
    cache = (folder / "CMakeCache.txt").read_text()
    given = re.search(r"^ISERE_TOOL:\w+=(.+)$", cache, re.MULTILINE)
    own = folder.resolve() / "modules" / "isere" / "host" / "isere"
    return given[1] if given else own


def get_target(config, name):
    """The target of that name; skips the test when it was not built."""
    if name not in _targets:
        folder = FIRMWARE / name
        # `west twister` builds one board, and says where; a program for the
        # host is made with it.
        if one := config.getoption("build_dir", None):
            folder = pathlib.Path(one)
            os.environ.setdefault("ISERE_BIN", str(host_tool(folder)))
        _targets[name] = TARGETS[name](name, folder)
    target = _targets[name]
    if not target.is_built():
        pytest.skip(f"no firmware for {name}: make firmware")
    return target


class Bench:
    """Boots devices, and ends them by their process ids."""

    def __init__(self, target, folder):
        self.target = target
        self.folder = folder
        self.devices = []

    def __call__(self, function, *settings, ready=True):
        folder = self.folder / f"device{len(self.devices)}"
        folder.mkdir()
        code = function and compile_handler(function, folder, *settings)
        device = self.target.device(self.target, code, folder, ready)
        self.devices.append(device)
        return device

    def log(self):
        return "\n".join(device.log() for device in self.devices)

    def end(self):
        for device in self.devices:
            ended = device.process.poll()
            if ended is None:
                self.target.note_stacks(stacks(device))
            device.kill()
            assert device.may_crash or not device.crashed(), device.log()
            assert ended is None, f"ended with {ended}:\n{device.log()}"


@pytest.fixture(params=TARGETS)
def boot(request):
    """boot(function, *settings) -> Device, on every target."""


@pytest.fixture
def mps2(request):
    """The same, in QEMU only."""


def run(item, folder):
    """Runs a test with a bench of its own."""
    arguments = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    name = arguments.get("boot", "mps2")
    bench = Bench(get_target(item.config, name), folder)
    for fixture in item.fixturenames:
        if fixture in ("boot", "mps2"):
            arguments[fixture] = bench
        elif fixture == "tmp_path":
            arguments[fixture] = folder
    try:
        item.obj(**arguments)
    except Exception as error:
        raise AssertionError(f"{error}\n{bench.log()}") from error
    finally:
        bench.end()


def is_concurrent(item):
    return not {"boot", "mps2"}.isdisjoint(item.fixturenames)


def pytest_configure(config):
    config.addinivalue_line("markers", "long: begins before the others")
    # Who ends the tests with a signal ends the devices, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name == "test_stacks.py")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtestloop(session):
    items = [item for item in session.items if is_concurrent(item)]
    items.sort(key=lambda item: not item.get_closest_marker("long"))
    if session.config.option.collectonly:
        items = []
    pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
    with tempfile.TemporaryDirectory(prefix="isere-") as folder:
        for i, item in enumerate(items):
            own = pathlib.Path(folder) / str(i)
            own.mkdir()
            _results[item.nodeid] = pool.submit(run, item, own)
        try:
            yield
        finally:
            pool.shutdown(cancel_futures=True)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    future = _results.pop(pyfuncitem.nodeid, None)
    if future:
        future.result()
        return True
    return None


def pytest_terminal_summary(terminalreporter):
    for target in _targets.values():
        for line in target.report:
            terminalreporter.write_line(f"{target.name}: {line}")
