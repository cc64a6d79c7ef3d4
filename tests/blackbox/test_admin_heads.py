"""What the head decides is answered at the head: the body of a request that is
refused is never read, and the answer arrives in spite of it."""

import json

import pytest

from attack import wait_until
from wire import Wire, rss_kb

HELLO = "export const handler = () => 'hello'"
FUNCTION = "/_isere/v1/functions/hello"
LENGTH = "Content-Length: 1000000"


def head(server, method, target, *more, host=None, token=True):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host or '127.0.0.1'}", *more]
    if token:
        lines.append(f"Authorization: Bearer {server.token}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


CALLS = [
    # status, method, target, fields, host, with the token
    (401, "PUT", FUNCTION, [], None, False),
    (401, "POST", FUNCTION + "/invoke", [], None, False),
    (401, "GET", "/_isere/v1/logs", [], None, False),
    (401, "PUT", "/_isere/nothing", [], None, False),
    (401, "PUT", FUNCTION, ["Authorization: Bearer " + "0" * 64], None, False),
    (403, "PUT", FUNCTION, [], "elsewhere.example", True),
    (403, "GET", "/_isere/health", [], "elsewhere.example", False),
    (403, "PUT", FUNCTION, ["Origin: http://elsewhere.example"], None, True),
    (404, "PUT", "/_isere/v1/nothing", [], None, True),
    (404, "POST", "/_isere/v1/functions/none/invoke", [], None, True),
    (400, "PUT", "/_isere/v1/functions/No", [], None, True),
    (405, "POST", FUNCTION, [], None, True),
    (405, "PATCH", "/_isere/metrics", [], None, True),
    (415, "PUT", FUNCTION, ["Content-Type: text/plain"], None, True),
    (308, "POST", "/_isere", [], None, False),
    (200, "GET", "/_isere/health", [], None, False),
    (200, "GET", "/_isere/", [], None, False),
    (404, "POST", "/none", [], None, False),
    (405, "POST", "/hello", [], None, False),
]


@pytest.mark.parametrize("status, method, target, fields, host, token", CALLS)
def test_the_head_is_enough(stored, status, method, target, fields, host, token):
    server = stored()
    server.deploy("hello", {"main": "h.js", "files": {"h.js": HELLO},
                            "routes": ["GET /hello"]})
    for framing in [[LENGTH], ["Transfer-Encoding: chunked"],
                    [LENGTH, "Expect: 100-continue"]]:
        data = head(server, method, target, *fields, *framing, host=host, token=token)
        with Wire(server) as wire:
            answer = wire.ask(data, method)
            assert (answer.status, answer.interim) == (status, []), framing
            assert answer.closes and wire.ended()


def test_the_answer_arrives_in_spite_of_a_body(stored):
    """Closing with bytes unread would reset the connection."""
    server = stored()
    for _ in range(20):
        with Wire(server) as wire:
            wire.send(head(server, "PUT", FUNCTION, LENGTH, token=False))
            for _ in range(10):
                wire.send(bytes(100000))
            answer = wire.read()
            assert answer.status == 401 and answer.closes and wire.ended()


def test_a_body_that_is_there_keeps_the_connection(stored):
    server = stored()
    with Wire(server) as wire:
        for _ in range(3):
            data = head(server, "PUT", FUNCTION, "Content-Length: 4", token=False)
            answer = wire.ask(data + b"body")
            assert answer.status == 401 and not answer.closes


def test_it_is_not_kept(stored):
    """200 clients without the token that send 900 KB each would be 180 MB."""
    server = stored("--workers", "1")
    server.get("/_isere/health")
    before = rss_kb(server.pid)
    wires = [Wire(server) for _ in range(200)]
    for wire in wires:
        wire.send(head(server, "PUT", FUNCTION, LENGTH, token=False))
    for wire in wires:
        assert wire.read().status == 401
    assert rss_kb(server.pid) - before < 10000
    for wire in wires:
        wire.sock.close()

    def all_gone():
        metrics = server.api("GET", "/_isere/metrics")[2]
        return b"isere_connections 1\n" in metrics

    wait_until(all_gone)


def test_who_may_is_read_to_the_end(stored):
    server = stored()
    source = HELLO + "//" + "x" * 500000
    data = head(server, "PUT", FUNCTION, "Content-Type: text/javascript",
                f"Content-Length: {len(source)}", "Expect: 100-continue")
    with Wire(server) as wire:
        wire.send(data)
        assert wire.sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        answer = wire.ask(source.encode())
        assert answer.status == 201 and not answer.closes
        assert json.loads(answer.body)["name"] == "hello"
