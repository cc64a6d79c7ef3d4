"""What goes wrong with any command that talks to a server."""

import re
import socket
import subprocess
import threading
import time

import pytest
from conftest import SLOW, command
from scripted import FUNCTION, HELLO, STREAM, TOKEN, answer, fails, write

REFUSALS = [
    (400, {"message": "no route: x"}, "no route: x (400)"),
    (403, {"message": "not that Host"}, "not that Host (403)"),
    (404, {"message": "no function \x1b"}, "no function \\u001b (404)"),
    (404, "<html>", "has no admin API (404): is it isere serve --store?"),
    (409, {"message": "GET /x is taken"}, "GET /x is taken (409)"),
    (413, {"message": "too long"}, "too long (413)"),
    (413, b"", "answers 413 Content Too Large"),
    (500, b"\xff\x00", "answers 500 Internal Server Error"),
    (503, {"message": 7}, "answers 503 Service Unavailable"),
    (507, {"message": "the store is full"}, "the store is full (507)"),
    (200, "not JSON", "but not as an admin API"),
    (200, b"", "but not as an admin API"),
    (200, "[" * 100000, "but not as an admin API"),
    (200, "null", "but not as an admin API"),
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
        f"{server.url} sent nothing for 200 ms",
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
