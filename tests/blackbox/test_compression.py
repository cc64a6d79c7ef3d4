"""CompressionStream and DecompressionStream, against Python's zlib."""

import gzip
import zlib

import pytest

from wire import Wire, request

SOURCE = """
const early = new CompressionStream('gzip')
const writer = early.writable.getWriter()
writer.write(new TextEncoder().encode('from the init phase, '))
export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/early') {
      writer.write(await request.bytes())
      writer.close()
      return new Response(await new Response(early.readable).bytes())
    }
    if (pathname === '/bomb') {
      let made = 0
      const stream = request.body.pipeThrough(new DecompressionStream('gzip'))
      for await (const chunk of stream) made += chunk.length
      return new Response(`${made}`)
    }
    const Stream = pathname === '/pack' ? CompressionStream : DecompressionStream
    try {
      return new Response(await new Response((await request.blob()).stream().pipeThrough(new Stream(searchParams.get("as")))).bytes())
    } catch (error) {
      return new Response(`${error.name}: ${error.message}`, { status: 400 })
    }
  },
}
"""

TEXT = b"".join(b"line %d\n" % (n * n) for n in range(20000))
FORMATS = {"gzip": 31, "deflate": 15, "deflate-raw": -15}


def pack(data, bits):
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("name, bits", FORMATS.items())
def test_formats(serve, name, bits):
    with Wire(serve(SOURCE)) as wire:
        for data in [TEXT, b"", b"x"]:
            packed = wire.ask(request("POST", f"/pack?as={name}", data)).body
            assert zlib.decompress(packed, wbits=bits) == data
            assert wire.ask(request("POST", f"/unpack?as={name}", pack(data, bits))).body == data


@pytest.mark.parametrize("name, bits", FORMATS.items())
def test_malformed(serve, name, bits):
    good = pack(TEXT, bits)
    with Wire(serve(SOURCE)) as wire:
        for bad in [good[:-1], good[: len(good) // 2], b"", good + b"x", b"\xff" + good, good + good]:
            answer = wire.ask(request("POST", f"/unpack?as={name}", bad))
            assert answer.status == 400, bad[-20:]
            assert answer.text.startswith("TypeError: "), answer.text
        answer = wire.ask(request("POST", "/pack?as=brotli", b"x"))
        assert answer.text == (
            "TypeError: CompressionStream: 'brotli' is no format: use 'gzip', 'deflate' or 'deflate-raw'"
        )
        # The server goes on.
        assert wire.ask(request("POST", f"/unpack?as={name}", good)).body == TEXT


def test_begun_in_the_init_phase(serve):
    with Wire(serve(SOURCE, "--instances", 2)) as wire:
        for n in range(6):
            answer = wire.ask(request("POST", "/early", b"%d" % n))
            assert gzip.decompress(answer.body) == b"from the init phase, %d" % n


def test_a_bomb_stays_within_limits(serve):
    bomb = gzip.compress(bytes(200 << 20), 1)
    with Wire(serve(SOURCE, "--memory", "4M", "--timeout", "10s")) as wire:
        answer = wire.ask(request("POST", "/bomb", bomb))
        assert answer.get("Isere-Error") in ("memory", "timeout")
        assert wire.ask(request("POST", "/unpack?as=gzip", gzip.compress(b"next"))).body == b"next"
