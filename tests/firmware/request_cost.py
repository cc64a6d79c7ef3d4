"""Instructions of a request to the firmware on QEMU's mps2, one by one: the
driver, Zephyr's network, isère, and what is done after the answer.

QEMU writes down every instruction that it executes. While the processor
sleeps there are none: a request costs what is written from the moment it is
sent until nothing happens any more. Timers may fall into that, which the
median leaves out.
"""

import os
import subprocess
import threading

from peer import Peer

TRACE = b"\nTrace "
ASLEEP = b"] arch_cpu_idle"
QUIET = 0.1  # seconds; its timers are further apart
REQUESTS = 9
REQUEST = (
    b"GET /some/path HTTP/1.1\r\nHost: 192.168.7.1:8080\r\n"
    b"User-Agent: curl/8.5.0\r\nAccept: */*\r\n"
)


class Traced:
    """The firmware, running, and how many instructions it has executed, if
    they are to be counted: it is slower then."""

    def __init__(self, elf, more=(), is_counted=True):
        self.peer = Peer()
        words = ["qemu-system-arm", "-M", "mps2-an521", "-display", "none"]
        words += ["-monitor", "none", "-serial", "null", *self.peer.options]
        words += ["-kernel", str(elf), *more]
        if is_counted:
            words += ["-icount", "shift=0", "-singlestep"]
            words += ["-d", "exec,nochain", "-D", "/dev/stderr"]
        self.count = 0
        self.is_asleep = False
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        before = b""
        while chunk := os.read(self.process.stderr.fileno(), 1 << 20):
            # Also those that lie across two chunks.
            text = before + chunk
            self.count += text.count(TRACE)
            before = text[-(len(TRACE) - 1) :]
            self.is_asleep = text.rstrip().endswith(ASLEEP)

    def quiet(self):
        """Waits until it sleeps; the count then."""
        last = -1
        while last != self.count or not self.is_asleep:
            last = self.count
            self.peer.poll(QUIET)
        return last

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.reader.join()
        self.process.stderr.close()
        self.peer.close()


def ask(connection, body, more=b""):
    """A request, and its answer, which ends with `body`."""
    connection.send(REQUEST + more + b"\r\n")
    assert connection.wait(60, lambda: connection.received.endswith(body)), (
        connection.received
    )
    answer, connection.received = connection.received, b""
    return answer


def kept(traced, body):
    """On a connection that is kept: instructions, and segments that came."""
    connection = traced.peer.connect(patience=600)
    ask(connection, body)
    ask(connection, body)
    for _ in range(REQUESTS):
        before = traced.quiet(), connection.segments
        ask(connection, body)
        yield traced.quiet() - before[0], connection.segments - before[1]
    connection.close()


def closed(traced, body):
    """With a connection of their own, which the device closes."""
    for _ in range(REQUESTS):
        before = traced.quiet()
        connection = traced.peer.connect()
        ask(connection, body, b"Connection: close\r\n")
        assert connection.wait(30, lambda: connection.is_ended)
        connection.close()
        yield traced.quiet() - before
