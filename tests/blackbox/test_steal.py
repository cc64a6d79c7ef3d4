"""Workers take over connections from one that is in a handler."""

import random
import select
import time

from conftest import SLOW

HANDLER = """
export const handler = event => {
  const [, what, ms] = event.path.split('/')
  if (what === 'busy') {
    const end = performance.now() + Number(ms)
    while (performance.now() < end);
  }
  return event.path
}
"""


def ask(sock, path):
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def take(sock, path):
    """Reads one answer, which must be to `path`."""
    data = b""
    while not data.endswith(b"\r\n\r\n" + path.encode()):
        chunk = sock.recv(65536)
        assert chunk, f"closed after {data!r}"
        data += chunk
        assert len(data) < 500, f"no answer to {path}: {data!r}"
    assert data.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_busy_worker_holds_nobody_up(serve):
    server = serve(HANDLER, "--workers", "2", "--timeout", "30s")
    socks = [server.connect(timeout=30) for _ in range(24)]
    for i, sock in enumerate(socks):
        ask(sock, f"/first/{i}")
        take(sock, f"/first/{i}")
    # From the first slow request on, the workers look after each other.
    ask(socks[0], "/busy/5")
    take(socks[0], "/busy/5")
    busy = f"/busy/{int(2000 * SLOW)}"
    ask(socks[0], busy)
    time.sleep(0.02)
    for i, sock in enumerate(socks[1:]):
        ask(sock, f"/fast/{i}")
    for i, sock in enumerate(socks[1:]):
        take(sock, f"/fast/{i}")
    # All others have their answers while the worker is still busy.
    assert not select.select([socks[0]], [], [], 0)[0]
    take(socks[0], busy)
    for i, sock in enumerate(socks):
        ask(sock, f"/last/{i}")
        take(sock, f"/last/{i}")
        sock.close()
    assert server.stop() == 0


def test_every_answer_is_right_while_connections_move(serve):
    server = serve(HANDLER, "--workers", "3", "--log-level", "error")
    rng = random.Random(4)
    socks = {}
    count = int(3000 / SLOW)
    sent = 0
    while sent < count or any(paths for _, paths in socks.values()):
        while sent < count and len(socks) < 40:
            sock = server.connect(timeout=30)
            socks[sock.fileno()] = (sock, [])
        for sock, paths in socks.values():
            if not paths and sent < count:
                for _ in range(rng.choice([1, 1, 1, 3])):
                    slow = rng.random() < 0.05
                    paths.append("/busy/5" if slow else f"/fast/{sent}")
                    sent += 1
                for path in paths:
                    ask(sock, path)
        for fd in select.select(list(socks), [], [], 30)[0]:
            sock, paths = socks[fd]
            answer = b""
            want = b"".join(b"\r\n\r\n" + path.encode() for path in paths)
            while answer.count(b"HTTP/1.1 200 OK\r\n") < len(paths) or \
                    not answer.endswith(paths[-1].encode()):
                chunk = sock.recv(65536)
                assert chunk, f"closed after {answer!r}, not {want!r}"
                answer += chunk
            at = 0
            for path in paths:  # in order
                at = answer.index(b"\r\n\r\n" + path.encode(), at) + 1
            paths.clear()
            if rng.random() < 0.02:
                sock.close()
                del socks[fd]
    for sock, _ in socks.values():
        sock.close()
    assert server.stop() == 0
    assert "ERROR" not in server.log()
