"""Keep-alive, pipelining, half-close, resets: a connection's life."""

import os
import random
import socket
import struct
import threading
import time

from conftest import SLOW
from wire import Wire, chunked, has_not_grown, refused, request, rss_kb

# /slow waits for a timer, /big/N answers N bytes, all else names the request.
HANDLER = """
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
export const handler = async ({ method, path, rawBody }) => {
  if (path === '/slow') await sleep(150)
  if (path === '/never') await sleep(2000)
  if (path.startsWith('/big/')) return 'b'.repeat(path.slice(5))
  return `${method} ${path} ${rawBody ?? ''}`
}
"""


def test_keep_alive(serve):
    with Wire(serve(HANDLER)) as wire:
        for i in range(100):
            answer = wire.ask(request("GET", f"/{i}"))
            assert answer.text == f"GET /{i} "
            assert answer.get("Connection") is None
        answer = wire.ask(request(headers={"Connection": "close"}))
        assert answer.closes and wire.ended()


def test_connection_options(serve):
    server = serve(HANDLER)
    closing = ["close", "Close", "x, close", "keep-alive,\tCLOSE , y"]
    for option in closing:
        with Wire(server) as wire:
            assert wire.ask(request(headers={"Connection": option})).closes
            assert wire.ended()
    with Wire(server) as wire:
        for option in ["keep-alive", "closed", "te, x-close", "upgrade"]:
            answer = wire.ask(request(headers={"Connection": option}))
            assert not answer.closes, option


def test_http_1_0(serve):
    server = serve(HANDLER)
    with Wire(server) as wire:
        answer = wire.ask(b"GET /a HTTP/1.0\r\n\r\n")
        assert (answer.text, answer.closes) == ("GET /a ", True)
        assert wire.ended()
    with Wire(server) as wire:
        keep = {"Connection": "keep-alive"}
        for _ in range(3):
            answer = wire.ask(request("POST", "/", "b", keep, "1.0"))
            assert answer.text == "POST / b"
            assert answer.get("Connection").lower() == "keep-alive"
        assert wire.ask(request(version="1.0")).closes and wire.ended()


def test_head_says_what_get_would(serve):
    server = serve(HANDLER)
    with Wire(server) as wire:
        head = wire.ask(request("HEAD", "/big/5000"), "HEAD")
        assert head.get("Content-Length") == "5000"
        # What follows is the next answer, not a body.
        assert len(wire.ask(request("GET", "/big/5000")).body) == 5000
        wire.send(request("HEAD", "/") * 5 + request("GET", "/end"))
        for _ in range(5):
            assert wire.read("HEAD").get("Content-Length") == "7"
        assert wire.read().text == "GET /end "


def test_pipelining_many(serve):
    with Wire(serve(HANDLER)) as wire:
        wire.send(b"".join(request("GET", f"/{i}") for i in range(2000)))
        for i in range(2000):
            assert wire.read().text == f"GET /{i} "


def test_pipelining_waits_for_a_slow_one(serve):
    with Wire(serve(HANDLER)) as wire:
        paths = ["/a", "/slow", "/b", "/slow", "/c", "/d"]
        wire.send(b"".join(request("PUT", p, p[1:]) for p in paths))
        for path in paths:
            assert wire.read().text == f"PUT {path} {path[1:]}"


def test_pipelining_with_bodies_in_random_pieces(serve):
    """The same bytes in ever other pieces give the same answers."""
    chance = random.Random(2112)
    with Wire(serve(HANDLER)) as wire:
        for turn in range(60):
            sent, wanted = b"", []
            for i in range(12):
                size = chance.choice([0, 1, 10, 500, 5000])
                text = (f"{turn}.{i}." + "x" * size)[: size or None]
                path = f"/{turn}/{i}"
                if chance.random() < 0.5:
                    pieces = split(text.encode(), chance)
                    sent += chunked(pieces, path)
                else:
                    sent += request("POST", path, text)
                wanted.append(f"POST {path} {text}")
            for piece in split(sent, chance):
                wire.send(piece)
            for text in wanted:
                assert wire.read().text == text


def split(data, chance):
    """Cuts bytes at random places; no piece is empty."""
    count = min(chance.randint(0, 10), max(len(data) - 1, 0))
    cuts = sorted(chance.sample(range(1, len(data)), count)) if count else []
    ends = [*cuts, len(data)]
    return [data[a:b] for a, b in zip([0, *cuts], ends) if b > a]


def test_every_split_of_a_pipeline(serve):
    server = serve(HANDLER)
    data = (
        request("GET", "/1")
        + chunked([b"ab", b"cd"], "/2", b";x=y", b"T: t\r\n")
        + request("POST", "/3", "last")
    )
    wanted = ["GET /1 ", "POST /2 abcd", "POST /3 last"]
    with Wire(server) as wire:
        wire.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in range(len(data)):
            wire.send(data[:cut] if cut else b"").send(data[cut:])
            assert [wire.read().text for _ in wanted] == wanted
        for byte in data:
            wire.send(bytes([byte]))
        assert [wire.read().text for _ in wanted] == wanted


def test_pipelining_ends_at_what_is_malformed(serve):
    with Wire(serve(HANDLER)) as wire:
        wire.send(
            request("GET", "/slow")
            + request("GET", "/2")
            + b"GET / HTTP/1.1\r\nHost : x\r\n\r\n"
            + request("GET", "/smuggled")
        )
        assert wire.read().text == "GET /slow "
        assert wire.read().text == "GET /2 "
        assert wire.read().is_error(400).closes
        assert wire.ended()


def test_pipelining_ends_at_close(serve):
    with Wire(serve(HANDLER)) as wire:
        close = request("GET", "/1", headers={"Connection": "close"})
        wire.send(close + request("GET", "/2"))
        assert wire.read().closes
        assert wire.ended()


def test_empty_lines_before_a_request(serve):
    with Wire(serve(HANDLER)) as wire:
        assert wire.ask(b"\r\n" + request("GET", "/1")).text == "GET /1 "
        assert wire.ask(b"\r\n\r\n" + request("GET", "/2")).status == 200


def test_half_close_still_gets_all_answers(serve):
    server = serve(HANDLER)
    for path in ["/a", "/slow"]:
        with Wire(server) as wire:
            wire.send(request("GET", path) * 3).half_close()
            for _ in range(3):
                assert wire.read().text == f"GET {path} "
            assert wire.ended()


def test_half_close_with_a_large_answer(serve):
    server = serve(HANDLER)
    size = 4 << 20
    for rest in [b"", b"GET / HTT"]:
        with Wire(server) as wire:
            wire.send(request("GET", f"/big/{size}") + rest).half_close()
            time.sleep(0.05)  # the server meets the end with bytes unsent
            assert len(wire.read().body) == size
            assert wire.ended()


def test_half_close_within_a_request(serve):
    server = serve(HANDLER)
    for data in [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n"]:
        with Wire(server) as wire:
            wire.send(data).half_close()
            assert wire.ended()
    with Wire(server) as wire:
        wire.send(request("POST", "/", "0123456789")[:-1]).half_close()
        assert wire.ended()
    assert server.get("/").status == 200


def reset(wire):
    """Ends the connection with a RST."""
    wire.sock.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    wire.sock.close()


def wait_until(true, patience=5):
    end = time.monotonic() + patience * SLOW
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def fds(server):
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def test_resets_while_requests_run(serve):
    server = serve(HANDLER, "--instances", 4)
    assert server.get("/warm").status == 200
    before = fds(server)
    for turn in range(15):
        wires = [Wire(server) for _ in range(6)]
        for i, wire in enumerate(wires):
            wire.send(request("GET", ["/slow", "/a", "/big/999999"][i % 3]))
            if i % 2:
                wire.send(request("POST", "/", "unfinished")[:-3])
        for wire in wires:
            reset(wire)
    for _ in range(8):
        assert server.get("/slow").text == "GET /slow "
    wait_until(lambda: fds(server) <= before)
    assert server.stop() == 0


def fill(wire, data):
    """Sends as many copies of data as the server and the system take, and
    the rest of the last one in the background; returns how many."""
    wire.sock.setblocking(False)
    sent = stalled = 0
    while stalled < 10:
        try:
            sent += wire.sock.send(data[sent % len(data) :])
            stalled = 0
        except BlockingIOError:
            stalled += 1
            time.sleep(0.02)
        assert sent < 40 << 20, "the server takes any number of requests"
    wire.sock.settimeout(20 * SLOW)
    rest = data[sent % len(data) :] if sent % len(data) else b""
    threading.Thread(target=wire.send, args=(rest,), daemon=True).start()
    return -(-sent // len(data))


def test_client_that_does_not_read(serve):
    """Its answers must not pile up, and arrive when it reads at last."""
    server = serve(HANDLER, "--workers", 1)
    one = request("POST", "/big/100000", b"b" * 60000)
    with Wire(server) as wire:
        assert len(wire.ask(one).body) == 100000
    before = rss_kb(server.pid)
    with Wire(server, 20) as wire:
        count = fill(wire, one)
        assert count > 3
        assert has_not_grown(server, before, 4096)
        assert server.get("/").status == 200
        for _ in range(count):
            assert len(wire.read().body) == 100000
        assert wire.ask(request("GET", "/end")).text == "GET /end "


def test_slow_reader_gets_every_byte(serve):
    server = serve(HANDLER)
    with Wire(server) as wire:
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        wire.send(request("GET", "/big/3000000") + request("GET", "/2"))
        while len(wire.buffer) < 50000:
            chunk = wire.sock.recv(1000)
            assert chunk, "closed within an answer"
            wire.buffer += chunk
        assert wire.read().body == b"b" * 3000000
        assert wire.read().text == "GET /2 "


def test_max_connections(serve):
    server = serve(HANDLER, "--max-connections", 4)
    wires = [Wire(server) for _ in range(4)]
    for wire in wires:
        assert wire.ask(request()).status == 200
    with Wire(server) as waiting:
        waiting.send(request("GET", "/waited"))
        waiting.sock.settimeout(0.3)
        try:
            waiting.sock.recv(1)
            raise AssertionError("one connection too many")
        except socket.timeout:
            pass
        # The others go on meanwhile.
        assert wires[1].ask(request("GET", "/1")).text == "GET /1 "
        wires[0].sock.close()
        waiting.sock.settimeout(5 * SLOW)
        assert waiting.read().text == "GET /waited "
    for wire in wires:
        wire.sock.close()


def test_garbage(serve):
    server = serve(HANDLER)
    refused(server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9, 400)
    refused(server, b"\0" * 100, 400)
    refused(server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)
    chance = random.Random(7)
    for _ in range(50):
        with Wire(server) as wire:
            wire.send(bytes(chance.choices(range(256), k=300)) + b"\r\n\r\n")
            wire.half_close()
            answer = wire.read()
            assert answer.status in (400, 505) and answer.closes
    assert server.get("/").status == 200
