"""What every black-box test uses: the real program, started and stopped.

    def test_greets(serve):
        server = serve("export const handler = () => 'hi'")
        assert server.get("/").text == "hi"
        assert server.stop() == 0

`serve` takes the source of a handler, the path of a file, or a dict of
{file name: source} whose first entry is the main module (None: there is none),
and then options of `isere serve`. It waits for the listening line. Everything it started is
stopped at the end of the test, by its process id.

    def test_deploys(stored):
        server = stored()
        server.deploy("hello", "export const handler = () => 'hi'")
        assert server.get("/hello").text == "hi"

`stored` is the same without a handler: `isere serve --store DIR`, and calls
of its admin API.
"""

import http.client
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import threading
import time

import pytest
from scripted import script  # a fixture


ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("ISERE_BIN", ROOT / "build" / "host" / "isere"))
# Sanitizers and valgrind make everything slower: tests multiply their
# patience (never the program's own limits) by this.
SLOW = float(os.environ.get("ISERE_TEST_SLOW", "1"))
# How long, at most, tests wait for what must come: it is there to end a test that
# hangs, not to measure, and a machine may be very busy.
PATIENCE = 60
PREFIX = os.environ.get("ISERE_TEST_WRAPPER", "").split()


def command(*args):
    """The command line of isere with these arguments."""
    return [*PREFIX, str(BINARY), *map(str, args)]


class Server:
    """A running `isere serve` (or `dev`) on a free port of 127.0.0.1."""

    def __init__(self, module, args, cwd, env=None, ready=True, verb="serve"):
        args = [*map(str, args)]
        if not any(a == "--port" or a.startswith("--port=") for a in args):
            args += ["--port", "0"]
        if module is not None:
            args = [str(module), *args]
        self.module = module and pathlib.Path(module)
        self.process = subprocess.Popen(
            command(verb, *args),
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._stderr = bytearray()
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()
        self.line = self.url = self.host = self.port = None
        if ready:
            self._wait_ready(PATIENCE * SLOW)

    def _collect(self):
        while chunk := self.process.stderr.read1(65536):
            with self._changed:
                self._stderr += chunk
                self._changed.notify_all()

    def _wait_ready(self, patience):
        out = self.process.stdout
        end = time.monotonic() + patience
        line = b""
        while not line.endswith(b"\n"):
            left = end - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                self.kill()
                raise AssertionError(f"not ready in time:\n{self.log()}")
            byte = os.read(out.fileno(), 1)
            if not byte:
                code = self.process.wait()
                self._reader.join()
                raise AssertionError(f"ended with {code}:\n{self.log()}")
            line += byte
        self.line = line.decode()
        self.url = self.line.rsplit(" ", 1)[1].strip()
        address = self.url.removeprefix("http://")
        self.host, port = address.rsplit(":", 1)
        self.host = self.host.strip("[]")
        self.port = int(port)

    @property
    def pid(self):
        """The process that serves: the supervisor's child, if there is one."""
        own = self.process.pid
        path = f"/proc/{own}/task/{own}/children"
        with open(path, encoding="ascii") as children:
            pids = children.read().split()
        return int(pids[0]) if pids and not PREFIX else own

    def log(self):
        """What was written to stderr so far, as text."""
        with self._changed:
            return self._stderr.decode(errors="replace")

    def wait_log(self, text, patience=PATIENCE, count=1):
        """Waits until `text` is in the log (`count` times); returns it."""
        end = time.monotonic() + patience * SLOW
        with self._changed:
            while True:
                log = self._stderr.decode(errors="replace")
                if log.count(text) >= count:
                    return log
                left = end - time.monotonic()
                assert left > 0, f"{text!r} never logged:\n{log}"
                self._changed.wait(left)

    def connect(self, timeout=PATIENCE):
        """A raw TCP connection; use it in a `with` statement."""
        return socket.create_connection(
            (self.host, self.port), timeout=timeout * SLOW
        )

    def raw(self, data, timeout=PATIENCE, end=True):
        """Sends bytes on a connection of their own, ends the sending side
        (unless `end` is False), and returns all that came back until the
        server closed."""
        with self.connect(timeout) as sock:
            sock.sendall(data)
            if end:
                sock.shutdown(socket.SHUT_WR)
            answer = b""
            while chunk := sock.recv(65536):
                answer += chunk
            return answer

    def request(self, method, path, body=None, headers=None, timeout=PATIENCE):
        """One request on a connection of its own; the response (its body is
        read already: .body, .text)."""
        conn = http.client.HTTPConnection(
            self.host, self.port, timeout=timeout * SLOW
        )
        try:
            conn.request(method, path, body=body, headers=headers or {})
            response = conn.getresponse()
            response.body = response.read()
            response.text = response.body.decode(errors="replace")
            return response
        finally:
            conn.close()

    def get(self, path="/", headers=None, timeout=PATIENCE):
        return self.request("GET", path, None, headers, timeout)

    def post(self, path, body, headers=None, timeout=PATIENCE):
        return self.request("POST", path, body, headers, timeout)

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, patience=PATIENCE):
        """The exit code of the program, once it ended by itself."""
        try:
            code = self.process.wait(patience * SLOW)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end:\n{self.log()}") from None
        self._reader.join()
        return code

    def stop(self, patience=PATIENCE):
        """Stops the program with SIGTERM and returns its exit code."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait(patience)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        # The supervisor's child has the pipe, too: it is gone then.
        self._reader.join()


class Stored(Server):
    """A running `isere serve --store`: .store is its folder, .token its
    token."""

    def __init__(self, store, args, env=None, ready=True):
        self.store = store
        self.token = None
        super().__init__(
            None, ["--store", store, *args], store.parent, env, ready
        )
        if ready:
            self.token = (store / "token").read_text().strip()

    def api(
        self, method, path, body=None, headers=None, token=True, timeout=PATIENCE
    ):
        """One call; (status, headers, bytes). `body`: text, bytes, or what
        is sent as JSON. `token`: True for the right one, False for none, or
        the text of another."""
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        if token:
            token = self.token if token is True else token
            headers.setdefault("Authorization", f"Bearer {token}")
        response = self.request(method, path, body, headers, timeout)
        return response.status, response.headers, response.body

    def deploy(self, name, function, timeout=PATIENCE):
        """Deploys source text or a package (a dict); the answer."""
        headers = {}
        if isinstance(function, str):
            headers["Content-Type"] = "text/javascript"
        status, _, answer = self.api(
            "PUT",
            f"/_isere/v1/functions/{name}",
            function,
            headers,
            timeout=timeout,
        )
        assert status in (200, 201), (status, answer, self.log())
        return json.loads(answer)


def write_function(folder, function):
    """Writes source text or a dict of files; returns the main module."""
    if isinstance(function, pathlib.Path):
        return function
    if isinstance(function, str):
        if "\n" not in function and function.endswith((".js", ".mjs", ".bin")):
            return pathlib.Path(function)
        function = {"handler.js": function}
    for name, source in function.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            source.encode() if isinstance(source, str) else source
        )
    return folder / next(iter(function))


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "valgrind: `make test-valgrind` runs it under valgrind"
    )
    # What started us may have had SIGINT ignored, as shells do in the
    # background, and programs would inherit it. A handler is not inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def binary():
    assert BINARY.is_file(), f"{BINARY} is missing: run make first"
    return BINARY


@pytest.fixture
def serve(tmp_path):
    """serve(function, *options) -> Server; see the top of this file."""
    servers = []

    def start(function, *args, env=None, cwd=None, ready=True, verb="serve"):
        folder = tmp_path / f"function{len(servers)}"
        folder.mkdir()
        module = function and write_function(folder, function)
        server = Server(module, args, cwd or folder, env, ready, verb)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.kill()
        # A sanitizer's report must not go unseen.
        assert "Sanitizer" not in server.log(), server.log()


@pytest.fixture
def stored(tmp_path):
    """stored(*options, store=FOLDER) -> Stored. Without `store` each has
    a new folder; a server that was stopped can be started again on its."""
    servers = []

    def start(*args, store=None, env=None, ready=True):
        store = pathlib.Path(store or tmp_path / f"store{len(servers)}")
        store.mkdir(exist_ok=True)
        server = Stored(store, args, env, ready)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.kill()
        # A sanitizer's report must not go unseen.
        assert "Sanitizer" not in server.log(), server.log()


@pytest.fixture
def isere(tmp_path):
    """isere(*args) runs the program to its end: .returncode, .stdout,
    .stderr (text). Its folder is the test's own."""

    def run(*args, input=None, cwd=None, env=None, timeout=2 * PATIENCE):
        if args[:1] == ("serve",) and "--port" not in args and "--help" not in args:
            args += ("--port", 0)  # the default one may be taken
        return subprocess.run(
            command(*args),
            cwd=cwd or tmp_path,
            env={**os.environ, **(env or {})},
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            text=True,
            timeout=timeout * SLOW,
        )

    return run


@pytest.fixture
def signals_are_the_program_s(monkeypatch):
    """A sanitizer would make exits of them, with a report."""
    for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
        theirs = [f"handle_{what}=0" for what in ("segv", "sigbus", "sigill", "abort")]
        given = [os.environ[name]] if name in os.environ else []
        monkeypatch.setenv(name, ":".join(given + theirs))
