"""--buffer: what all clients together may have on their way to functions."""

import time

import pytest

from attack import much, wait_until
from conftest import SLOW
from wire import Wire, request, rss_kb

LENGTH = """export const handler = ({ rawBody }) =>
  `${(rawBody ?? "").length}`"""
MB = 1 << 20


def metrics(server):
    text = server.api("GET", "/_isere/metrics")[2].decode()
    lines = [line.split(" ") for line in text.splitlines() if line[0] != "#"]
    return {line[0]: float(line[1]) for line in lines if "{" not in line[0]}


def upload(server, sent=900000, length=MB):
    """A client that announces a body and sends a part of it."""
    wire = Wire(server)
    head = request("POST", "/hello", None, {"Content-Length": str(length)})
    try:
        wire.send(head + bytes(sent))
    except OSError:
        pass  # refused meanwhile
    return wire


def answers(wires):
    """The status of those that are answered already."""
    found = []
    for wire in wires:
        wire.sock.setblocking(False)
        try:
            found += [wire.read().is_error(503, "busy").closes]
        except BlockingIOError:
            pass
    return found


def test_many_uploads_that_never_end(stored):
    """Each is refused or held, memory stays within the budget, others are
    served, and afterwards all of it is the system's again."""
    count = much(150, 1000)
    budget = much(16, 64)
    server = stored("--buffer", f"{budget}M", "--workers", "2")
    server.deploy("hello", LENGTH)
    assert server.post("/hello", "x" * 500000).text == "500000"
    before = rss_kb(server.pid)
    wires = [upload(server) for _ in range(count)]
    time.sleep(1)
    assert server.get("/hello").text == "0"
    assert server.post("/hello", "x" * 10000).text == "10000"
    if SLOW == 1:
        assert rss_kb(server.pid, "VmHWM") - before < (budget + 8) * 1024
    got = metrics(server)
    assert got["isere_buffer_bytes"] <= budget * MB
    assert got["isere_buffer_limit_bytes"] == budget * MB
    assert got["isere_buffer_refusals_total"] >= count - budget * 1.2
    refused = answers(wires)
    assert all(refused) and len(refused) >= count - budget * 1.2
    # Those that send nothing any more don't hold up the rest.
    wait_until(lambda: server.post("/hello", "x" * MB).status == 200)
    for wire in wires:
        wire.sock.close()
    wait_until(lambda: metrics(server)["isere_buffer_bytes"] == 0)
    server.wait_log("(--buffer), is in use: refused")
    assert server.log().count("is in use: refused") < 30
    if SLOW == 1:
        wait_until(lambda: rss_kb(server.pid) - before < 2048, 30)


def test_announced_bytes_hold_nothing(stored):
    server = stored("--buffer", "4M")
    server.deploy("hello", LENGTH)
    wires = [upload(server, 100) for _ in range(500)]
    assert server.post("/hello", "x" * 1000000).text == "1000000"
    assert metrics(server)["isere_buffer_refusals_total"] == 0
    for wire in wires:
        wire.sock.close()


def test_a_slow_one_alone_has_its_time(serve):
    server = serve(LENGTH, "--buffer", "4M")
    wire = upload(server, 900000, 900004)
    time.sleep(2)
    assert server.post("/", "x" * 900000).text == "900000"
    assert wire.ask(b"last").text == "900004"


@pytest.mark.parametrize("size", ["64K", "1M"])
def test_one_request_fits_in_any_case(serve, size):
    server = serve(LENGTH, "--buffer", size)
    assert server.post("/", "x" * MB).text == str(MB)
