"""What a request costs, and what is sent for it. Counts are exact: no time is
measured."""

import statistics

from device import compile_handler
from request_cost import Traced, ask, closed, kept

HANDLER = "export const handler = ({ path: p }) => ({ k: 'value', p })"
BODY = b'{"k":"value","p":"/some/path"}'
SLOW = """
export const handler = async () => {
  await new Promise((resolve) => setTimeout(resolve, 500))
  return 'slow'
}
"""
LENGTH = "export const handler = ({ body }) => `${body.length} bytes`"
LIMIT = 45_000


def start(bench, folder, handler, is_counted=False):
    code = compile_handler(handler, folder)
    return Traced(bench.target.elf, bench.target.loader(code), is_counted)


def test_instructions_of_a_request(mps2, tmp_path):
    traced = start(mps2, tmp_path, HANDLER, is_counted=True)
    try:
        costs = list(kept(traced, BODY))
        others = list(closed(traced, BODY))
    finally:
        traced.stop()
    one = statistics.median(cost for cost, _ in costs)
    mps2.target.report.append(
        f"{one} instructions for a request on a connection that is kept, "
        f"{statistics.median(others)} with one of its own"
    )
    assert one < LIMIT, costs
    # The answer, which acknowledges the request.
    assert {segments for _, segments in costs} == {1}


def test_what_waits_is_acknowledged(mps2, tmp_path):
    """A request whose handler waits, before it is answered."""
    traced = start(mps2, tmp_path, SLOW)
    try:
        connection = traced.peer.connect(patience=600)
        connection.send(b"GET / HTTP/1.1\r\n")
        assert connection.wait(30, connection.is_acknowledged)
        connection.send(b"Host: a\r\n\r\n")
        assert connection.wait(30, connection.is_acknowledged)
        assert not connection.received
        assert connection.wait(
            30, lambda: connection.received.endswith(b"slow")
        )
    finally:
        traced.stop()


def test_a_body_larger_than_the_window(mps2, tmp_path):
    """Each segment is acknowledged as soon as it has been read."""
    traced = start(mps2, tmp_path, LENGTH)
    try:
        connection = traced.peer.connect(patience=600)
        connection.send(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 14600\r\n\r\n"
        )
        left = 14600
        while left > 0:
            assert connection.wait(30, connection.is_acknowledged)
            assert connection.wait(30, lambda: connection.window >= 1024)
            size = min(left, connection.window, 1460)
            connection.send(b"x" * size)
            left -= size
        assert connection.wait(
            30, lambda: connection.received.endswith(b"14600 bytes")
        )
        ask(connection, b"0 bytes")
    finally:
        traced.stop()
