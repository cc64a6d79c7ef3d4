"""What a busy server, a slow reader or a stop must not do to others."""

import os
import signal
import socket
import subprocess
import threading
import time

from conftest import SLOW, command

HANDLER = """
export const handler = async (e) => {
  const ms = Number(e.query)
  if (e.path === '/sleep') await new Promise((r) => setTimeout(r, ms))
  if (e.path === '/busy') { const end = Date.now() + ms; while (Date.now() < end); }
  if (e.path === '/loop') for (;;) {}
  if (e.path === '/big') return 'x'.repeat(ms)
  if (e.path === '/log') console.log('y'.repeat(1000))
  return 'done'
}
"""


def ask(server, path, results):
    results.append(server.get(path).status)


def read_all(connection):
    parts = []
    while True:
        part = connection.recv(1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)


def test_a_loop_does_not_time_out_those_who_wait(serve):
    """Their timers were due in time; the thread was not theirs."""
    server = serve(HANDLER, "--workers", 1, "--timeout", f"{int(SLOW * 1000)}ms")
    results = []
    sleepers = [
        threading.Thread(target=ask, args=(server, "/sleep?300", results))
        for _ in range(4)
    ]
    for sleeper in sleepers:
        sleeper.start()
    time.sleep(0.15)
    assert server.get("/loop").status == 504
    for sleeper in sleepers:
        sleeper.join()
    assert results == [200] * 4


def test_unread_bytes_do_not_cut_the_answer_off(serve):
    server = serve(HANDLER)
    size = 1_500_000
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            f"GET /big?{size} HTTP/1.1\r\nHost: x\r\n"
            "Connection: close\r\n\r\n\r\nmore".encode()
        )
        time.sleep(0.2)
        answer = read_all(connection)
    assert answer.endswith(b"x" * size)


def test_a_stop_is_announced_by_a_busy_worker(serve):
    server = serve(HANDLER, "--workers", 1)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"GET /busy?500 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        server.signal(signal.SIGTERM)
        answer = read_all(connection)
    assert b"Connection: close\r\n" in answer
    assert answer.endswith(b"done")
    assert server.process.wait(30) == 0


def test_a_log_that_nobody_reads_holds_nobody_up(tmp_path):
    (tmp_path / "handler.js").write_text(HANDLER)
    reader, writer = os.pipe()
    program = subprocess.Popen(
        command("serve", tmp_path / "handler.js", "--port", 0, "--workers", 1),
        stdout=subprocess.PIPE,
        stderr=writer,
        text=True,
    )
    os.close(writer)
    port = int(program.stdout.readline().rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as c:
        for _ in range(100):
            c.sendall(b"GET /log HTTP/1.1\r\nHost: x\r\n\r\n")
            assert c.recv(1000).endswith(b"done")
    program.send_signal(signal.SIGTERM)
    assert program.wait(30) == 0
    program.stdout.close()
    os.close(reader)
