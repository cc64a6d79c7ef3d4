"""Many requests at once: zero wrong answers, and no growth.

10,000 requests of each kind with ISERE_TEST_LONG=1, else fewer of the slow
kinds. Every byte is checked, by wrk with a script and by 40 asyncio clients.
"""

import asyncio
import os
import re
import shutil
import subprocess
import time

import pytest

from conftest import ROOT, SLOW
from wire import Answer, chunked, has_not_grown, request, rss_kb

LONG = os.environ.get("ISERE_TEST_LONG") == "1"
COUNT = 10000 if LONG or SLOW == 1 else 2000
CLIENTS = 40

HANDLER = """
const big = 'b'.repeat(100000)
export const handler = async ({ method, path, query, rawBody }) => {
  switch (path) {
    case '/throw':
      throw new Error(query)
    case '/reject':
      return Promise.reject(new Error(query))
    case '/malformed':
      return { statusCode: query }
    case '/never':
      return new Promise(() => {})
    case '/timer':
      await new Promise(resolve => setTimeout(resolve, 1 + query % 5))
      return query
    case '/big':
      return query + big
    case '/echo':
      return rawBody
    case '/memory':
      return 'x'.repeat(2 ** 29)
    case '/hold': {
      const much = new Uint8Array(500000).fill(1)
      await new Promise(resolve => setTimeout(resolve, 1000))
      return query + much[0]
    }
    case '/stack': {
      const deep = n => 1 + deep(n + 1)
      return deep(0)
    }
    default:
      return { method, query }
  }
}
"""
JSON = "application/json"
FAILED = b'{"message":"The function failed."}'


def sample(i):
    want = b'{"method":"GET","query":"%d"}' % i
    return request("GET", f"/?{i}"), (200, JSON, None, want)


def echo(i):
    body = b"%d:" % i + b"e" * (i * 37 % 3000)
    want = (200, "text/plain; charset=utf-8", None, body)
    if i % 3:
        return request("POST", "/echo", body), want
    return chunked([body[:1], body[1:] or b"!"], "/echo"), (
        *want[:3],
        body if len(body) > 1 else body + b"!",
    )


def failing(path, status, word, message):
    want = (status, JSON, word, b'{"message":"%s"}' % message.encode())
    return lambda i: (request("GET", f"/{path}?{i}"), want)


def timer(i):
    want = (200, "text/plain; charset=utf-8", None, b"%d" % i)
    return request("GET", f"/timer?{i}"), want


def hold(i):
    want = (200, "text/plain; charset=utf-8", None, b"%d1" % i)
    return request("GET", f"/hold?{i}"), want


def big(i):
    want = (200, "text/plain; charset=utf-8", None, b"%d" % i + b"b" * 100000)
    return request("GET", f"/big?{i}"), want


# What a malformed request gets is checked in test_http_smuggling.py; here it
# is that there are many of them.
MALFORMED = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\nx",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
    b"\x00\x01\x02\r\n\r\n",
]


def malformed_http(i):
    want = (400, JSON, None, b'{"message":"The request is malformed."}')
    return MALFORMED[i % len(MALFORMED)], want


FAIL = "The function failed."
KINDS = {
    "sample": sample,
    "echo": echo,
    "throw": failing("throw", 500, "exception", FAIL),
    "reject": failing("reject", 500, "exception", FAIL),
    "malformed": failing(
        "malformed", 502, "malformed", "The function returned a malformed response."
    ),
    "never": failing("never", 500, "exception", FAIL),
    "memory": failing(
        "memory", 500, "memory", "The function ran out of memory."
    ),
    "stack": failing("stack", 500, "stack", "The function ran out of stack."),
    "timer": timer,
    "big": big,
    "malformed HTTP": malformed_http,
}
# Kinds that take long for reasons of their own; fewer in the short form.
HEAVY = {"big": 4, "stack": 4, "malformed HTTP": 4}


async def client(server, numbers, kind, wrong):
    """Sends requests one after the other on one connection, and checks."""
    streams = None
    for i in numbers:
        data, want = kind(i)
        streams = streams or await asyncio.open_connection(
            server.host, server.port, limit=1 << 20
        )
        reader, writer = streams
        writer.write(data)
        head = await reader.readuntil(b"\r\n\r\n")
        answer = Answer(head[:-4])
        answer.body = await reader.readexactly(
            int(answer.get("Content-Length"))
        )
        got = answer.status, answer.get("Content-Type"), answer.error
        if (*got, answer.body) != want or answer.get("Server") != "isere":
            wrong.append((data, answer))
        if answer.closes:
            if await reader.read():
                wrong.append((data, "more after the close"))
            writer.close()
            streams = None
        elif want[0] == 400:
            wrong.append((data, "not closed"))
    if streams:
        streams[1].close()


async def all_clients(server, count, kind):
    wrong = []
    parts = [range(n, count, CLIENTS) for n in range(CLIENTS)]
    await asyncio.gather(
        *(client(server, part, kind, wrong) for part in parts)
    )
    return wrong


def open_fds(server):
    """Open descriptors, once closed connections are gone."""
    end = time.monotonic() + 3 * SLOW
    seen = []
    while time.monotonic() < end and (
        not seen or seen[-5:] != seen[-1:] * 5
    ):
        seen.append(len(os.listdir(f"/proc/{server.pid}/fd")))
        time.sleep(0.03)
    return seen[-1]


def full_kb(server):
    """Resident memory with as many instances as there may be, each of which
    has just used more of its heap than stays resident: so it does not matter
    how many there happened to be, and what their last requests were."""
    assert asyncio.run(all_clients(server, CLIENTS, hold)) == []
    return rss_kb(server.pid)


def test_clients_get_what_they_asked_for(serve):
    server = serve(
        HANDLER,
        "--memory", "2M", "--instances", CLIENTS, "--log-level", "warn",
    )  # fmt: skip
    # What is kept once (buffers, for example) is not growth.
    for kind in KINDS.values():
        assert asyncio.run(all_clients(server, 400, kind)) == []
    before = full_kb(server)
    fds = open_fds(server)
    for name, kind in KINDS.items():
        count = COUNT if LONG else COUNT // HEAVY.get(name, 1)
        start = time.monotonic()
        wrong = asyncio.run(all_clients(server, count, kind))
        took = time.monotonic() - start
        print(f"{name}: {count} in {took:.2f} s, RSS {rss_kb(server.pid)} KB")
        assert wrong == [], f"{name}: {len(wrong)} wrong, {wrong[:3]}"
    after = full_kb(server)
    print(f"{CLIENTS} instances: RSS {before} KB, then {after} KB")
    assert open_fds(server) <= fds
    assert SLOW != 1 or after - before < 4096  # sanitizers keep what was freed
    assert server.stop() == 0


LUA = """
-- Each thread counts what is not as it must be.
local number, bad, threads = 0, 0, {}
wrong = 0
function setup(thread) table.insert(threads, thread) end
function request()
  number = number + 1
  return wrk.format(nil, '/?' .. number)
end
function response(status, headers, body)
  if status ~= 200 or headers['Server'] ~= 'isere'
    or headers['Content-Type'] ~= 'application/json'
    or not body:find('^{"method":"GET","query":"%d+"}$') then
    wrong = wrong + 1
  end
end
function done(summary)
  for _, thread in ipairs(threads) do bad = bad + thread:get('wrong') end
  local e = summary.errors
  print(string.format('RESULT %d %d', summary.requests,
    bad + e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def wrk(server, tmp_path, script, seconds):
    path = tmp_path / "check.lua"
    path.write_text(script)
    result = subprocess.run(
        ["wrk", "-t2", "-c40", f"-d{seconds}s", "--timeout", "60s", "-s", path,
         server.url],
        capture_output=True,
        text=True,
        timeout=60 * SLOW,
    )
    found = re.search(r"RESULT (\d+) (\d+)", result.stdout)
    assert found, result.stdout + result.stderr
    return int(found[1]), int(found[2])


@pytest.mark.skipif(not shutil.which("wrk"), reason="no wrk")
def test_wrk_sees_no_wrong_answer(serve, tmp_path):
    server = serve(HANDLER)
    count, wrong = wrk(server, tmp_path, LUA, 5 if LONG else 2)
    print(f"wrk: {count} requests, {wrong} wrong")
    assert wrong == 0 and count > 40


@pytest.mark.skipif(not shutil.which("wrk"), reason="no wrk")
@pytest.mark.parametrize(
    "target, status, body",
    [
        ("/throw", 500, FAILED.decode()),
        ("/timer?1", 200, "1"),
        ("/big?7", 200, "7" + "b" * 100000),
    ],
)
def test_wrk_with_other_kinds(serve, tmp_path, target, status, body):
    server = serve(HANDLER, "--log-level", "warn")
    script = (
        LUA.replace("'/?' .. number", f"'{target}'")
        .replace("status ~= 200", f"status ~= {status}")
        .replace("or headers['Content-Type'] ~= 'application/json'", "")
        .replace(
            """not body:find('^{"method":"GET","query":"%d+"}$')""",
            f"body ~= [[{body}]]",
        )
        .replace("e.status +", "" if status != 200 else "e.status +")
    )
    count, wrong = wrk(server, tmp_path, script, 5 if LONG else 1)
    print(f"wrk {target}: {count} requests, {wrong} wrong")
    assert wrong == 0 and count > 40


@pytest.mark.skipif(not shutil.which("wrk"), reason="no wrk")
@pytest.mark.parametrize("workers", [1, 2])
def test_memory_with_the_sample_handler(serve, workers):
    """Peak RSS below 8 MB a worker."""
    server = serve(ROOT / "js" / "handler.js", "--workers", workers)
    url = server.url
    for _ in range(2):
        subprocess.run(
            ["wrk", "-t2", "-c40", "-d1s", url],
            check=True,
            capture_output=True,
            timeout=60 * SLOW,
        )
    peak = rss_kb(server.pid, "VmHWM")
    print(f"peak RSS with {workers} workers: {peak} KB")
    if SLOW == 1:  # sanitizers need memory of their own
        assert peak < workers * 8 * 1024


def test_connections_that_only_come_and_go(serve):
    server = serve(HANDLER)
    server.get("/")
    fds = open_fds(server)
    before = rss_kb(server.pid)
    for _ in range(20):
        socks = [server.connect() for _ in range(100)]
        for sock in socks:
            sock.close()
    assert server.get("/").status == 200
    assert open_fds(server) <= fds
    assert has_not_grown(server, before, 1024)
