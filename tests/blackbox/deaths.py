"""Deaths of the serving process, for the tests of what comes after them."""

import os
import signal
import time

from conftest import SLOW


def wait_for(what, patience=60):
    end = time.monotonic() + patience * SLOW
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def kill_server(server, number=signal.SIGSEGV):
    """Kills the serving process; the pid of the next one."""
    old = server.pid
    assert old != server.process.pid, "there is no supervisor"
    os.kill(old, number)
    wait_for(lambda: server.pid not in (old, server.process.pid))
    return server.pid


def kill_during(server, request, seconds, number=signal.SIGSEGV):
    """Kills it while it has a request, bytes or the path of a GET, for some
    seconds: the client gets no answer."""
    if isinstance(request, str):
        request = f"GET {request} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with server.connect() as sock:
        sock.sendall(request)
        time.sleep(seconds * SLOW)
        kill_server(server, number)
        assert sock.recv(10) == b""
