"""What two readers could understand in two ways is refused, always.

Each vector is followed by a request that must never be answered.
"""

from wire import Wire, refused, request

HANDLER = "export const handler = ({ path, rawBody }) => [path, rawBody]"
NEXT = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"5\r\nhello\r\n0\r\n\r\n"


def fields(*lines, line=b"POST / HTTP/1.1", host=b"Host: x"):
    """A request of raw lines."""
    return b"\r\n".join([line, *([host] if host else []), *lines]) + b"\r\n\r\n"


LENGTH = b"Content-Length: 5"
CODED = b"Transfer-Encoding: chunked"

BAD = {
    "both": fields(LENGTH, CODED) + CHUNKED,
    "both, other order": fields(CODED, LENGTH) + CHUNKED,
    "both, length 0": fields(b"Content-Length: 0", CODED) + CHUNKED,
    "differing lengths": fields(LENGTH, b"Content-Length: 6") + b"hello",
    "equal lengths": fields(LENGTH, LENGTH) + b"hello",
    "list of lengths": fields(b"Content-Length: 5, 5") + b"hello",
    "negative length": fields(b"Content-Length: -5") + b"hello",
    "signed length": fields(b"Content-Length: +5") + b"hello",
    "empty length": fields(b"Content-Length:") + b"hello",
    "length with space": fields(b"Content-Length: 5 5") + b"hello",
    "length in hex": fields(b"Content-Length: 0x5") + b"hello",
    "length as 5.0": fields(b"Content-Length: 5.0") + b"hello",
    "length with NUL": fields(b"Content-Length: 5\0") + b"hello",
    "length beyond 64 bits": fields(b"Content-Length: 18446744073709551621"),
    "length as 5;q": fields(b"Content-Length: 5;q") + b"hello",
    "length with VT": fields(b"Content-Length: \x0b5") + b"hello",
    "folded length": fields(b"Content-Length:\r\n 5") + b"hello",
    "folded coding": fields(b"Transfer-Encoding:\r\n chunked") + CHUNKED,
    "folding with a tab": fields(b"A: b\r\n\tc"),
    "folding of the first field": fields(host=None, line=b"GET / HTTP/1.1\r\n x"),
    "space before colon": fields(b"Content-Length : 5") + b"hello",
    "tab before colon": fields(b"Content-Length\t: 5") + b"hello",
    "space before coding's colon": fields(b"Transfer-Encoding : chunked")
    + CHUNKED,
    "name with NUL": fields(b"Content\0-Length: 5") + b"hello",
    "name with space": fields(b"Content Length: 5") + b"hello",
    "name with parenthesis": fields(b"A(b): c"),
    "name in UTF-8": fields("ü: c".encode()),
    "no name": fields(b": c"),
    "no colon": fields(b"abc"),
    "bare CR in a value": fields(b"A: b\rContent-Length: 5"),
    "bare LF ends a field": fields(b"A: b\nContent-Length: 5"),
    "bare CR ends a field": fields(b"A: b\rB: c"),
    "CR CR LF": fields(b"A: b\r"),
    "control in a value": fields(b"A: b\x01c"),
    "DEL in a value": fields(b"A: b\x7fc"),
    "bare LF after the request line": b"GET / HTTP/1.1\nHost: x\r\n\r\n",
    "only bare LF": b"GET / HTTP/1.1\nHost: x\n\n",
    "bare LF at the end": b"GET / HTTP/1.1\r\nHost: x\r\n\n",
    "no host": fields(host=None),
    "two hosts": fields(b"Host: x"),
    "two differing hosts": fields(b"Host: y"),
    "two hosts in 1.0": fields(b"Host: y", line=b"POST / HTTP/1.0"),
    "list of hosts": fields(host=b"Host: x, y"),
    "host with space": fields(host=b"Host: x y"),
    "host with path": fields(host=b"Host: x/y"),
    "host with user": fields(host=b"Host: u@x"),
    "host with a bad port": fields(host=b"Host: x:8o"),
    "coding twice": fields(CODED, CODED) + CHUNKED,
    "chunked, chunked": fields(b"Transfer-Encoding: chunked, chunked") + CHUNKED,
    "chunked not last": fields(b"Transfer-Encoding: chunked, gzip") + CHUNKED,
    "identity last": fields(CODED, b"Transfer-Encoding: identity") + CHUNKED,
    "empty coding": fields(b"Transfer-Encoding:") + CHUNKED,
    "empty element": fields(b"Transfer-Encoding: ,chunked") + CHUNKED,
    "quoted coding": fields(b'Transfer-Encoding: "chunked"') + CHUNKED,
    "coding with VT": fields(b"Transfer-Encoding: \x0bchunked") + CHUNKED,
    "coding with parameter": fields(b"Transfer-Encoding: chunked;q=1") + CHUNKED,
    "coding in 1.0": fields(CODED, line=b"POST / HTTP/1.0") + CHUNKED,
    "two spaces": fields(line=b"GET  / HTTP/1.1"),
    "tab": fields(line=b"GET\t/ HTTP/1.1"),
    "space at the end": fields(line=b"GET / HTTP/1.1 "),
    "space in the target": fields(line=b"GET /a b HTTP/1.1"),
    "no target": fields(line=b"GET HTTP/1.1"),
    "HTTP/0.9": b"GET /\r\n\r\n",
    "leading space": b" " + fields(),
    "version in lower case": fields(line=b"GET / http/1.1"),
    "version 1.10": fields(line=b"GET / HTTP/1.10"),
    "version 1": fields(line=b"GET / HTTP/1"),
    "three empty lines": b"\r\n\r\n\r\n" + fields(),
    "target with NUL": fields(line=b"GET /\0 HTTP/1.1"),
    "target in UTF-8": fields(line="GET /ü HTTP/1.1".encode()),
    "target with fragment": fields(line=b"GET /#x HTTP/1.1"),
    "relative target": fields(line=b"GET x HTTP/1.1"),
    "other scheme": fields(line=b"GET ftp://x/ HTTP/1.1"),
    "user in the target": fields(line=b"GET http://u@x/ HTTP/1.1"),
    "no host in the target": fields(line=b"GET http:///x HTTP/1.1"),
    "asterisk for GET": fields(line=b"GET * HTTP/1.1"),
    "authority for GET": fields(line=b"GET x:80 HTTP/1.1"),
    "path for CONNECT": fields(line=b"CONNECT / HTTP/1.1"),
    "method is no token": fields(line=b"G@T / HTTP/1.1"),
}

BAD_CHUNKS = {
    "0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "signed": b"+5\r\nhello\r\n0\r\n\r\n",
    "negative": b"-1\r\n\r\n0\r\n\r\n",
    "empty size": b"\r\nhello\r\n0\r\n\r\n",
    "space before": b" 5\r\nhello\r\n0\r\n\r\n",
    "no hex": b"g\r\nhello\r\n0\r\n\r\n",
    "underscore": b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n",
    "17 digits": b"00000000000000005\r\nhello\r\n0\r\n\r\n",
    "too long": b"5\r\nhello!\r\n0\r\n\r\n",
    "too short": b"6\r\nhello\r\n0\r\n\r\n",
    "LF after the size": b"5\nhello\r\n0\r\n\r\n",
    "LF after the data": b"5\r\nhello\n0\r\n\r\n",
    "CR after the size": b"5\rxhello\r\n0\r\n\r\n",
    "CR CR LF": b"5\r\r\nhello\r\n0\r\n\r\n",
    "LF in an extension": b"5;a\nhello\r\n0\r\n\r\n",
    "bad extension": b"5;=x\r\nhello\r\n0\r\n\r\n",
    "open quote": b'5;a="x\r\nhello\r\n0\r\n\r\n',
    "text after size": b"5 x\r\nhello\r\n0\r\n\r\n",
    "bad trailer": b"0\r\nA : b\r\n\r\n",
    "folded trailer": b"0\r\nA: b\r\n c\r\n\r\n",
    "LF at the end": b"0\r\nA: b\r\n\n",
    "LF after the last": b"0\n\r\n",
}


def test_bad_heads(serve):
    server = serve(HANDLER)
    for name, data in BAD.items():
        try:
            refused(server, data + NEXT, 400)
        except AssertionError as error:
            raise AssertionError(f"{name}: {data!r}") from error


def test_bad_heads_after_a_good_request(serve):
    """The same on a connection in use, cut in two at every tenth byte."""
    server = serve(HANDLER)
    for i, (name, data) in enumerate(BAD.items()):
        if data.startswith(b"\r\n"):
            continue
        cut = len(data) * (i % 10) // 10
        with Wire(server) as wire:
            wire.send(request("GET", "/first") + data[:cut])
            assert wire.read().json == ["/first", None], name
            answer = wire.ask(data[cut:] + NEXT)
            assert answer.status == 400 and answer.closes, name
            assert wire.ended(), name


def test_bad_chunks(serve):
    server = serve(HANDLER)
    for name, body in BAD_CHUNKS.items():
        try:
            refused(server, fields(CODED) + body + NEXT, 400)
        except AssertionError as error:
            raise AssertionError(f"{name}: {body!r}") from error


def test_chunk_size_that_overflows(serve):
    """Too large for the body's limit long before it wraps around."""
    server = serve(HANDLER)
    for size in [b"ffffffffffffffff", b"10000000000000005"]:
        body = size + b"\r\nhello\r\n0\r\n\r\n"
        refused(server, fields(CODED) + body + NEXT, 413)


def test_codings_and_versions_that_are_not_there(serve):
    server = serve(HANDLER)
    for coding in [b"gzip, chunked", b"GZIP,chunked", b"identity, chunked"]:
        data = fields(b"Transfer-Encoding: " + coding) + CHUNKED + NEXT
        refused(server, data, 501)
    for version in [b"HTTP/2.0", b"HTTP/0.9", b"HTTP/9.9"]:
        refused(server, fields(line=b"GET / " + version) + NEXT, 505)


def test_good_ones(serve):
    """Strict, but no stricter."""
    with Wire(serve(HANDLER)) as wire:
        for data, body in {
            fields(b"Content-Length:5") + b"hello": "hello",
            fields(b"content-length:\t 5 \t") + b"hello": "hello",
            fields(b"CONTENT-LENGTH: 00005") + b"hello": "hello",
            fields(b"transfer-encoding:CHUNKED") + CHUNKED: "hello",
            fields(CODED) + b"5;a;b=c;d=\"e;\\\"\"\r\nhello\r\n0\r\n\r\n": "hello",
            fields(CODED) + b"0005\r\nhello\r\n0000\r\n\r\n": "hello",
            fields(CODED)
            + b"5\r\nhello\r\n0\r\nContent-Length: 99\r\n\r\n": "hello",
            fields(b"X-Obs: \xff\x80"): None,
            fields(b"X-Empty:"): None,
            fields(host=b"Host:"): None,
            fields(host=b"host: [::1]:80"): None,
            fields(line=b"POST / HTTP/1.9"): None,
        }.items():
            assert wire.ask(data).json == ["/", body], data
