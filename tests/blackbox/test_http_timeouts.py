"""Clients that are slow on purpose are given up; others are served."""

import socket
import time

from conftest import SLOW
from wire import Wire, request

HANDLER = "export const handler = ({ rawBody }) => rawBody ?? 'none'"


def drip(wire, data, pause=0.03):
    """Sends byte by byte until the server has enough; its last words."""
    start = time.monotonic()
    wire.sock.settimeout(pause)
    answer = b""
    for byte in data:
        assert time.monotonic() - start < 8 * SLOW, "never given up"
        try:
            wire.sock.sendall(bytes([byte]))
            chunk = wire.sock.recv(65536)
            answer += chunk
            if chunk == b"":
                break
        except socket.timeout:
            continue
        except (ConnectionResetError, BrokenPipeError):
            break
    return time.monotonic() - start, answer


def given_up(server, data, least):
    """The server ends a connection that drips this, with 408 or just so."""
    with Wire(server) as wire:
        took, answer = drip(wire, data)
        assert least <= took < least + 2 * SLOW, took
        if answer:
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b"\r\nConnection: close\r\n" in answer
            assert b"\r\nDate: " in answer


def test_slow_heads(serve):
    server = serve(HANDLER, "--header-timeout", "300ms")
    long = request(headers={"X-Long": "x" * 4000})
    given_up(server, long, 0.28)
    given_up(server, b"GET /" + b"a" * 4000, 0.28)
    assert server.get("/").text == "none"


def test_no_head_at_all(serve):
    server = serve(HANDLER, "--header-timeout", "200ms")
    with Wire(server) as wire:
        start = time.monotonic()
        assert wire.ended()
        assert 0.18 <= time.monotonic() - start < 2 * SLOW


def test_slow_bodies(serve):
    server = serve(
        HANDLER, "--request-timeout", "400ms", "--header-timeout", "200ms"
    )
    with Wire(server) as wire:
        data = request("POST", "/", b"b" * 4000)
        start = time.monotonic()
        wire.send(data[:-4000])
        took, answer = drip(wire, data[-4000:])
        assert 0.35 <= time.monotonic() - start < 2.5 * SLOW, took
        assert answer == b"" or answer.startswith(b"HTTP/1.1 408 ")


def test_header_timeout_counts_per_request(serve):
    """It begins with the first byte, not with the connection."""
    server = serve(HANDLER, "--header-timeout", "300ms")
    with Wire(server) as wire:
        for _ in range(3):
            assert wire.ask(request()).status == 200
            time.sleep(0.2)


def test_idle_connections_are_closed(serve):
    server = serve(HANDLER, "--idle-timeout", "300ms")
    with Wire(server) as wire:
        assert wire.ask(request()).status == 200
        start = time.monotonic()
        assert wire.ended()
        assert 0.28 <= time.monotonic() - start < 2 * SLOW


def test_idle_time_does_not_end_requests(serve):
    source = """
    export const handler = () => new Promise(r => setTimeout(r, 500, 'late'))
    """
    server = serve(
        source, "--idle-timeout", "100ms", "--request-timeout", "100ms",
        "--header-timeout", "100ms",
    )
    with Wire(server) as wire:
        assert wire.ask(request()).text == "late"


def test_many_slow_clients_do_not_block_others(serve):
    server = serve(HANDLER, "--header-timeout", "5s")
    wires = [Wire(server) for _ in range(200)]
    for wire in wires:
        wire.send(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
    start = time.monotonic()
    for _ in range(20):
        assert server.get("/").text == "none"
    assert time.monotonic() - start < 2 * SLOW
    # All of them may still go on.
    for wire in wires:
        assert wire.ask(b"a\r\n\r\n").text == "none"
        wire.sock.close()
