"""The contenders, and a running one.

A contender answers `GET /path` with 200 and {"k":"value","p":"/path"} as JSON
(nginx: always the same text). Nothing is measured before its answer has been
looked at.
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from harness.machine import BENCH, Broken, free_port, output

# Time until a server must have answered once.
PATIENCE = 20


class Server:
    """A running server. Pinned to `cpus` when they are given."""

    def __init__(self, words, port, cpus=None):
        self.port = port
        self.words = [str(word) for word in words]
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            self.words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.stderr,
            # Before it starts processes and threads of its own.
            preexec_fn=None if cpus is None else lambda: os.sched_setaffinity(0, cpus),
        )
        try:
            self._wait_ready()
        except BaseException:
            self.stop()
            raise

    def _wait_ready(self):
        end = time.monotonic() + PATIENCE
        while True:
            code = self.process.poll()
            if code is not None:
                raise Broken(
                    f"{self.words[0]} ended with {code}: {self.errors()}"
                )
            try:
                self.get("/")
                return
            except OSError:
                if time.monotonic() > end:
                    raise Broken(f"{self.words[0]} does not answer") from None
                time.sleep(0.005)

    def errors(self):
        """What it wrote to standard error, the first lines of it."""
        self.stderr.seek(0)
        return self.stderr.read(500).decode(errors="replace").strip()

    def get(self, path):
        """(status, content type, body)."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=10
        )
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            kind = answer.getheader("Content-Type", "")
            return answer.status, kind, answer.read()
        finally:
            connection.close()

    def expect(self, path, shown=None):
        """Its answer is the right one, or it is broken."""
        status, kind, body = self.get(path)
        wanted = {"k": "value", "p": shown or path}
        try:
            right = json.loads(body) == wanted
        except ValueError:
            right = False
        if status != 200 or not kind.startswith("application/json") or not right:
            raise Broken(
                f"{self.words[0]} answers GET {path} with {status} {kind} {body!r}"
            )

    def resident(self):
        """Bytes of memory right now. (VmRSS is counted less exactly.)"""
        return self._memory("smaps_rollup", "Rss")

    def peak(self):
        """The most so far."""
        return self._memory("status", "VmHWM")

    def _pids(self):
        """The process and its children: a supervisor has one that serves."""
        own = self.process.pid
        children = pathlib.Path(f"/proc/{own}/task/{own}/children").read_text()
        return [own, *map(int, children.split())]

    def _memory(self, file, key):
        """Of all its processes; pages that they share count in each."""
        total = 0
        for pid in self._pids():
            text = pathlib.Path(f"/proc/{pid}/{file}").read_text()
            total += int(re.search(rf"^{key}:\s+(\d+) kB", text, re.M)[1]) * 1024
        return total

    def cpu_seconds(self):
        """User and system time of all its threads so far."""
        ticks = 0
        for pid in self._pids():
            text = pathlib.Path(f"/proc/{pid}/stat").read_text()
            fields = text.rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Contender:
    """Something that can be started. `missing`: why it can't be, or None."""

    dynamic = True  # its answer has the path in it

    def __init__(self, name, label, version="", missing=None):
        self.name = name
        self.label = label
        self.version = version
        self.missing = missing

    def command(self, port):
        raise NotImplementedError

    def probe(self):
        """Finds out whether something is missing that only a start shows."""

    def start(self, cpus=None):
        port = free_port()
        server = Server(self.command(port), port, cpus)
        try:
            server.expect("/")
            server.expect("/some/path", None if self.dynamic else "/")
        except BaseException:
            server.stop()
            raise
        return server


class Isere(Contender):
    def __init__(self, binary, name="ours", label="isère", options=()):
        super().__init__(name, label)
        self.binary = binary
        self.options = list(options)

    def command(self, port, module="handler.js", workers=1, options=()):
        return [
            self.binary, "serve", BENCH / module, "--port", port,
            "--workers", workers, *self.options, *options,
        ]

    def probe(self):
        """Does the program know the options? It says that it does not with
        exit code 2."""
        if not self.options:
            return
        port = free_port()
        process = subprocess.Popen(
            [str(w) for w in self.command(port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            if process.wait(2) == 2:
                self.missing = "not in this build"
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Peer(Contender):
    """A program and its arguments; PORT stands for the port."""

    def __init__(self, name, label, program, words, missing):
        super().__init__(name, label)
        self.program = program
        self.words = words
        if not program:
            self.missing = missing
            return
        self.version = version_of(program)
        if not self.version:
            self.missing = f"{program} does not run here"

    def command(self, port):
        words = [str(w).replace("PORT", str(port)) for w in self.words]
        return [self.program, *words]


def version_of(program):
    text = output([program, "--version"]) or ""
    found = re.search(r"\d[\w.-]*\d", text.partition("\n")[0])
    return found[0] if found else ""


class Nginx(Peer):
    dynamic = False

    def __init__(self, folder, missing):
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        self.folder = folder / "nginx"
        Contender.__init__(self, "nginx", "nginx static")
        self.program = program
        if not program:
            self.missing = missing
            return
        self.version = output([program, "-v"]).rpartition("/")[2]

    def command(self, port):
        self.folder.mkdir(parents=True, exist_ok=True)
        text = (BENCH / "peers" / "nginx.conf").read_text()
        text = text.replace("PORT", str(port))
        text = text.replace("FOLDER", str(self.folder))
        conf = self.folder / f"{port}.conf"
        conf.write_text(text)
        return [self.program, "-e", "stderr", "-p", self.folder, "-c", conf]


def packaged(folder, pattern):
    """The program in the npm package for this kind of machine: the one that
    runs. Packages' own install scripts are not needed for that."""
    for path in sorted((folder / "node_modules").glob(pattern)):
        if version_of(path):
            return path
    return None


def find_peers(folder, why):
    """Node, Bun, Deno, workerd and nginx; those that are missing say why.
    `why`: {name: reason} where setting up failed."""
    peers = BENCH / "peers"
    no = "its npm package is not in build/bench"
    bun = packaged(folder, "@oven/bun-linux-*/bin/bun")
    deno = packaged(folder, "@deno/linux-*/deno")
    workerd = packaged(folder, "@cloudflare/workerd-linux-*/bin/workerd")
    return [
        Peer(
            "node", "Node http", shutil.which("node"),
            [peers / "node.mjs", "PORT"], why.get("node", "no node here"),
        ),
        Peer(
            "bun", "Bun", bun, [peers / "bun.js", "PORT"], why.get("npm", no)
        ),
        Peer(
            "deno", "Deno", deno,
            ["run", "--allow-net", peers / "deno.js", "PORT"],
            why.get("npm", no),
        ),
        Peer(
            "workerd", "workerd", workerd,
            ["serve", peers / "workerd.capnp", "--socket-addr",
             "http=127.0.0.1:PORT"],
            why.get("npm", no),
        ),
        Nginx(folder, why.get("nginx", "no nginx here")),
    ]


def find_ours(binary):
    """isère as it is, and as its own two yardsticks."""
    return [
        Isere(binary),
        Isere(binary, "none", "isère, warm heap", ["--isolation", "none"]),
        Isere(binary, "fresh", "isère, fresh engine", ["--isolation", "fresh"]),
    ]
