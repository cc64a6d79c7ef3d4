"""`isere logs`, against answers by script."""

import signal
import socket
import subprocess
import threading
import time

import pytest
from conftest import SLOW, command
from scripted import STREAM, chunk, fails, line

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
        fails(isere("logs", "--to", server.url), "not as an admin API")


# How long a client waits for a server; a machine that is busy with other tests
# takes its time, too.
WAIT_MS = int(500 * SLOW)
WAIT = f"{WAIT_MS}ms"


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
            command("logs", "-f", "--wait", WAIT, "--to", server.url, *args),
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
    time.sleep(1.2 * WAIT_MS / 1000)
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
    assert process.returncode == 1 and b"admin API" not in err


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
