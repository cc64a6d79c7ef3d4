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
const text = new TextEncoder()
export default {
  fetch() {
    let n = 0
    return new Response(new ReadableStream({
      async pull(controller) {
        await new Promise((go) => setTimeout(go, 20))
        controller.enqueue(text.encode(`data: ${++n} ${'x'.repeat(300)}\\n\\n`))
        if (n === 20) controller.close()
      },
    }))
  },
}"""


def test_a_stream_of_a_handler(boot):
    device = boot(GOOD)
    package = {"main": "s.js", "files": {"s.js": STREAM}, "timeout": "60s"}
    device.deploy("s", package)
    expected = "".join(f"data: {n} {'x' * 300}\n\n" for n in range(1, 21))
    for _ in range(3):
        answer = device.get("/s")
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert answer.text == expected
        assert device.get("/").text == "good"
