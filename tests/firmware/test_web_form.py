"""Handlers in the form of the web, on a device: deployed, and answered from an
image."""

import json

from test_images import is_all_from_images

GOOD = "export const handler = () => 'good'"
WEB = """
let n = 0
export default {
  async fetch(request, env, ctx) {
    n++
    const url = new URL(request.url)
    if (url.pathname === '/web/later') {
      ctx.waitUntil(new Promise((go) => setTimeout(() => {
        console.log('after the answer')
        go()
      }, 50)))
    }
    if (request.method === 'POST') {
      return Response.json({ n, got: await request.json() }, { status: 201 })
    }
    return new Response(`${n} ${url.pathname} ${env.WHO}`, {
      headers: { 'X-Agent': request.headers.get('user-agent') },
    })
  },
}"""


def check(device):
    for _ in range(3):
        answer = device.get("/web/a", {"User-Agent": "test"})
        assert answer.text == "1 /web/a me"
        assert answer.headers["X-Agent"] == "test"
    answer = device.post("/web", '{"a": [1]}')
    assert answer.status == 201
    assert json.loads(answer.text) == {"n": 1, "got": {"a": [1]}}


def test_a_handler_in_the_form_of_the_web(boot):
    """Also after a reset; and code that the answer does not wait for."""
    device = boot(GOOD)
    package = {"main": "web.js", "files": {"web.js": WEB}, "env": {"WHO": "me"}}
    device.deploy("web", package)
    check(device)
    assert is_all_from_images(device)
    device.reboot()
    check(device)
    assert device.get("/").text == "good"
    assert device.get("/web/later").text == "1 /web/later me"
    device.wait_log("after the answer")
    check(device)


STREAM = """
export default {
  fetch: () => new Response(new ReadableStream({
    pull(controller) { controller.enqueue(new Uint8Array(10)); controller.close() },
  })),
}"""


def test_streams_need_more_than_a_small_heap(boot):
    """As docs/handler.md says: the library of streams does not fit. Others go
    on."""
    device = boot(GOOD)
    device.deploy("s", {"main": "s.js", "files": {"s.js": STREAM}})
    for _ in range(2):
        answer = device.get("/s")
        assert answer.status == 500
        assert answer.headers["Isere-Error"] == "memory"
        assert device.get("/").text == "good"
