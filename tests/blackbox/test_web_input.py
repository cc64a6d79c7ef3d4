"""What handlers hand to the web's globals and should not: an error, never a hang
or a leak."""

import pytest

from wire import Wire, request

SOURCE = """
const cycle = {}
cycle.self = cycle
const cases = {
  // A FormData holds text and files: another one becomes text.
  form() {
    const form = new FormData()
    form.append('self', form)
    form.append('cycle', cycle)
    return new Response(form)
  },
  clone() {
    const form = new FormData()
    return structuredClone({ cycle, form })
  },
  size() { return new Blob([new Uint8Array(100 << 20)]).size },
  text() { return new Blob(['x'.repeat(100 << 20)]).size },
  parts() {
    let blob = new Blob(['0123456789'])
    while (blob.size < 100 << 20) blob = new Blob([blob, blob])
    return blob.size
  },
  slices() {
    const blob = new Blob(['x'.repeat(1 << 20)])
    const all = []
    for (let i = 0; i < 10000; i++) all.push(blob.slice(i % 1000))
    return all.length
  },
  async used() {
    const request = new Request('http://a/', { method: 'POST', body: 'x' })
    await request.text()
    return request.text()
  },
  locked() {
    const stream = new Blob(['x']).stream()
    stream.getReader()
    return new Response(stream)
  },
  async twice() {
    const response = new Response('x')
    const reader = response.body.getReader()
    await reader.read()
    reader.releaseLock()
    return new Response(response.body)
  },
  pipes() {
    const stream = new ReadableStream({ pull(controller) { controller.enqueue(new Uint8Array(1 << 20)) } })
    return new Response(stream.pipeThrough(new TransformStream())).bytes()
  },
  async signal() {
    let signal = AbortSignal.abort()
    for (let i = 0; i < 10000; i++) signal = AbortSignal.any([signal, AbortSignal.timeout(1e9)])
    return signal.aborted
  },
  dispatch() {
    const target = new EventTarget()
    target.addEventListener('x', () => target.dispatchEvent(new Event('x')))
    target.dispatchEvent(new Event('x'))
    return 'over'
  },
  async ports() {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => port1.postMessage(0)
    port2.onmessage = () => port2.postMessage(0)
    port1.postMessage(0)
    await new Promise(() => {})
  },
  pattern() { return new URLPattern({ pathname: '/((?:a+)+)b' }).test({ pathname: '/' + 'a'.repeat(40) }) },
}
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url)
    if (pathname === '/') return new Response('fine')
    try {
      const value = await cases[pathname.slice(1)]()
      return value instanceof Response ? value : new Response(`${value}`)
    } catch (error) {
      return new Response(`${error?.name}: ${error?.message}`, { status: 400 })
    }
  },
}
"""


@pytest.mark.parametrize(
    "name, status, word",
    [
        ("form", 200, '\r\n\r\n[object FormData]\r\n'),
        ("clone", 400, "DataCloneError: "),
        # Out of memory can be caught where nothing had to be given up for it.
        ("size", (400, 500), ("memory", "out of memory")),
        ("text", (400, 500), ("memory", "out of memory")),
        ("parts", (400, 500), ("memory", "out of memory")),
        ("slices", 200, "10000"),
        ("used", 400, "TypeError: "),
        ("locked", 400, "TypeError: "),
        ("twice", 400, "TypeError: "),
        ("pipes", (400, 500), ("memory", "out of memory")),
        ("signal", (200, 500), ("true", "memory")),
        ("dispatch", (200, 500), ("over", "stack", "memory")),
        ("ports", 504, "timeout"),
        ("pattern", 504, "timeout"),
    ],
)
def test_bad_input(serve, name, status, word):
    server = serve(SOURCE, "--memory", "16M", "--timeout", "2s", "--instances", 1)
    with Wire(server) as wire:
        for _ in range(2):
            answer = wire.ask(request("GET", f"/{name}"))
            said = answer.get("Isere-Error") or answer.text
            statuses = status if isinstance(status, tuple) else (status,)
            words = word if isinstance(word, tuple) else (word,)
            assert answer.status in statuses, (answer.status, said)
            assert any(one in said for one in words), said
            assert wire.ask(request("GET", "/")).text == "fine"
