"""The device's limits, and clients that do not behave."""

import concurrent.futures
import contextlib
import socket
import struct
import time

from corpus import DeviceWire
from state import rest, settle
from wire import request

ECHO = "export const handler = (e) => e.rawBody ?? e.path"


def connections(device):
    return device.target.config("ISERE_CONNECTIONS")


def reset(sock):
    """Closes a connection with a reset instead of a FIN."""
    at_once = struct.pack("ii", 1, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    sock.close()


def outcome(wire):
    """How a request on a connection ended: a status, or "closed"."""
    try:
        return wire.read().status
    except (AssertionError, ConnectionError) as error:
        assert wire.buffer == b"", error
        return "closed"


def test_as_many_connections_as_allowed_at_once(boot):
    device = boot(ECHO)
    before = rest(device)

    def client(n):
        with DeviceWire(device) as wire:
            for i in range(8):
                body = f"{n}.{i}." * 50
                assert wire.ask(request("POST", "/", body)).text == body

    with concurrent.futures.ThreadPoolExecutor(connections(device)) as pool:
        list(pool.map(client, range(connections(device))))
    assert device.get("/after").text == "/after"
    settle_after_first(device, before)


def settle_after_first(device, before):
    """The first requests make instances and buffers that are kept; only the
    network has nothing to keep."""
    names = set(before) - {"heap_region", "server_region"}
    end = time.monotonic() + 30
    while True:
        now = rest(device)
        differ = {n: (before[n], now[n]) for n in names if before[n] != now[n]}
        if not differ:
            return
        assert time.monotonic() < end, differ


def ask_again(device, wires, i, path):
    """On a connection that may have been asked to make place for others, or
    was closed for them when it had been idle for a second."""
    try:
        answer = wires[i].ask(request("GET", path))
    except (AssertionError, ConnectionError) as error:
        assert wires[i].buffer == b"", error
        wires[i].sock.close()
        wires[i] = DeviceWire(device, 60)
        answer = wires[i].ask(request("GET", path))
    assert answer.text == path
    if answer.closes:
        wires[i].sock.close()
        wires[i] = DeviceWire(device, 60)


def test_more_connections_than_allowed(boot):
    """All take turns: an answer is a connection's last while others wait."""
    device = boot(ECHO)
    most = connections(device)

    def late(n):
        with DeviceWire(device, 60) as wire:
            return outcome(wire.send(request("GET", f"/late{n}")))

    with concurrent.futures.ThreadPoolExecutor() as pool:
        first = [DeviceWire(device, 60) for _ in range(most)]
        for i in range(most):
            ask_again(device, first, i, "/in")
        found = [pool.submit(late, n) for n in range(3)]
        for i in [*range(most)] * 3:
            ask_again(device, first, i, "/still")
        assert [future.result() for future in found] == [200] * 3
        for wire in first:
            wire.sock.close()
    assert device.get("/after").text == "/after"
    before = rest(device)
    assert device.get("/after").text == "/after"
    settle(device, before)


def test_a_crowd(boot):
    """Each client gets an answer, also those that the server has no place
    for yet."""
    device = boot(ECHO)
    count = connections(device) + 3

    def client(n):
        for i in range(4):
            with DeviceWire(device, 60) as wire:
                found = outcome(wire.send(request("GET", f"/{n}.{i}")))
                assert found in (200, 503), found

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        list(pool.map(client, range(count)))
    assert device.get("/after").text == "/after"


def test_idle_connections_give_way(boot):
    """To a new client, long before their own time is over: one for each."""
    device = boot(ECHO)
    most = connections(device)
    wires = [DeviceWire(device, 60) for _ in range(most)]
    for wire in wires:
        assert wire.ask(request("GET", "/in")).text == "/in"
    time.sleep(1.2)
    for n in range(2):
        with DeviceWire(device, 20) as new:
            assert new.ask(request("GET", "/new")).text == "/new"
    # Places that were free again have been used: one was closed, or two.
    open_still = 0
    for wire in wires:
        with contextlib.suppress(AssertionError, ConnectionError):
            open_still += wire.ask(request("GET", "/on")).text == "/on"
        wire.sock.close()
    assert most - 2 <= open_still < most


def test_half_requests_give_way(boot):
    """One whose client sends no more of it, with 408; the others stay."""
    device = boot(ECHO)
    most = connections(device)
    half = request("GET", "/whole")
    wires = [DeviceWire(device, 60) for _ in range(most)]
    for wire in wires:
        wire.send(half[:20])
    time.sleep(1.2)
    with DeviceWire(device, 60) as new:
        assert new.ask(request("GET", "/new")).text == "/new"
    found = []
    for wire in wires:
        with contextlib.suppress(ConnectionError):
            wire.send(half[20:])
        found.append(outcome(wire))
        wire.sock.close()
    assert sorted(found) == [200] * (most - 1) + [408], found


def test_byte_by_byte(boot):
    device = boot(ECHO)
    data = request("POST", "/slow", "body", {"X-Name": "value"})
    with DeviceWire(device) as wire, DeviceWire(device) as other:
        wire.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(data)):
            wire.send(data[i : i + 1])
            if i % 20 == 0:
                assert other.ask(request("GET", "/o")).text == "/o"
        assert wire.read().text == "body"
        assert wire.ask(request("GET", "/n")).text == "/n"


def test_a_client_that_never_reads(boot):
    """It is not waited for: others are served, its connection ends."""
    device = boot("export const handler = (e) => 'x'.repeat(16000)")
    assert len(device.get("/").body) == 16000
    before = rest(device)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(10)
        sock.connect((device.host, device.port))
        with contextlib.suppress(TimeoutError):
            sock.settimeout(2)
            for _ in range(200):
                sock.sendall(request("GET", "/"))
        for _ in range(5):
            assert len(device.get("/").body) == 16000
        reset(sock)
    settle(device, before)
    assert len(device.get("/").body) == 16000


def test_pipelining(boot):
    device = boot(ECHO)
    with DeviceWire(device) as wire:
        wire.send(b"".join(request("GET", f"/{i}") for i in range(40)))
        for i in range(40):
            assert wire.read().text == f"/{i}"


def test_over_the_limits(boot):
    device = boot("""
        export const handler = (e) => 'got ' + (e.rawBody ?? '').length""")
    head = device.target.config("ISERE_MAX_HEAD")
    body = device.target.config("ISERE_MAX_BODY")
    ok = "x" * body
    assert device.post("/", ok).text == f"got {body}"
    before = rest(device)
    for data, status in (
        (request("GET", "/" + "x" * head), 414),
        (request("GET", "/", None, {"X": "x" * head}), 431),
        (request("GET", "/", None, [("X", "x")] * 65), 431),
        (request("POST", "/", ok + "x"), 413),
        (request("POST", "/", None, {"Content-Length": 1 << 40}), 413),
    ):
        with DeviceWire(device) as wire:
            with contextlib.suppress(ConnectionError):
                wire.send(data)
            answer = wire.read()
            answer.is_error(status)
            assert answer.closes and wire.ended()
        assert device.post("/", ok).text == f"got {body}"
    settle(device, before)


def test_a_large_answer(boot):
    """An answer may be larger than all of the network's buffers."""
    device = boot("export const handler = (e) => 'y'.repeat(+e.query)")
    for size in (1, 1400, 1500, 4000, 16384):
        assert device.get(f"/?{size}").text == "y" * size


def test_an_answer_too_large_for_the_memory(boot):
    """It is refused with an answer, never by closing without a word."""
    device = boot("export const handler = (e) => 'y'.repeat(+e.query)")
    assert device.get("/?1").text == "y"
    before = rest(device)
    for size in (20000, 30000, 40000, 50000, 65536, 80000):
        answer = device.get(f"/?{size}")
        assert answer.status == 200 or answer.getheader("Isere-Error"), size
    settle(device, before)


def test_requests_too_large_together(boot):
    """Each is allowed, but there is no memory for all of them: those that do
    not fit are told."""
    device = boot("export const handler = (e) => '' + e.rawBody.length")
    size = device.target.config("ISERE_MAX_BODY")
    whole = request("POST", "/", "x" * size)
    assert device.post("/", "x" * size).text == str(size)
    before = rest(device)
    for count in (2, 3):
        with contextlib.ExitStack() as stack:
            wires = [
                stack.enter_context(DeviceWire(device)) for _ in range(count)
            ]
            for end in (-100, None):
                for wire in wires:
                    with contextlib.suppress(ConnectionError):
                        wire.send(whole[:end] if end else whole[-100:])
                time.sleep(0.5)
            answers = [wire.read() for wire in wires]
        found = {(answer.status, answer.error) for answer in answers}
        assert found <= {(200, None), (503, "busy")}, found
        assert count > 2 or (200, None) in found
    settle(device, before)
    assert device.post("/", "x" * size).text == str(size)


def eventually(device):
    """An answer, as soon as there is memory for one again."""
    end = time.monotonic() + 20
    while True:
        with contextlib.suppress(ConnectionError):
            answer = device.post("/", "still")
            if answer.status != 503:
                return answer
        assert time.monotonic() < end, device.log()
        time.sleep(0.2)


def test_resets_leave_nothing(boot):
    """A client that is gone in the middle: of a head, a body, an execution, an
    answer."""
    device = boot("""export const handler = async (e) => {
        if (e.query === 'wait') await new Promise((go) => setTimeout(go, 300))
        return e.rawBody ?? 'z'.repeat(8000)
    }""")
    whole = request("POST", "/", "b" * 4000)
    pieces = [
        whole[:30],
        whole[:2000],
        request("GET", "/?wait"),
        request("GET", "/"),
        request("GET", "/") * 10,
        b"",
    ]

    def once():
        for end in (reset, socket.socket.close):
            for piece in pieces:
                sock = device.connect()
                sock.sendall(piece)
                end(sock)
        assert eventually(device).text == "still"

    # What instances share is made with the second one, and kept.
    with DeviceWire(device) as one, DeviceWire(device) as two:
        for wire in (one, two):
            wire.send(request("GET", "/?wait"))
        assert one.read().status == two.read().status == 200
    once()
    before = rest(device)
    for _ in range(3):
        once()
    settle(device, before)


def test_half_closed(boot):
    """A client that ends its sending side after the request. Zephyr's TCP
    answers a FIN with its own and can't send after that: the connection
    ends without an answer. With the host's sockets the answer comes."""
    device = boot(ECHO)
    with DeviceWire(device) as wire:
        wire.send(request("GET", "/half")).half_close()
        found = outcome(wire)
    assert found == 200 or device.target.name == "mps2" and found == "closed"
    assert device.get("/after").text == "/after"


def test_many_short_connections(boot):
    """One after the other, without waiting for the ones before to be
    forgotten."""
    device = boot(ECHO)
    for i in range(50):
        assert device.get(f"/{i}").text == f"/{i}"
