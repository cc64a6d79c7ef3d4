"""Answers whose body is a stream: sent as it is made."""

import json
import socket
import subprocess

import pytest

from conftest import command

HANDLER = """
const encoder = new TextEncoder()
const never = () => new Promise((resolve) => setTimeout(resolve, 1e9))
const made = (source, init) => new Response(new ReadableStream(source, { highWaterMark: 0 }), init)
const PATHS = {
  // The second chunk never comes.
  '/first': () => made({
    n: 0,
    async pull(c) { if (this.n++ === 0) c.enqueue(encoder.encode('data: 1\\n\\n')); else await never() },
  }, { status: 202, headers: { 'content-type': 'text/event-stream', 'content-length': '7' } }),
  '/big': () => made({
    n: 0,
    pull(c) {
      c.enqueue(new Uint8Array(10000).fill(97 + this.n % 26))
      if (++this.n === 100) c.close()
    },
  }),
  // Each chunk is in the same memory.
  '/shared': () => made({
    n: 0, view: new Uint8Array(3),
    pull(c) { this.view.fill(48 + this.n); c.enqueue(this.view); if (++this.n === 5) c.close() },
  }),
  '/empty': () => made({ start(c) { c.enqueue(new Uint8Array(0)); c.close() } }),
  '/timers': () => made({
    start(c) {
      let n = 0
      const timer = setInterval(() => {
        c.enqueue(encoder.encode(`${n}`))
        if (++n === 3) { clearInterval(timer); c.close() }
      }, 10)
    },
  }),
  '/ticks': () => made({
    async pull(c) { await new Promise((r) => setTimeout(r, 10)); c.enqueue(encoder.encode('tick')) },
    cancel() { console.log('cancelled') },
  }),
  '/error': () => made({ n: 0, pull(c) { if (this.n++) throw new Error('midway'); c.enqueue(encoder.encode('x')) } }),
  '/text': () => made({ pull(c) { c.enqueue('text') } }),
  '/endless': () => made({ n: 0, async pull(c) { if (this.n++) await never(); c.enqueue(encoder.encode('x')) } }),
  '/never': () => made({ n: 0, pull(c) { if (this.n++ === 0) c.enqueue(encoder.encode('x')) } }),
  '/loop': () => made({ n: 0, pull(c) { while (this.n++); c.enqueue(encoder.encode('x')) } }),
  '/flood': () => made({ pull(c) { c.enqueue(new Uint8Array(65536)) } }),
  '/locked': () => { const r = made({}); r.body.getReader(); return r },
  '/wait': (ctx) => { ctx.waitUntil(new Promise((r) => setTimeout(r, 20)).then(() => console.log('waited'))); return PATHS['/timers']() },
  '/echo': async (ctx, request) => new Response(request.body.pipeThrough(new TransformStream())),
}
export default { fetch: (request, env, ctx) =>
  (PATHS[new URL(request.url).pathname.replace('/f/', '/')] ?? (() => new Response('plain')))(ctx, request) }
"""


def ask(server, path, version="1.1", method="GET", body=b"", timeout=60):
    sock = server.connect(timeout)
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    sock.sendall(
        f"{method} {path} HTTP/{version}\r\nHost: t\r\nConnection: close\r\n"
        f"{length}\r\n".encode() + body
    )
    return sock


def read_until(sock, text):
    got = b""
    while text not in got:
        more = sock.recv(65536)
        assert more, got
        got += more
    return got


def read_all(sock):
    got = b""
    with sock:
        while more := sock.recv(65536):
            got += more
    head, _, body = got.partition(b"\r\n\r\n")
    return head, body


def chunks(body):
    """What is in the chunks, and whether the last one came."""
    data = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return data, rest == b"\r\n"
        data += rest[:length]
        body = rest[length + 2 :]
    return data, False


def test_a_chunk_is_sent_when_it_is_made(serve):
    server = serve(HANDLER, "--timeout", "10m", "--workers", 1)
    sock = ask(server, "/first")
    head = read_until(sock, b"data: 1\n\n")
    assert head.startswith(b"HTTP/1.1 202 ")
    assert b"Transfer-Encoding: chunked\r\n" in head
    assert b"content-length" not in head.lower()
    # Others are served meanwhile.
    assert server.get("/").text == "plain"
    sock.close()


def test_a_client_that_leaves(serve):
    server = serve(HANDLER, "--timeout", "10m", "--workers", 1)
    with ask(server, "/ticks") as sock:
        read_until(sock, b"tick")
    server.wait_log("cancelled")
    assert server.get("/").text == "plain"


@pytest.mark.parametrize(
    "path, data",
    [
        ("/big", "big"),
        ("/shared", b"000111222333444"),
        ("/empty", b""),
        ("/timers", b"012"),
        ("/wait", b"012"),
    ],
)
def test_all_of_it_comes(serve, path, data):
    if data == "big":
        data = b"".join(bytes([97 + n % 26]) * 10000 for n in range(100))
    server = serve(HANDLER)
    for _ in range(3):
        head, body = read_all(ask(server, path))
        got, ended = chunks(body)
        assert ended and len(got) == len(data) and got == data
    # HTTP/1.0 has no chunks.
    head, body = read_all(ask(server, path, "1.0"))
    assert b"Transfer-Encoding" not in head and body == data
    head, body = read_all(ask(server, path, method="HEAD"))
    assert head.startswith(b"HTTP/1.1 200 ") and body == b""
    assert server.get("/").text == "plain"
    if path == "/wait":
        server.wait_log("waited")


def test_a_body_that_is_passed_on(serve):
    server = serve(HANDLER)
    sent = bytes(range(256)) * 100
    _, body = read_all(ask(server, "/echo", method="POST", body=sent))
    assert chunks(body) == (sent, True)


def test_a_client_that_has_said_all(serve):
    sock = ask(serve(HANDLER), "/timers")
    sock.shutdown(socket.SHUT_WR)
    _, body = read_all(sock)
    assert chunks(body) == (b"012", True)


@pytest.mark.parametrize(
    "path, data, line",
    [
        ("/error", b"x", "after the answer: Error: midway"),
        ("/text", b"", "chunks that are Uint8Array"),
        ("/endless", b"x", "while its stream was sent"),
        ("/loop", b"x", "after the answer: "),
        ("/never", b"x", "nothing is left that could give the rest of the stream"),
    ],
)
def test_what_fails_has_no_end(serve, path, data, line):
    limit = "10m" if path == "/never" else "1s"
    server = serve(HANDLER, "--timeout", limit)
    head, body = read_all(ask(server, path))
    assert head.startswith(b"HTTP/1.1 200 ")
    assert chunks(body) == (data, False)
    server.wait_log(line)
    assert server.get("/").text == "plain"


def test_a_stream_that_is_locked(serve):
    assert serve(HANDLER).get("/locked").headers["Isere-Error"] == "malformed"


def test_errors_are_counted(stored):
    server = stored("--timeout", "1s", "--workers", 1)
    server.deploy("f", HANDLER)
    for path in ["/error", "/big", "/endless"]:
        read_all(ask(server, "/f" + path))
    status, _, text = server.api("GET", "/_isere/metrics")
    assert status == 200
    lines = [l for l in text.decode().splitlines() if 'function="f"' in l]
    found = {l.rsplit(" ", 1)[0]: l.rsplit(" ", 1)[1] for l in lines}
    counts = {k: v for k, v in found.items() if k.startswith("isere_errors_total")}
    assert sum(int(v) for v in counts.values()) == 2, counts


def test_a_client_that_does_not_read(serve):
    server = serve(HANDLER, "--timeout", "10m", "--idle-timeout", "1s", "--workers", 1)
    with ask(server, "/flood") as sock:
        assert server.get("/").text == "plain"
        # It is cut off; what it had got lies in its own buffers.
        sock.settimeout(60)
        try:
            while sock.recv(1 << 20):
                sock.settimeout(60)
                subprocess.run(["sleep", "1.5"], check=True)
        except ConnectionResetError:
            pass
    assert server.get("/").text == "plain"


def test_a_stop_lets_it_end(serve):
    server = serve(HANDLER)
    sock = ask(server, "/timers")
    read_until(sock, b"\r\n\r\n")
    assert server.stop() == 0
    with sock:
        rest = b""
        while more := sock.recv(4096):
            rest += more
    assert rest.endswith(b"0\r\n\r\n")


def test_a_new_version_meanwhile(stored):
    server = stored("--timeout", "10m")
    server.deploy("f", HANDLER)
    sock = ask(server, "/f/ticks")
    read_until(sock, b"tick")
    server.deploy("f", "export const handler = () => 'new'")
    assert server.get("/f/first").text == "new"
    sock.close()
    server.wait_log("cancelled")


def test_invoke_has_the_whole(tmp_path):
    module = tmp_path / "h.mjs"
    module.write_text(HANDLER)
    done = subprocess.run(
        command("invoke", "--event", json.dumps({"path": "/timers"}), module),
        capture_output=True, text=True,
    )
    answer = json.loads(done.stdout)
    assert answer["body"] in ("012", "MDEy"), answer
