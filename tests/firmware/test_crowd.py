"""Many clients at once: more than there are places for them."""

import time

import pytest
from device import compile_handler
from request_cost import Traced

HANDLER = "export const handler = () => 'hi'"
CLIENTS = 40
AGAIN = 1.0  # seconds until a SYN is sent again, then twice as many


class Client:
    """One request: its TCP asks again when it gets no answer."""

    def __init__(self, peer, field):
        self.connection = peer.add(8080)
        self.request = b"GET / HTTP/1.1\r\nHost: a\r\n" + field + b"\r\n"
        self.wait = AGAIN
        self.next = 0
        self.has_asked = False

    def step(self, now):
        """Returns whether it is done."""
        connection = self.connection
        assert not connection.was_reset
        answered = connection.received.endswith(b"hi")
        assert answered or not connection.is_ended, connection.received
        if not connection.is_open and now >= self.next:
            connection.send_syn()
            self.next = now + self.wait
            self.wait *= 2
        elif connection.is_open and not self.has_asked:
            connection.send(self.request)
            self.has_asked = True
        elif self.has_asked and not answered:
            connection.send_again()
        if answered and not connection.is_ended:
            connection.send_end()
        return answered


@pytest.mark.parametrize("field", [b"", b"Connection: close\r\n"])
def test_each_client_gets_an_answer(mps2, tmp_path, field):
    """None is refused, and no connection ends without an answer."""
    code = compile_handler(HANDLER, tmp_path)
    traced = Traced(mps2.target.elf, mps2.target.loader(code), False)
    try:
        traced.peer.connect(patience=600).close()
        clients = [Client(traced.peer, field) for _ in range(CLIENTS)]
        end = time.monotonic() + 60
        while clients:
            now = time.monotonic()
            assert now < end, f"{len(clients)} clients have no answer"
            clients = [client for client in clients if not client.step(now)]
            traced.peer.poll(0.02)
    finally:
        traced.stop()
