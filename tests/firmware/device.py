"""The firmware, running: in QEMU on an emulated board, or as native_sim.

A Device is used like the Server of tests/blackbox. It serves a handler that
was compiled for it, put where the firmware looks for one: no firmware is
built for a test.
"""

import importlib.util
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import threading
import time

from gdb import Debugger
from image import Image
from qmp import Monitor

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Options of `isere serve` that bytecode can carry.
SETTINGS = ("--env", "--name", "--payload", "--timeout")
READY = re.compile(r"isere listening on port ([0-9]+)")
TOKEN = re.compile(r"isere token: ([0-9a-f]{64})\b")
# As many starts, and that the last of them came to its end.
BOOTS = r"(?s)(?:Booting Zephyr.*?){%d}isere listening on port"
FLASH = 0x80000000  # of mps2: boards/mps2_an521_cpu0.overlay
RETAINED = 0x80400000  # the same file
# What a firmware must never log, unless a test makes it crash.
CRASH = re.compile(r"FATAL|ASSERTION|MPU FAULT|Stack overflow|Halting system")


def load(name, path):
    """A Python file of another folder, whose name may be taken here."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


linux = load("linux_conftest", ROOT / "tests" / "blackbox" / "conftest.py")


def find_tool():
    """The program that compiles handlers."""
    return os.environ.get("ISERE_BIN", linux.BINARY)


def compile_handler(function, folder, *settings):
    """`function` as in tests/blackbox; returns the file of bytecode."""
    if isinstance(function, bytes):
        code = folder / "handler.bin"
        code.write_bytes(function)
        return code
    module = linux.write_function(folder, function)
    code = folder / "handler.bin"
    done = subprocess.run(
        [find_tool(), "build", module, "-o", code, *map(str, settings)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return code


class Device(linux.Server):
    """What QEMU and native_sim have in common."""

    host = "127.0.0.1"
    may_crash = False

    def __init__(self, target, code, folder, ready):
        self.target = target
        self.folder = folder
        self.port = None
        self._stderr = bytearray()
        self._changed = threading.Condition()
        self.started = time.time()
        self._start(self.command(code))
        try:
            self.attach()
            if ready:
                self.wait_ready()
        except BaseException:
            self.kill()
            raise

    def _start(self, words):
        self.words = words
        self.process = subprocess.Popen(
            words,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def _collect(self):
        while chunk := self.process.stdout.read1(65536):
            with self._changed:
                self._stderr += chunk
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def log(self):
        return super().log().replace("\r\n", "\n")

    def wait_ready(self, count=1):
        self.wait_log("isere listening on port", 30, count)

    def wait_match(self, pattern, patience=10):
        """Waits until a regular expression matches the log."""
        end = time.monotonic() + patience
        while not (found := re.search(pattern, self.log())):
            assert time.monotonic() < end, f"{pattern!r}:\n{self.log()}"
            with self._changed:
                self._changed.wait(0.1)
        return found

    # Calls of the admin API, as in tests/blackbox.
    api = linux.Stored.api
    deploy = linux.Stored.deploy

    @property
    def token(self):
        """What the device printed at its last start."""
        return TOKEN.findall(self.log())[-1]

    def crashed(self):
        """The log's first sign of a crash; None is what it should be."""
        found = CRASH.search(self.log())
        return found and found.group()

    def kill(self):
        super().kill()
        self.process.stdout.close()


class QemuDevice(Device):
    """A processor on Arm's MPS2 board, with an Ethernet controller."""

    def command(self, code):
        # A path of a socket may have 107 characters: not in the test's folder.
        self._sockets = tempfile.TemporaryDirectory(prefix="isere-")
        self._socket = os.path.join(self._sockets.name, "qmp")
        words = ["qemu-system-arm", "-M", self.target.machine, "-display", "none"]
        words += ["-monitor", "none", "-serial", "stdio"]
        words += ["-qmp", f"unix:{self._socket},server=on,wait=off"]
        words += ["-nic", "user,id=net0,model=lan9118,restrict=on,"
                  "hostfwd=tcp:127.0.0.1:0-:8080"]
        words += ["-kernel", str(self.target.elf)]
        return words + (self.target.loader(code) if code else [])

    def attach(self):
        def alive():
            return self.process.poll() is None

        try:
            self.monitor = Monitor(self._socket, alive)
        except AssertionError:
            raise AssertionError(f"QEMU did not start:\n{self.log()}") from None
        found = re.search(
            r"HOST_FORWARD\]\s+\d+\s+[\d.]+\s+(\d+)",
            self.monitor.human("info usernet"),
        )
        self.port = int(found[1])

    def read_memory(self, address, size):
        return self.monitor.read(address, size)

    def debugger(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        # One that is there already stays where it is.
        self.monitor.human("gdbserver none")
        self.monitor.human(f"gdbserver tcp:127.0.0.1:{port}")
        return Debugger(port)

    def reboot(self, ready=True):
        """Resets it, as a button would. Its flash keeps what it holds."""
        count = self.log().count("Booting Zephyr")
        self.monitor.call("system_reset")
        self.wait_log("Booting Zephyr", 30, count + 1)
        if ready:
            self.wait_match(BOOTS % (count + 1), 30)

    def write_memory(self, address, data):
        """By whole words."""
        step = 1024
        with self.debugger() as debugger:
            for at in range(0, len(data), step):
                debugger.write(address + at, data[at : at + step])

    def write_flash(self, offset, data):
        """Changes the flash that the store is in. It has whole words."""
        self.write_memory(FLASH + offset, data)

    def read_flash(self, offset, size):
        return self.read_memory(FLASH + offset, size)

    def set_link(self, up):
        self.monitor.call("set_link", name="net0", up=up)

    def now(self):
        """What the device's wall clock must say: it begins with the time of
        the build."""
        return self.target.build_time + time.time() - self.started

    def kill(self):
        super().kill()
        if hasattr(self, "monitor"):
            self.monitor.close()
        self._sockets.cleanup()


class SimDevice(Device):
    """native_sim with the host's own sockets."""

    def command(self, code):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        words = [str(self.target.elf), f"--port={self.port}"]
        return words + ([f"--handler={code}"] if code else [])

    def attach(self):
        pass

    def reboot(self, ready=True):
        """Ends it and starts another one, with the same file as its flash."""
        count = self.log().count("Booting Zephyr")
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()
        self._start(self.words)
        if ready:
            self.wait_match(BOOTS % (count + 1), 30)

    def write_flash(self, offset, data):
        """Changes the flash that the store is in: its file's second MB."""
        with open(self.folder / "flash.bin", "r+b") as file:
            file.seek(0x100000 + offset)
            file.write(data)

    def read_flash(self, offset, size):
        with open(self.folder / "flash.bin", "rb") as file:
            file.seek(0x100000 + offset)
            return file.read(size)

    def read_memory(self, address, size):
        with open(f"/proc/{self.pid}/mem", "rb") as memory:
            memory.seek(address)
            return memory.read(size)

    def write_memory(self, address, data):
        with open(f"/proc/{self.pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(address)
            memory.write(data)

    def now(self):
        return time.time()


class Target:
    """A board and where its firmware was built."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.elf = self.folder / "zephyr" / self.file
        self.stacks = {}  # {name: (most ever used, size)}
        self.report = []  # lines for the end of the run
        self._image = None
        self._lock = threading.Lock()

    def note_stacks(self, found):
        with self._lock:
            for name, (used, size) in found.items():
                most = self.stacks.get(name, (0, size))[0]
                self.stacks[name] = (max(used, most), size)

    def is_built(self):
        return self.elf.is_file() and self.config("BOARD") == self.name

    @property
    def image(self):
        with self._lock:
            self._image = self._image or Image(self.elf)
            return self._image

    def config(self, name):
        """An option's value in the firmware's configuration; None: not set."""
        text = (self.folder / "zephyr" / ".config").read_text()
        found = re.search(rf"^CONFIG_{name}=(.*)$", text, re.MULTILINE)
        if not found:
            return None
        value = found[1].strip('"')
        return int(value, 0) if value[:1].isdigit() else value


class Mps2(Target):
    """mps2/an521/cpu0: a Cortex-M33."""

    file = "zephyr.elf"
    device = QemuDevice
    machine = "mps2-an521"

    def loader(self, code):
        """QEMU's options that put a handler into its partition."""
        where = f"addr={self.partition},force-raw=on"
        return ["-device", f"loader,file={code},{where}"]

    @property
    def partition(self):
        """The address of `handler_partition`: it lies in the memory that
        stands in for flash."""
        text = (self.folder / "zephyr" / "zephyr.dts").read_text()
        found = re.search(r"handler_partition: .*?reg = < (\w+)", text, re.S)
        return hex(0x10000000 + int(found[1], 0))

    @property
    def build_time(self):
        text = (self.folder / "build.ninja").read_text()
        return int(re.search(r"ISERE_BUILD_TIME=\W*INT64_C\W+(\d+)", text)[1])


class An385(Target):
    """mps2/an385: a Cortex-M3. Its flash is Zephyr's simulator."""

    file = "zephyr.elf"
    device = QemuDevice
    machine = "mps2-an385"


class NativeSim(Target):
    file = "zephyr.exe"
    device = SimDevice


TARGETS = {"mps2": Mps2, "native_sim": NativeSim}
