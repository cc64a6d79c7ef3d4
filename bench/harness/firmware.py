"""Instructions of the Zephyr firmware on QEMU's mps2/an521, one by one.

QEMU writes down every instruction it executes; while the processor sleeps there
are none. So a request costs what is written from the moment it is sent until
nothing happens any more: the driver, Zephyr's network stack, isère, and what
is done after the answer. Timers of the network stack may fall into that, which
the median leaves out.
"""

import importlib.util
import os
import re
import socket
import statistics
import subprocess
import threading
import time

from harness.machine import ROOT, Broken, free_port, say
from harness.rows import exact, row, spread

REQUESTS = 7
TRACE = b"\nTrace "
QUIET = 0.4  # seconds without an instruction: it sleeps
REQUEST = (b"GET /some/path HTTP/1.1\r\nHost: 192.168.7.1:8080\r\n"
           b"User-Agent: curl/8.5.0\r\nAccept: */*\r\n")
BODY = b'{"k":"value","p":"/some/path"}'


def loader(folder, code):
    """QEMU's options that put the handler into its flash partition."""
    text = (folder / "zephyr" / "zephyr.dts").read_text()
    found = re.search(r"handler_partition: .*?reg = < (\w+)", text, re.S)
    address = hex(0x10000000 + int(found[1], 0))
    return ["-device", f"loader,file={code},addr={address},force-raw=on"]


def boot_cost():
    """The counter that the firmware's own test of its start uses."""
    path = ROOT / "tests" / "firmware" / "boot_cost.py"
    spec = importlib.util.spec_from_file_location("boot_cost", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.count


class Traced:
    """The firmware, running, and how many instructions it has executed."""

    def __init__(self, elf, more):
        self.port = free_port()
        words = ["qemu-system-arm", "-M", "mps2-an521", "-display", "none"]
        words += ["-monitor", "none", "-serial", "null"]
        words += ["-nic", "user,model=lan9118,restrict=on,hostfwd=tcp:"
                          f"127.0.0.1:{self.port}-:8080"]
        words += ["-kernel", str(elf), *more, "-icount", "shift=0"]
        words += ["-singlestep", "-d", "exec,nochain", "-D", "/dev/stderr"]
        self.count = 0
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        before = b""
        while chunk := os.read(self.process.stderr.fileno(), 1 << 20):
            # Also those that lie across two chunks.
            text = before + chunk
            self.count += text.count(TRACE)
            before = text[-(len(TRACE) - 1):]

    def quiet(self):
        """Waits until it sleeps; the count then."""
        last = -1
        while last != self.count:
            last = self.count
            time.sleep(QUIET)
        return last

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def wait_ready(self):
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                with self.connect() as sock:
                    sock.settimeout(5)
                    ask(sock)
                    return
            except (OSError, Broken):
                time.sleep(0.5)
        raise Broken("the firmware does not answer in QEMU")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.reader.join()
        self.process.stderr.close()


def ask(sock, more=b""):
    sock.sendall(REQUEST + more + b"\r\n")
    answer = b""
    while not answer.endswith(BODY):
        chunk = sock.recv(4096)
        if not chunk:
            raise Broken(f"the firmware answered {answer!r}")
        answer += chunk


def keep_alive(traced):
    with traced.connect() as sock:
        ask(sock)
        for _ in range(REQUESTS):
            before = traced.quiet()
            ask(sock)
            yield traced.quiet() - before


def connections(traced):
    for _ in range(REQUESTS):
        before = traced.quiet()
        with traced.connect() as sock:
            ask(sock, b"Connection: close\r\n")
            if sock.recv(1):
                raise Broken("the firmware did not close the connection")
        yield traced.quiet() - before


def measure(build, code):
    """Rows, or one that says why there are none."""
    folder = build / "firmware" / "mps2"
    elf = folder / "zephyr" / "zephyr.elf"
    what = "the firmware (Zephyr's network included)"
    if not elf.is_file():
        return [row("firmware", what, "instructions", None,
                    missing="skipped: no build/firmware/mps2, make firmware")]
    say("the firmware, instruction by instruction ...")
    more = loader(folder, code)
    boot = sum(boot_cost()(elf, "isere_server_run", more).values())
    traced = Traced(elf, more)
    try:
        traced.wait_ready()
        kept = list(keep_alive(traced))
        closed = list(connections(traced))
    finally:
        traced.stop()
    unit = "instructions"
    return [
        row("firmware.boot", f"{what}: reset to listening", unit, exact(boot),
            target=("<=", 1200000)),
        row("firmware.request", f"{what}: a request, keep-alive", unit,
            spread(kept)),
        row("firmware.connection", f"{what}: a request and its connection",
            unit, spread(closed)),
        pico_row("pico.firmware", "the whole firmware", statistics.median(kept)),
    ]


def pico_row(ident, what, instructions):
    """An estimate: one instruction a cycle, at 150 MHz."""
    return row(
        ident, f"estimate for a Pico 2, {what}: 150 MHz ÷ instructions",
        "requests/s", exact(150e6 / instructions), exact(11.6),
        "the original, published", target=(">=", 25),
        note="an estimate, no board was measured",
    )
