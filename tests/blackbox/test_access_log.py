"""--access-log: one line a request, as text and as JSON."""

import json
import re
import socket
import struct
import time

from wire import Wire, request

HANDLER = """
export const handler = async (event) => {
  if (event.path === '/slow') await new Promise((r) => setTimeout(r, 2000))
  if (event.path === '/throw') throw new Error('on purpose')
  return 'four'
}"""

LINE = re.compile(
    r"^\S+Z INFO  \[([-0-9a-f]{36})\] 127\.0\.0\.1 (\"(?:[^\"\\]|\\.)*\") "
    r"(\d+|-) (\d+) (\d+(?:\.\d+)?)ms((?: \"(?:[^\"\\]|\\.)*\")?)((?: aborted)?)$",
    re.M,
)


def lines(server, count):
    """The first `count` access lines; nothing else is on these lines."""
    server.wait_log("127.0.0.1 ", count=count)
    found = LINE.findall(server.log())
    assert len(found) == count, server.log()
    return found


def test_off_by_default(serve):
    server = serve(HANDLER)
    with Wire(server) as wire:
        wire.ask(request("GET", "/"))
        wire.ask(request("GET", "/throw"))
    server.wait_log("on purpose")
    assert "127.0.0.1" not in server.log()


def test_one_line_a_request(serve):
    server = serve(HANDLER, "--access-log", "--log-level", "error")
    with Wire(server) as wire:
        agent = {"User-Agent": 'say "hi" \\'}
        first = wire.ask(request("GET", "/a?b=c", headers=agent))
        wire.send(request("HEAD", "/") + request("POST", "/throw", "body"))
        wire.read("HEAD")
        wire.read()
        wire.ask(request("GET", "/" + "x" * 500, version="1.0"))
    a, head, throw, long = lines(server, 4)
    assert a[0] == first.get("Isere-Request-Id")
    assert a[1:4] == ('"GET /a?b=c HTTP/1.1"', "200", "4")
    assert a[5] == ' "say \\"hi\\" \\\\"'
    assert head[1:4] == ('"HEAD / HTTP/1.1"', "200", "0")
    assert throw[1:3] == ('"POST /throw HTTP/1.1"', "500") and int(throw[3]) > 0
    assert long[1] == '"GET /' + "x" * 199 + '... HTTP/1.0"'


def test_refused_and_left(serve):
    server = serve(HANDLER, "--access-log")
    with Wire(server) as wire:
        assert wire.ask(b"GET / HTTP/1.1\r\nBad Field: x\r\n\r\n").status == 400
    with server.connect() as client:
        client.sendall(request("GET", "/slow"))
        time.sleep(0.2)
        # Closing sends a reset, which only one who is gone does.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    refused, left = lines(server, 2)
    assert refused[1:3] == ('"-"', "400")
    assert left[1:4] == ('"GET /slow HTTP/1.1"', "-", "0")
    assert left[6] == " aborted"


def test_json(serve):
    server = serve(HANDLER, "--access-log", "--log-format", "json")
    with Wire(server) as wire:
        long = "/" + "x" * 500
        wire.ask(request("GET", long, headers={"User-Agent": '\x80"\\'}))
    server.wait_log("durationMs")
    line = next(json.loads(s) for s in server.log().splitlines() if "durationMs" in s)
    assert re.fullmatch(r"[-0-9a-f]{36}", line.pop("requestId"))
    assert line.pop("durationMs") >= 0 and line.pop("time")
    assert line == {
        "level": "info",
        "function": "handler",
        "method": "GET",
        "target": long,
        "protocol": "HTTP/1.1",
        "status": 200,
        "bytes": 4,
        "sourceIp": "127.0.0.1",
        "userAgent": '\ufffd"\\',
    }


def test_recent_lines_have_functions_requests_only(stored):
    server = stored("--access-log")
    server.deploy("hello", "export const handler = () => 'hello'")
    with Wire(server) as wire:
        wire.ask(request("GET", "/hello"))
        wire.ask(request("GET", "/nobody"))
    server.wait_log('"GET /nobody')
    assert '"PUT /_isere/v1/functions/hello' in server.log()
    recent = server.api("GET", "/_isere/v1/logs")[2].decode()
    assert '\\"GET /hello HTTP/1.1\\" 200 5' in recent
    assert '\\"GET /nobody HTTP/1.1\\" 404' in recent
    assert "/_isere/" not in recent
