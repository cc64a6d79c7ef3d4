"""`isere deploy`: what it sends and what it says, against answers by script."""

import hashlib
import json
import os
import pty
import re
import socket
import subprocess

import pytest
from conftest import SLOW, command
from scripted import HELLO, TOKEN, VERSION, answer, fails, read_terminal, write

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


def test_memory_is_for_the_server_to_judge(isere, script, tmp_path):
    """A device takes 72K; another server says what it takes."""
    said = "memory: must be from 256K to 2G"
    device = script(answer(200, VERSION))
    linux = script(answer(400, {"message": said}))
    write(tmp_path, {"x.js": HELLO})
    words = ["deploy", "x.js", "--memory", "72K", "--to"]
    assert isere(*words, device.url).returncode == 0
    assert json.loads(device.requests[0][1])["memory"] == 72 << 10
    fails(isere(*words, linux.url), said)


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
    for command in (["deploy", "--to", server.url], ["invoke"], ["build"],
                    ["serve", "--port", "0"]):
        fails(isere(command[0], "a.js", *command[1:]),
              "a.js:1:4: the file is not UTF-8: save it in that encoding")
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


def test_progress_of_what_has_arrived(tmp_path):
    """A server that reads a part and then nothing more until the terminal
    shows how much that is."""
    write(tmp_path, {"hello.js": HELLO + "//" + "." * 8_000_000})
    body = json.dumps(VERSION).encode()
    head = f"HTTP/1.1 201 Created\r\nContent-Length: {len(body)}\r\n\r\n"
    shown = ""

    def see(pattern):
        nonlocal shown
        while not re.search(pattern, shown):
            shown += os.read(ours, 4096).decode()

    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(20 * SLOW)
        ours, theirs = pty.openpty()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with subprocess.Popen(
            command("deploy", "hello.js", "--to", url),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            client, _ = listener.accept()
            client.settimeout(20 * SLOW)
            with client:
                request = b""
                while len(request) < 100_000:
                    request += client.recv(65536)
                see(r"isere: sent \d+ of 78\d\d KB\r\n")
                length = re.search(rb"Content-Length: (\d+)", request)
                whole = request.index(b"\r\n\r\n") + 4 + int(length[1])
                while len(request) < whole:
                    request += client.recv(65536)
                see("isere: sent; the server compiles, starts and stores it")
                client.sendall(head.encode() + body)
            assert process.wait(20 * SLOW) == 0
    os.close(ours)
    first = re.search(r"sent (\d+) of", shown)
    assert 0 < int(first[1]) < 7800, shown
