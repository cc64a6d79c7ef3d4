"""Each limit of HTTP, at its boundary and one beyond."""

import json

import pytest

from conftest import ROOT, SLOW
from wire import Wire, chunked, has_not_grown, refused, request, rss_kb

HANDLER = """
export const handler = ({ path, query, headers, rawBody }) => [
  path.length, query.length, Object.keys(headers).length, rawBody?.length ?? 0,
]
"""


def pad(size, before=b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "):
    """A request whose head has exactly this size."""
    end = b"\r\n\r\n"
    return before + b"v" * (size - len(before) - len(end)) + end


def test_head_size(serve):
    server = serve(HANDLER, "--max-head", "2K")
    with Wire(server) as wire:
        assert wire.ask(pad(2048)).status == 200
    refused(server, pad(2049), 431)
    refused(server, pad(9000), 431)
    # Many fields, each of them small.
    fields = [(f"X-{i}", "v" * 60) for i in range(40)]
    refused(server, request(headers=fields), 431)


def test_default_head_size(serve):
    server = serve(HANDLER)
    with Wire(server) as wire:
        assert wire.ask(pad(8192)).status == 200
    refused(server, pad(8193), 431)


def test_request_line_size(serve):
    server = serve(HANDLER, "--max-head", "2K")
    with Wire(server) as wire:
        assert wire.ask(request("GET", "/" + "a" * 1900)).json[0] == 1901
        assert wire.ask(request("GET", "/?" + "a" * 1900)).json[1] == 1900
    for size in [2049, 100000]:
        refused(server, request("GET", "/" + "a" * size), 414)
        refused(server, request("GET", "/?" + "a" * size), 414)
    refused(server, b"G" * 3000, 414)


def test_head_that_never_ends(serve):
    """Refused when the limit is there, not when the client is done."""
    server = serve(HANDLER, "--max-head", "2K")
    refused(server, b"GET /" + b"a" * 2100, 414)
    refused(server, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 2100, 431)


def test_number_of_fields(serve):
    server = serve(HANDLER)
    with Wire(server) as wire:  # with Host, 64
        fields = [(f"X-{i}", "v") for i in range(63)]
        assert wire.ask(request(headers=fields)).json[2] == 64
        same = [("X-Same", "v")] * 63
        assert wire.ask(request(headers=same)).json[2] == 2
    refused(server, request(headers=[("X", "v")] * 64), 431)


def test_body_size(serve):
    server = serve(HANDLER, "--max-body", "10K")
    with Wire(server) as wire:
        full = b"b" * 10240
        assert wire.ask(request("POST", "/", full)).json[3] == 10240
        assert wire.ask(chunked([full])).json[3] == 10240
        one_by_one = chunked([b"b"] * 10240)
        assert wire.ask(one_by_one).json[3] == 10240
        assert wire.ask(chunked([full[1:], b"x"])).json[3] == 10240
    # Nothing of the body is needed for the answer.
    length = {"Content-Length": "10241"}
    refused(server, request("POST", "/", None, length), 413)
    length = {"Content-Length": str(2**63)}
    refused(server, request("POST", "/", None, length), 413)
    coding = {"Transfer-Encoding": "chunked"}
    head = request("POST", "/", None, coding)
    refused(server, head + b"2801\r\n", 413)
    refused(server, head + b"2800\r\n" + full + b"\r\n1\r\n", 413)


def test_default_body_size(serve):
    server = serve(HANDLER)
    with Wire(server) as wire:
        body = b"b" * (1 << 20)
        assert wire.ask(request("POST", "/", body)).json[3] == 1 << 20
    length = {"Content-Length": str((1 << 20) + 1)}
    refused(server, request("POST", "/", None, length), 413)


def test_large_upload_hears_why_it_was_refused(serve):
    """The client is still sending when the answer goes out."""
    server = serve(HANDLER, "--max-body", "10K")
    for _ in range(10):
        with Wire(server) as wire:
            wire.send(request("POST", "/", b"b" * 100000))
            assert wire.read().is_error(413).closes


def test_chunk_overhead(serve):
    """Extensions and trailers can't be used to send without end."""
    server = serve(HANDLER, "--max-head", "2K")
    head = request("POST", "/", None, {"Transfer-Encoding": "chunked"})
    with Wire(server) as wire:
        some = head + b"1;a=" + b"b" * 1500 + b"\r\nx\r\n0\r\n\r\n"
        assert wire.ask(some).status == 200
        some = head + b"0\r\nA: " + b"b" * 1500 + b"\r\n\r\n"
        assert wire.ask(some).status == 200
    refused(server, head + b"1;a=" + b"b" * 2100, 413)
    refused(server, head + b"1;a=b\r\nx\r\n" * 2000, 413)
    refused(server, head + b"0\r\nA: " + b"b" * 2100, 431)
    refused(server, head + b"0\r\n" + b"A: b\r\n" * 65 + b"\r\n", 431)


def test_announced_lengths_cost_nothing(serve):
    """Memory comes with the bytes, not with Content-Length."""
    server = serve(HANDLER, "--max-body", "64M", "--workers", 1)
    assert server.get("/").status == 200
    before = rss_kb(server.pid)
    length = {"Content-Length": str(64 << 20)}
    wires = [Wire(server) for _ in range(50)]
    for wire in wires:
        wire.send(request("POST", "/", None, length) + b"begin")
    assert server.get("/").status == 200
    assert has_not_grown(server, before, 2048)
    for wire in wires:
        wire.sock.close()


def test_response_size(serve):
    """A response may be as large as the memory limit allows."""
    source = """
    export const handler = ({ query }) => new Uint8Array(+query).fill(7)
    """
    server = serve(source)
    with Wire(server) as wire:
        for size in [0, 1, 4095, 4096, 65535, 65536, 1 << 20, 5 << 20]:
            answer = wire.ask(request("GET", f"/?{size}"))
            assert answer.body == b"\x07" * size
        wire.ask(request("GET", f"/?{64 << 20}")).is_error(500, "memory")


@pytest.mark.skipif(SLOW != 1, reason="sanitizers make frames larger")
def test_default_stack(serve, isere, stored):
    """1,000 nested calls of each plain kind fit; the case says which."""
    case = ROOT / "tests" / "corpus" / "deep-recursion"
    expected = (case / "expected").read_text().partition("\n\n")[2]
    source = (case / "handler.js").read_text()
    assert serve(source).get("/").text == expected
    server = stored()
    server.deploy("deep", source)
    assert server.get("/deep").text == expected
    result = isere("invoke", case / "handler.js")
    assert json.loads(result.stdout)["body"] == expected
