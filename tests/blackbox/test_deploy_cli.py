"""The commands that talk to a server: what they send and what they say,
against answers by script."""

import hashlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from conftest import SLOW, command

TOKEN = "0123456789abcdef" * 4
HELLO = "export const handler = () => 'hello'\n"
VERSION = {
    "name": "hello",
    "version": 3,
    "sha256": "0" * 64,
    "bytes": 37,
    "routes": ["ANY /hello", "ANY /hello/{path+}"],
}


def answer(status, body=b"", fields="", kind="application/json"):
    """An answer as bytes; `body`: bytes, text, or what is sent as JSON."""
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{fields}"
    if status != 204:
        head += f"Content-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


def line(**members):
    return json.dumps(members).encode() + b"\n"


class Script:
    """A server that gives the same answer to all: bytes, or a function that
    is called with the socket. .requests: (head, body) as text and bytes."""

    def __init__(self, reply, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.reply = reply
        self.requests = []
        self.listener = socket.create_server((host, 0), family=family)
        port = self.listener.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with sock:
                try:
                    self.requests.append(self._receive(sock))
                    if callable(self.reply):
                        self.reply(sock)
                    else:
                        sock.sendall(self.reply)
                except OSError:
                    pass

    @staticmethod
    def _receive(sock):
        data = b""
        while b"\r\n\r\n" not in data:
            more = sock.recv(65536)
            if not more:
                return data.decode(), b""
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        head = head.decode()
        length = re.search(r"^content-length: (\d+)", head, re.M | re.I)
        while length and len(body) < int(length.group(1)):
            body += sock.recv(65536)
        return head, body

    def close(self):
        # Closing alone does not wake accept().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


@pytest.fixture
def script():
    servers = []

    def start(reply, **options):
        servers.append(Script(reply, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def fails(result, *texts):
    """Exit code 1, nothing on stdout, and that on stderr."""
    assert result.returncode == 1, result
    assert result.stdout == ""
    for text in texts:
        assert text in result.stderr, result.stderr
    assert TOKEN not in result.stderr


# ---- deploy ----


def write(folder, files):
    for name, source in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source if isinstance(source, bytes) else source.encode())


def source_of(folder):
    return hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]


def test_deploy(isere, script, tmp_path):
    server = script(answer(201, VERSION))
    write(
        tmp_path,
        {
            "fn/hello.js": "import { text } from './lib/text.js'\n"
            "export const handler = () => text\n",
            "fn/lib/text.js": "import '../more.js'\nexport const text = 'é\u2028'\n",
            "fn/more.js": "\ufeffexport {}\n",
            "fn/other.js": "not imported",
        },
    )
    result = isere("deploy", "fn/hello.js", "--to", server.url)
    assert result.returncode == 0, result
    assert result.stderr == ""  # no terminal: no progress
    assert result.stdout == (
        f"hello version 3 at {server.url}/hello\n"
        "  ANY /hello\n  ANY /hello/{path+}\n"
    )
    head, body = server.requests[0]
    assert head.startswith("PUT /_isere/v1/functions/hello HTTP/1.1\r\n")
    assert "Authorization" not in head
    assert "\r\nContent-Type: application/json\r\n" in head
    assert json.loads(body) == {
        "main": "hello.js",
        "files": {
            "hello.js": (tmp_path / "fn/hello.js").read_text(),
            "lib/text.js": (tmp_path / "fn/lib/text.js").read_text(),
            "more.js": "export {}\n",
        },
        "source": source_of(tmp_path / "fn"),
    }


def test_deploy_with_everything(isere, script, tmp_path):
    server = script(answer(200, VERSION))
    write(tmp_path, {"x.js": HELLO, "token": f" \n{TOKEN}\r\n".lstrip()})
    result = isere(
        "deploy", "x.js", "--name", "a-1", "--route", "GET /x", "--route",
        "$default", "--env", "A=1", "--env", "B=\"é=", "--memory", "2M",
        "--timeout", "500ms", "--payload", "2.0", "--to", server.url + "/",
        "--token-file", "token", "--json",
        env={"ISERE_URL": "http://nobody.invalid", "ISERE_TOKEN": "f" * 64},
    )
    assert result.returncode == 0, result
    assert json.loads(result.stdout) == VERSION
    assert result.stdout.count("\n") == 1
    head, body = server.requests[0]
    assert head.startswith("PUT /_isere/v1/functions/a-1 ")
    assert f"\r\nAuthorization: Bearer {TOKEN}" in head
    assert json.loads(body) == {
        "main": "x.js",
        "files": {"x.js": HELLO},
        "routes": ["GET /x", "$default"],
        "env": {"A": "1", "B": '"é='},
        "memory": 2 << 20,
        "timeout": 500,
        "payload": "2.0",
        "source": source_of(tmp_path),
    }


def test_environment_stands_in(isere, script, tmp_path):
    server = script(answer(200, VERSION))
    write(tmp_path, {"hello.js": HELLO})
    env = {"ISERE_URL": server.url, "ISERE_TOKEN": TOKEN}
    assert isere("deploy", "hello.js", env=env).returncode == 0
    assert f"\r\nAuthorization: Bearer {TOKEN}" in server.requests[0][0]


@pytest.mark.parametrize(
    "file, name",
    [
        ("hello.js", "hello"),
        ("My_App.v2.js", "my-app-v2"),
        ("a" * 32 + ".js", "a" * 32),
        ("plain", "plain"),
        ("a" * 33 + ".js", None),
        ("größe.js", None),
        ("a b.js", None),
    ],
)
def test_name_of_the_module(isere, script, tmp_path, file, name):
    server = script(answer(200, VERSION))
    write(tmp_path, {file: HELLO})
    result = isere("deploy", file, "--to", server.url)
    if name:
        assert result.returncode == 0, result
        assert f"/functions/{name} " in server.requests[0][0]
    else:
        assert result.returncode == 2
        assert "--name" in result.stderr and not server.requests


@pytest.mark.parametrize(
    "routes, address",
    [
        (["GET /pets/{id}"], "/pets/"),
        (["$default"], "/"),
        (["ANY /"], "/"),
        ([], "/"),
        (["GET /\x1b[31m"], "/\\u001b[31m"),
    ],
)
def test_address_of_a_route(isere, script, tmp_path, routes, address):
    server = script(answer(200, {**VERSION, "routes": routes}))
    write(tmp_path, {"hello.js": HELLO})
    result = isere("deploy", "hello.js", "--to", server.url)
    assert result.stdout.splitlines()[0] == (
        f"hello version 3 at {server.url}{address}"
    )


CARET = [
    # files, what is on stderr
    (
        {"fn/hello.js": "const a = 1\nexport const = 2\n"},
        "fn/hello.js:2:14: SyntaxError: ",
        "    export const = 2\n                 ^\n",
    ),
    (
        {
            "fn/hello.js": "import './lib/a.js'\n" + HELLO,
            "fn/lib/a.js": "\tlet é = (1 +;\n",
        },
        "fn/lib/a.js:1:14: SyntaxError: ",
        "     let é = (1 +;\n                 ^\n",
    ),
    (
        {"fn/hello.js": HELLO + "import '../secret.js'\n", "secret.js": ""},
        "fn/hello.js:2:8: SyntaxError: cannot import '../secret.js': it lies "
        "outside the function's folder",
        "    import '../secret.js'\n           ^\n",
    ),
    (
        {"fn/hello.js": "/*" + "x" * 300 + "*/ let = (;" + "y" * 300},
        "fn/hello.js:1:310: SyntaxError: ",
        "x*/ let = (;" + "y" * 20 + "\n" + " " * 54 + "^\n",
    ),
]


@pytest.mark.parametrize("files, place, shown", CARET, ids="main import outside long".split())
def test_what_does_not_compile_is_not_sent(
    isere, script, tmp_path, files, place, shown
):
    server = script(answer(200, VERSION))
    write(tmp_path, files)
    result = isere("deploy", "fn/hello.js", "--to", server.url)
    fails(result)
    assert result.stderr.startswith(place), result.stderr
    assert shown in result.stderr, result.stderr
    assert not server.requests


def test_files_that_cannot_be_sent(isere, script, tmp_path):
    server = script(answer(200, VERSION))
    write(tmp_path, {"a.js": b"// \xff\n" + HELLO.encode()})
    fails(isere("deploy", "a.js", "--to", server.url), "a.js is not UTF-8")
    fails(isere("deploy", "b.js", "--to", server.url), "cannot read b.js")
    write(tmp_path, {"hello.js": HELLO})
    assert isere("build", "hello.js").returncode == 0
    fails(
        isere("deploy", "hello.bin", "--to", server.url), "bytecode already"
    )
    assert not server.requests


def test_faults_of_the_server(isere, script, tmp_path):
    """An init phase that fails, say: only the server has run it."""
    server = script(
        answer(
            400,
            {
                "message": "TypeError: \x1b[31mno",
                "file": "lib/a.js",
                "line": 2,
                "column": 7,
                "stack": "    at one (lib/a.js:2:7)\n    at two (hello.js:1:1)\n",
            },
        )
    )
    write(
        tmp_path,
        {
            "fn/hello.js": "import './lib/a.js'\n" + HELLO,
            "fn/lib/a.js": "// first\nthrow new TypeError('no')\n",
        },
    )
    result = isere("deploy", "fn/hello.js", "--to", server.url)
    fails(result)
    assert result.stderr == (
        "fn/lib/a.js:2:7: TypeError: \\u001b[31mno\n"
        "    throw new TypeError('no')\n"
        "          ^\n"
        "    at one (lib/a.js:2:7)\n"
        "    at two (hello.js:1:1)\n"
    )


@pytest.mark.parametrize(
    "place",
    [
        {"file": "none.js", "line": 2, "column": 1},
        {"file": "hello.js", "line": 99, "column": 1},
        {"file": "hello.js", "line": 1, "column": 9e15},
        {"file": "hello.js", "line": -1, "column": "x"},
        {"file": "hello.js"},
        {"file": ["hello.js"], "line": 1, "column": 1},
        {},
    ],
)
def test_odd_places_of_faults(isere, script, tmp_path, place):
    server = script(answer(400, {"message": "Error: odd", **place}))
    write(tmp_path, {"hello.js": HELLO})
    fails(isere("deploy", "hello.js", "--to", server.url), "Error: odd")


def read_terminal(ours):
    """All that was written to a terminal whose other side is closed: the kernel
    may hand it over in pieces."""
    shown = b""
    try:
        while more := os.read(ours, 65536):
            shown += more
    except OSError:  # the other side is closed, and all was read
        pass
    os.close(ours)
    return shown


def test_progress_is_for_terminals(script, tmp_path):
    server = script(answer(201, VERSION))
    write(tmp_path, {"hello.js": HELLO})
    ours, theirs = pty.openpty()
    done = subprocess.run(
        command("deploy", "hello.js", "--to", server.url),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=20 * SLOW,
    )
    os.close(theirs)
    shown = read_terminal(ours).decode()
    assert done.returncode == 0
    assert "isere: packing 1 file\r\n" in shown
    assert re.search(r"isere: sending \d+ bytes to http://", shown)
    assert re.search(r"isere: done in \d+\.\d\d s\r\n", shown)
    assert done.stdout.startswith(b"hello version 3 at ")


# ---- what goes wrong with any of them ----


REFUSALS = [
    (400, {"message": "no route: x"}, "no route: x (400)"),
    (403, {"message": "not that Host"}, "not that Host (403)"),
    (404, {"message": "no function \x1b"}, "no function \\u001b (404)"),
    (404, "<html>", "has no control plane (404): is it isere serve --store?"),
    (409, {"message": "GET /x is taken"}, "GET /x is taken (409)"),
    (413, {"message": "too long"}, "too long (413)"),
    (413, b"", "answers 413 Content Too Large"),
    (500, b"\xff\x00", "answers 500 Internal Server Error"),
    (503, {"message": 7}, "answers 503 Service Unavailable"),
    (507, {"message": "the store is full"}, "the store is full (507)"),
    (200, "not JSON", "but not as a control plane"),
    (200, b"", "but not as a control plane"),
    (200, "[" * 100000, "but not as a control plane"),
    (200, "null", "but not as a control plane"),
]


@pytest.mark.parametrize("status, body, text", REFUSALS)
def test_refusals(isere, script, tmp_path, status, body, text):
    server = script(answer(status, body))
    write(tmp_path, {"hello.js": HELLO})
    for args in (["deploy", "hello.js"], ["list"], ["rollback", "hello"], ["release", "hello"]):
        fails(isere(*args, "--to", server.url), server.url, text)


def test_unauthorized(isere, script, tmp_path):
    server = script(answer(401, {"message": "no"}, "WWW-Authenticate: Bearer\r\n"))
    write(tmp_path, {"my-token": TOKEN})
    to = ["--to", server.url]
    fails(isere("list", *to), "requires a token: give --token-file FILE, or set")
    fails(
        isere("list", *to, "--token-file", "my-token"),
        "refuses the token in my-token (401)",
    )
    fails(
        isere("list", *to, env={"ISERE_TOKEN": TOKEN}),
        "refuses the token in ISERE_TOKEN (401)",
    )


def test_redirects_are_not_followed(isere, script):
    other = script(answer(200, {"functions": []}))
    server = script(answer(302, b"", f"Location: {other.url}/\x1b\r\n".replace("\x1b", "")))
    fails(
        isere("list", "--to", server.url, env={"ISERE_TOKEN": TOKEN}),
        f"redirects to '{other.url}/', which isere does not follow (302)",
    )
    assert not other.requests


def test_only_tokens_are_sent(isere, script, tmp_path):
    server = script(answer(200, {"functions": []}))
    write(tmp_path, {"secret": "-----BEGIN PRIVATE KEY-----\n", "long": TOKEN + "0"})
    for name in ("secret", "long"):
        result = isere("list", "--to", server.url, "--token-file", name)
        fails(result, f"{name} does not contain a token")
        assert "BEGIN" not in result.stderr
    fails(isere("list", "--to", server.url, "--token-file", "none"), "cannot read none")
    result = isere("list", "--to", server.url, env={"ISERE_TOKEN": "x"})
    assert result.returncode == 2
    assert "ISERE_TOKEN does not contain a token" in result.stderr
    assert not server.requests


@pytest.mark.parametrize(
    "url, text",
    [
        ("https://x", "'https://x' is https, which isere does not support"),
        ("x:80", "'x:80' does not begin with http://"),
        ("http://x/y", "has a path"),
        ("http://x:99999", "has an invalid port"),
    ],
)
def test_bad_addresses(isere, url, text):
    for args, env, name in (
        (["--to", url], {}, "--to"),
        ([], {"ISERE_URL": url}, "ISERE_URL"),
    ):
        result = isere("list", *args, env=env)
        assert result.returncode == 2
        assert text in result.stderr and name in result.stderr


def test_unreachable(isere):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    fails(
        isere("list", "--to", f"http://127.0.0.1:{port}"),
        f"http://127.0.0.1:{port} can't be reached: Connection refused",
    )
    result = isere("list", "--to", f"http://localhost:{port}")
    fails(result)
    assert re.search(r"reached \(at (127\.0\.0\.1|::1)\): Connection", result.stderr)
    fails(isere("list", "--to", "http://nobody.invalid"), "can't be reached: ")


BROKEN = [
    (b"", "the connection was closed without one"),
    (b"SSH-2.0-OpenSSH_9\r\n", "it is not HTTP/1.1"),
    (b"\x15\x03\x01\x00\x02\x02\x46", "it is not HTTP/1.1"),
    (b"HTTP/1.1 200 OK\r\n", "it was cut short"),
    (answer(200, {"functions": []})[:-3], "it was cut short"),
    (STREAM + b"5\r\nab", "it was cut short"),
    (STREAM + b"zz\r\n", "the size of a chunk is malformed"),
    (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20000, "its head is too long"),
]


@pytest.mark.parametrize("data, text", BROKEN)
def test_broken_answers(isere, script, data, text):
    server = script(data)
    fails(
        isere("list", "--to", server.url),
        f"{server.url} sent an invalid response: {text}",
    )


def test_endless_answer(isere, script):
    def endless(sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sock.sendall(b"x" * 65536)

    server = script(endless)
    fails(isere("list", "--to", server.url), "a response that is too long")


def test_silence(isere, script):
    done = threading.Event()
    server = script(lambda sock: done.wait(20 * SLOW))
    fails(
        isere("list", "--to", server.url, "--wait", "200ms"),
        f"{server.url} did not answer for 200 ms",
    )
    fails(
        isere("rollback", "x", "--to", server.url, "--wait", "200ms"),
        "the change may have been made: see isere list",
    )
    done.set()


def test_slow_answers_are_waited_for(isere, script):
    def slow(sock):
        for byte in answer(200, {"functions": []}):
            sock.sendall(bytes([byte]))
            time.sleep(0.005)

    server = script(slow)
    wait = f"{int(2000 * SLOW)}ms"
    result = isere("list", "--to", server.url, "--wait", wait)
    assert result.returncode == 0, result


def test_ipv6(isere, script):
    try:
        server = script(answer(200, {"functions": []}), host="::1")
    except OSError:
        pytest.skip("no IPv6 here")
    assert isere("list", "--to", server.url).returncode == 0
    assert f"\r\nHost: {server.url.removeprefix('http://')}\r\n" in (
        server.requests[0][0]
    )


def test_full_output_is_an_error(script):
    server = script(answer(200, {"functions": [FUNCTION]}))
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command("list", "--to", server.url),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=20 * SLOW,
        )
    assert done.returncode == 1
    assert b"cannot write to standard output" in done.stderr


# ---- list ----


FUNCTION = {
    "name": "hello",
    "version": 3,
    "previous": 2,
    "status": "ok",
    "message": "",
    "routes": ["ANY /hello", "ANY /hello/{path+}"],
    "memory": 16 << 20,
}
BROKEN_FUNCTION = {
    "name": "a-function-with-a-long-name",
    "version": 12,
    "status": "broken",
    "message": "damaged \x1b\n",
    "routes": [f"GET /long/route/number/{i}" for i in range(6)],
    "memory": 1000,
}


def test_list(isere, script):
    server = script(answer(200, {"functions": [BROKEN_FUNCTION, FUNCTION]}))
    result = isere("list", "--to", server.url)
    assert result.returncode == 0 and result.stderr == ""
    long = ", ".join(BROKEN_FUNCTION["routes"])
    assert result.stdout == (
        "NAME                         VERSION  STATUS  MEMORY  ROUTES\n"
        f"a-function-with-a-long-name  12       broken  1000    {long}\n"
        "  damaged \\u001b\\n\n"
        "hello                        3        ok      16M     "
        "ANY /hello, ANY /hello/{path+}\n"
    )
    as_json = isere("list", "--to", server.url, "--json")
    assert json.loads(as_json.stdout) == {
        "functions": [BROKEN_FUNCTION, FUNCTION]
    }


def test_list_on_a_terminal(script):
    """Routes are wrapped at its width, each of them whole."""
    server = script(answer(200, {"functions": [BROKEN_FUNCTION, FUNCTION]}))
    ours, theirs = pty.openpty()
    subprocess.run(["stty", "rows", "24", "cols", "90"], stdin=theirs, check=True)
    done = subprocess.run(
        command("list", "--to", server.url),
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=20 * SLOW,
    )
    os.close(theirs)
    shown = read_terminal(ours)
    assert done.returncode == 0
    lines = shown.decode().splitlines()
    assert max(map(len, lines)) <= 90
    assert lines[2] == " " * 54 + "GET /long/route/number/1,"
    assert lines[-1].endswith("ANY /hello, ANY /hello/{path+}") or lines[
        -1
    ] == " " * 54 + "ANY /hello/{path+}"


def test_list_of_nothing(isere, script):
    server = script(answer(200, {"functions": []}))
    result = isere("list", "--to", server.url)
    assert result.returncode == 0 and result.stdout == ""
    assert result.stderr == f"isere: {server.url} has no functions\n"
    server = script(answer(200, {"hello": "world"}))
    fails(isere("list", "--to", server.url), "answers without functions")


def test_list_of_odd_functions(isere, script):
    odd = [7, None, {}, {"name": 3, "routes": "x"}, {"name": "n" * 999}]
    server = script(answer(200, {"functions": odd}))
    result = isere("list", "--to", server.url)
    assert result.returncode == 0 and result.stdout.count("\n") == 6


# ---- logs ----


LINES = [
    line(
        seq=1,
        time="2026-11-27T18:00:00.000Z",
        level="info",
        function="hello",
        requestId="id-1",
        message="\x1b[31mred",
    ),
    line(lost=12),
    line(
        seq=14, time="2026-11-27T18:00:01.000Z", level="error", message="late"
    ),
]


def test_logs(isere, script):
    data = b"".join(LINES)
    pieces = [data[i : i + 7] for i in range(0, len(data), 7)]
    server = script(STREAM + b"".join(map(chunk, pieces)) + chunk(b""))
    result = isere("logs", "--to", server.url)
    assert result.returncode == 0 and result.stderr == ""
    assert result.stdout == (
        "2026-11-27T18:00:00.000Z INFO  hello [id-1] \\u001b[31mred\n"
        "(12 lines lost)\n"
        "2026-11-27T18:00:01.000Z ERROR late\n"
    )
    result = isere("logs", "hello", "--level", "warn", "--to", server.url)
    assert " INFO  [id-1] " in result.stdout
    result = isere("logs", "--json", "--to", server.url)
    assert result.stdout.encode() == data
    targets = [head.split(" ")[1] for head, _ in server.requests]
    assert targets == [
        "/_isere/v1/logs?follow=0",
        "/_isere/v1/logs?follow=0&function=hello&level=warn",
        "/_isere/v1/logs?follow=0",
    ]


def test_logs_that_are_none(isere, script):
    for body in (b"hello\n", b"[1]\n", b"x" * (2 << 20), b"{}\nx"):
        server = script(STREAM + chunk(body) + chunk(b""))
        fails(isere("logs", "--to", server.url), "not as a control plane")


@pytest.fixture
def follower(script):
    """follower(*args) -> (process, its server's socket)"""
    sockets, held = [], threading.Event()
    processes = []

    def hold(sock):
        sock.sendall(STREAM)
        sockets.append(sock)
        held.wait(30 * SLOW)

    def start(*args, **options):
        server = script(hold)
        process = subprocess.Popen(
            command("logs", "-f", "--wait", "100ms", "--to", server.url, *args),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )
        processes.append(process)
        end = time.monotonic() + 10 * SLOW
        while not sockets and time.monotonic() < end:
            time.sleep(0.01)
        return process, sockets[-1], held, server

    yield start
    held.set()
    for process in processes:
        process.kill()
        process.communicate()


def test_following(follower):
    process, sock, held, server = follower("hello")
    # Longer than --wait: nothing may happen for long.
    time.sleep(0.3)
    for number in range(3):
        data = line(time="T", level="warn", message=f"m{number}")
        sock.sendall(chunk(data))
        # Shown at once.
        assert process.stdout.readline() == b"T WARN  m%d\n" % number
    assert "follow=1&function=hello" in server.requests[0][0]
    sock.sendall(chunk(b""))
    out, err = process.communicate(timeout=20 * SLOW)
    assert process.returncode == 1 and out == b""
    assert err.decode() == f"isere: {server.url} ended the log\n"


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_following_in_silence(follower, options):
    """The empty line that a server sends every 15 seconds."""
    process, sock, held, _ = follower(*options)
    sock.sendall(chunk(LINES[0]) + chunk(b"\n") + chunk(b"\n" + LINES[0]))
    sock.sendall(chunk(b""))
    held.set()
    out, err = process.communicate(timeout=10 * SLOW)
    assert out.count(b"\n") == 2 and b"\n\n" not in out
    assert process.returncode == 1 and b"control plane" not in err


def test_following_a_server_that_dies(follower):
    process, sock, held, server = follower()
    sock.sendall(chunk(line(message="x"))[:-4])
    sock.shutdown(socket.SHUT_RDWR)
    _, err = process.communicate(timeout=20 * SLOW)
    assert process.returncode == 1
    assert err.decode() == (
        "isere: lost the server, waiting for it to come back\n"
        f"isere: {server.url} did not come back\n"
    )


def test_following_until_interrupted(follower):
    process, _, held, _ = follower()
    process.send_signal(signal.SIGINT)
    assert process.wait(20 * SLOW) == -signal.SIGINT


def test_following_without_a_reader(follower):
    process, sock, held, _ = follower()
    process.stdout.close()
    sock.sendall(chunk(line(message="x")))
    err = process.stderr.read()
    assert process.wait(20 * SLOW) == 1
    assert b"cannot write to standard output" in err
    process.stdout = None


# ---- invoke-remote ----


INVOKED = {
    "result": {
        "statusCode": 200,
        "headers": {"Content-Type": "text/plain", "X": ["1", "2"]},
        "body": "hé\n",
        "isBase64Encoded": False,
    },
    "error": None,
    "message": "",
    "requestId": "id-1",
    "logs": [
        {"time": "2026-11-27T18:00:00.000Z", "level": "debug", "message": "a\nb"}
    ],
    "durationMs": 1.234,
    "peakBytes": 12345,
}


def test_invoke_remote(isere, script, tmp_path):
    server = script(answer(200, INVOKED))
    result = isere("invoke-remote", "hello", "--to", server.url)
    assert result.returncode == 0, result
    assert json.loads(result.stdout) == INVOKED["result"]
    assert result.stdout.count("\n") == 1
    assert result.stderr == "2026-11-27T18:00:00.000Z DEBUG [id-1] a\\nb\n"
    head, body = server.requests[0]
    assert head.startswith("POST /_isere/v1/functions/hello/invoke HTTP/1.1\r\n")
    assert "\r\nContent-Length: 0" in head and body == b""

    event = '{"path": "/x", "body": "é"}'
    write(tmp_path, {"event.json": event})
    for result in (
        isere("invoke-remote", "hello", "--to", server.url, "--event", "event.json"),
        isere("invoke-remote", "hello", "--to", server.url, "--event", event),
        isere(
            "invoke-remote", "hello", "--to", server.url, "--event=-", "--json",
            input=event,
        ),
    ):
        assert result.returncode == 0
        assert server.requests[-1][1].decode() == event
    assert json.loads(result.stdout) == INVOKED
    assert result.stderr == ""


def test_invoke_remote_failing(isere, script, tmp_path):
    failed = {
        **INVOKED,
        "error": "exception",
        "message": "Error: no\x1b",
        "logs": None,
    }
    server = script(answer(200, failed))
    for args in ([], ["--json"]):
        result = isere("invoke-remote", "hello", "--to", server.url, *args)
        assert result.returncode == 1
        assert json.loads(result.stdout)
        assert result.stderr == (
            "isere: the handler failed (exception): Error: no\\u001b\n"
        )
    server = script(answer(200, {"hello": "world"}))
    fails(
        isere("invoke-remote", "hello", "--to", server.url),
        "answers without a result",
    )
    write(tmp_path, {"event.json": "[]"})
    fails(
        isere(
            "invoke-remote", "x", "--to", server.url, "--event", "event.json"
        ),
        "event.json:1:1: the event is not a JSON object",
    )
    assert len(server.requests) == 1


# ---- rollback, remove ----


def test_rollback(isere, script):
    server = script(answer(200, {**VERSION, "version": 2}))
    result = isere("rollback", "hello", "--to", server.url)
    assert result.returncode == 0
    assert result.stdout.startswith(f"hello version 2 at {server.url}/hello\n")
    head, body = server.requests[0]
    assert head.startswith("POST /_isere/v1/functions/hello/rollback ")
    assert "\r\nContent-Length: 0" in head and body == b""


def test_release(isere, script):
    server = script(answer(200, VERSION))
    result = isere("release", "hello", "--to", server.url)
    assert result.returncode == 0
    assert result.stdout.startswith("hello version ")
    head, body = server.requests[0]
    assert head.startswith("POST /_isere/v1/functions/hello/release ")
    assert body == b""
    assert result.stderr == ""  # a server that doesn't say


@pytest.mark.parametrize(
    "released, said",
    [
        (True, "isere: 'hello' was quarantined, and is served again\n"),
        (False, "isere: 'hello' was not quarantined\n"),
        ("yes", ""),
    ],
)
def test_release_says_what_it_did(isere, script, released, said):
    server = script(answer(200, {**VERSION, "released": released}))
    result = isere("release", "hello", "--to", server.url)
    assert result.returncode == 0 and result.stderr == said


def test_remove(isere, script):
    server = script(answer(204))
    result = isere("remove", "hello", "--to", server.url)
    assert result.returncode == 0 and result.stdout == "hello removed\n"
    assert server.requests[0][0].startswith(
        "DELETE /_isere/v1/functions/hello "
    )
    result = isere("remove", "hello", "--to", server.url, "--json")
    assert json.loads(result.stdout) == {"name": "hello", "removed": True}
