"""The firmware on a wire of its own: native_sim with tap.conf, a TAP interface
in a network namespace, and hosts in namespaces on the same wire.

    def test_lease(wire):
        lease = wire.host().get_lease()
        assert lease["ip"] == "192.0.2.2"

Nothing outside these namespaces is touched. It takes root.
"""

import contextlib
import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEVICE = "192.0.2.1"
MASK = "24"
# Where the image is, or is to be built.
FOLDER = pathlib.Path(
    os.environ.get("ISERE_FIRMWARE", ROOT / "build" / "firmware")
) / "tap"
# udhcpc calls it with what happened, and what it got in its environment.
SCRIPT = """#!/bin/sh
echo "event=$1"
env | grep -E '^(ip|mask|lease|serverid|router|dns|staticroutes)='
case $1 in
bound | renew)
    ip address flush dev "$interface"
    ip address add "$ip/$mask" dev "$interface"
    for router in $router; do ip route add default via "$router"; done
    ;;
esac
"""
_numbers = itertools.count()


def run(*words, check=True, timeout=30):
    done = subprocess.run(
        [str(word) for word in words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    assert not check or done.returncode == 0, f"{words}: {done.stdout}"
    return done


def build():
    """The executable; skips where there is no Zephyr to build it with."""
    if folder := os.environ.get("ISERE_FIRMWARE_TAP"):
        return pathlib.Path(folder) / "zephyr" / "zephyr.exe"
    tool = ROOT / "scripts" / "firmware"
    if run(tool, "--workspace", check=False).returncode != 0:
        pytest.skip("no Zephyr workspace")
    run(
        tool,
        "native_sim/native/64",
        FOLDER,
        "-DEXTRA_CONF_FILE=tap.conf",
        timeout=1800,
    )
    return FOLDER / "zephyr" / "zephyr.exe"


def skip_without_tools():
    if os.geteuid() != 0:
        pytest.skip("network namespaces take root")
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("no /dev/net/tun")
    for tool in ("ip", "udhcpc", "curl"):
        if not shutil.which(tool):
            pytest.skip(f"no {tool}")


class Namespace:
    def __init__(self):
        self.name = f"isere-{os.getpid()}-{next(_numbers)}"
        run("ip", "netns", "add", self.name)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words):
        return run("ip", "-n", self.name, *words).stdout

    def words(self, *words):
        """The command line that runs a program in it."""
        return ["ip", "netns", "exec", self.name, *(str(w) for w in words)]

    def run(self, *words, **options):
        return run(*self.words(*words), **options)

    def end(self):
        run("ip", "netns", "delete", self.name, check=False)


class Host(Namespace):
    """A computer on the wire, with a network card of its own."""

    def __init__(self, wire, folder):
        super().__init__()
        self.folder = folder
        self.script = folder / "udhcpc.sh"
        self.script.write_text(SCRIPT)
        self.script.chmod(0o755)
        card = f"c{next(_numbers)}"
        wire.ip("link", "add", card, "link", "zeth", "type", "macvlan",
                "mode", "bridge")
        wire.ip("link", "set", card, "netns", self.name)
        self.ip("link", "set", card, "name", "eth0")
        self.ip("link", "set", "eth0", "up")

    def client(self, *options):
        """The command line of a DHCP client."""
        return self.words("udhcpc", "-f", "-i", "eth0", "-s", self.script,
                          "-t", 5, "-T", 3, "-n", *options)

    def try_lease(self, *options):
        """What the client was told, as a dict; None without a lease."""
        done = run(*self.client("-q", *options), check=False, timeout=60)
        return events(done.stdout).get("bound")

    def get_lease(self, *options):
        lease = self.try_lease(*options)
        assert lease, "no lease"
        return lease

    def set_address(self, address):
        self.ip("address", "replace", f"{address}/{MASK}", "dev", "eth0")

    @contextlib.contextmanager
    def running_client(self, *options):
        """A client that stays, once it has a lease; its `output` is set when
        it has ended."""
        self.ip("address", "flush", "dev", "eth0")
        client = subprocess.Popen(
            self.client(*options),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            self.wait_address()
            yield client
        finally:
            client.terminate()
            client.output, _ = client.communicate(timeout=10)

    def wait_address(self):
        end = time.monotonic() + 10
        while "inet 192.0.2." not in self.ip("address", "show", "eth0"):
            assert time.monotonic() < end, "no address"
            time.sleep(0.05)

    def unplug(self):
        self.ip("link", "set", "eth0", "down")

    def curl(self, path="/"):
        return self.run("curl", "-sS", "-i", "--max-time", 10,
                        f"http://{DEVICE}:8080{path}").stdout

    def python(self, code, *arguments):
        return self.run("python3", "-c", code, *arguments).stdout


def events(output):
    """{event: {name: value}} of what the client's script printed."""
    result = {}
    now = {}
    for line in output.splitlines():
        name, equals, value = line.partition("=")
        if name == "event":
            now = result[value] = {}
        elif equals and name.isalpha():
            now[name] = value
    return result


class Wire(Namespace):
    """The firmware, and what is plugged into its TAP interface."""

    def __init__(self, executable, folder):
        super().__init__()
        self.folder = folder
        self.hosts = []
        self.process = None
        self.log = folder / "device.log"
        try:
            self.ip("tuntap", "add", "zeth", "mode", "tap")
            self.ip("link", "set", "zeth", "up")
            self.start(executable)
        except BaseException:
            self.end()
            raise

    def start(self, executable):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.words(executable, "--port=8080"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
            )
        end = time.monotonic() + 20
        while "link up" not in self.log.read_text(errors="replace"):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def host(self):
        folder = self.folder / f"host{len(self.hosts)}"
        folder.mkdir()
        host = Host(self, folder)
        self.hosts.append(host)
        return host

    def alive(self):
        return self.process.poll() is None

    def end(self):
        if self.process and self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for host in self.hosts:
            host.end()
        super().end()
