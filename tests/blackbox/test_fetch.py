"""Handlers in the form of the web: export default { fetch }."""

import json
import subprocess

import pytest

from conftest import command
from wire import Wire, request

ECHO = """
export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url)
    if (pathname === '/bytes') return new Response(await request.bytes())
    return Response.json({
      url: request.url, method: request.method, host: request.headers.get('host'),
      headers: [...request.headers], text: await request.text(), env, params: ctx.params,
    }, { status: 201, headers: { 'X-A': 'b' } })
  },
}
"""


def test_request_and_answer(serve):
    server = serve(ECHO, "--env", "NAME=value")
    with Wire(server) as wire:
        answer = wire.ask(request("POST", "/a%20b?x=1&y", "text\u20ac", {"X-B": "c"}))
        assert answer.status == 201
        assert answer.get("Content-Type") == "application/json"
        assert answer.get("X-A") == "b"
        got = answer.json
        assert got["url"] == "http://isere.test/a%20b?x=1&y"
        assert got["method"] == "POST"
        assert got["host"] == "isere.test"
        assert ["x-b", "c"] in got["headers"]
        assert got["text"] == "text\u20ac"
        assert got["env"] == {"NAME": "value", "NODE_ENV": "production"}
        assert got["params"] == {}
        assert wire.ask(request("PUT", "/bytes", b"\xff\x00")).body == b"\xff\x00"
        assert wire.ask(request("GET", "/")).json["text"] == ""


def test_host_that_no_url_has(serve):
    with Wire(serve(ECHO)) as wire:
        wire.send(b"GET /p HTTP/1.1\r\nHost: 1.2.3.4.5\r\n\r\n")
        assert wire.read().json["url"] == "http://localhost/p"


@pytest.mark.parametrize(
    "form",
    [
        "export default { fetch: () => new Response('hi') }",
        "class App { fetch() { return this.hi } hi = new Response('hi') }\n"
        "export default new App()",
        "export default { async fetch() { return new Response('hi') } }",
        "export default { fetch: () => ({ then: (f) => f(new Response('hi')) }) }",
        "class Mine extends Response {}\nexport default { fetch: () => new Mine('hi') }",
        # `handler` comes first.
        "export default { fetch() {}, handler: () => 'hi' }",
        # Whatever it does to builtins.
        "export default { fetch() {\n"
        "  const { ownKeys } = Reflect\n"
        "  const all = { 0: Response, 1: Headers, 2: Array, 3: Promise, 4: String }\n"
        "  for (let i = 0; i < 5; i++) {\n"
        "    const p = all[i].prototype\n"
        "    const keys = ownKeys(p)\n"
        "    for (let j = 0; j < keys.length; j++) if (keys[j] !== 'length') delete p[keys[j]] }\n"
        "  Object.defineProperty(Array.prototype, 0, { set() { throw 1 } })\n"
        "  return new Response('hi') } }",
    ],
)
def test_forms(serve, form):
    with Wire(serve(form)) as wire:
        for _ in range(2):
            answer = wire.ask(request())
            assert (answer.status, answer.text) == (200, "hi")


WRONG = """
const kept = new Response('kept')
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url)
    const response = new Response('x')
    switch (pathname) {
      case '/throw': throw new Error('thrown')
      case '/reject': return Promise.reject(new Error('rejected'))
      case '/nothing': return
      case '/object': return { statusCode: 200 }
      case '/text': return 'text'
      case '/proxy': return new Proxy(response, {})
      case '/fake': return Object.create(Response.prototype)
      case '/error': return Response.error()
      case '/used': await response.text(); return response
      case '/locked': response.body.getReader(); return response
      case '/many': for (let i = 0; i < 65; i++) response.headers.append('a', i); return response
      case '/bad-name': return new Response('', { headers: { 'a b': 'c' } })
      case '/bad-value': return new Response('', { headers: { a: 'b\\r\\nc: d' } })
      case '/bad-status': return new Response('', { status: 99 })
      default: return kept
    }
  },
}
"""


@pytest.mark.parametrize(
    "path, status, word",
    [
        ("/throw", 500, "exception"),
        ("/reject", 500, "exception"),
        ("/nothing", 502, "malformed"),
        ("/object", 502, "malformed"),
        ("/text", 502, "malformed"),
        ("/proxy", 502, "malformed"),
        ("/fake", 502, "malformed"),
        ("/error", 502, "malformed"),
        ("/used", 502, "malformed"),
        ("/locked", 502, "malformed"),
        ("/many", 502, "malformed"),
        ("/bad-name", 500, "exception"),
        ("/bad-value", 500, "exception"),
        ("/bad-status", 500, "exception"),
    ],
)
def test_what_goes_wrong(serve, path, status, word):
    with Wire(serve(WRONG, "--timeout", "1s")) as wire:
        wire.ask(request("GET", path)).is_error(status, word)
        # One that the init phase made is new for each request.
        for _ in range(2):
            assert wire.ask(request("GET", "/")).text == "kept"


def test_fields_of_the_answer(serve):
    source = """
    export default { fetch: () => new Response(null, { status: 204, headers: [
      ['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2'], ['X', '1'], ['x', '2'], ['Content-Length', '5'],
      ['Latin', '\\u00e9']] }) }"""
    with Wire(serve(source)) as wire:
        answer = wire.ask(request())
        assert answer.status == 204 and answer.body == b""
        assert answer.all("Set-Cookie") == ["a=1", "b=2"]
        assert answer.all("X") == ["1", "2"]
        assert answer.get("Latin") == "\u00e9"
        assert answer.get("Content-Type") is None


WAIT = """
let count = 0
export default {
  fetch(request, env, ctx) {
    ctx.passThroughOnException()
    const { pathname } = new URL(request.url)
    ctx.waitUntil((async () => {
      await new Promise((r) => setTimeout(r, pathname === '/long' ? 600000 : 300))
      console.log('waited', ++count, pathname, request.headers.get('x-a'), ctx.params)
      if (pathname === '/reject') throw new Error('rejected late')
    })())
    return new Response('at once')
  },
}
"""


def test_wait_until(serve):
    server = serve(WAIT, "--timeout", "2s", "--instances", 4)
    with Wire(server) as wire:
        for path in ["/first", "/reject", "/long"]:
            answer = wire.ask(request("GET", path, None, {"X-A": path}))
            assert answer.text == "at once"
    server.wait_log("waited 1 /first /first {}")
    server.wait_log("waited 1 /reject /reject {}")
    server.wait_log("rejected late")
    server.wait_log("after the answer: time limit passed")


def test_the_answer_goes_out_first(serve):
    server = serve(WAIT, "--timeout", "10m")
    with Wire(server) as wire:
        # What is waited for ends after ten minutes.
        assert wire.ask(request("GET", "/long")).text == "at once"


def test_invoke(tmp_path):
    module = tmp_path / "h.mjs"
    module.write_text(ECHO)
    event = {
        "httpMethod": "PUT", "path": "/p", "query": "a=b", "headers": {"host": "h", "x": "y"},
        "body": "aMOk", "isBase64Encoded": True, "pathParameters": {"id": "7"},
    }
    done = subprocess.run(
        command("invoke", "--event", json.dumps(event), module),
        capture_output=True, text=True,
    )
    answer = json.loads(done.stdout)
    assert answer["statusCode"] == 201
    got = json.loads(answer["body"])
    assert got["url"] == "http://h/p?a=b" and got["method"] == "PUT"
    assert got["text"] == "h\u00e4" and ["x", "y"] in got["headers"]
    assert got["params"] == {"id": "7"}


def test_route_parameters(stored):
    server = stored()
    server.deploy("f", {"main": "f.js", "files": {"f.js": ECHO}, "routes": ["GET /pets/{id}"]})
    with Wire(server) as wire:
        assert wire.ask(request("GET", "/pets/a%20b")).json["params"] == {"id": "a b"}
