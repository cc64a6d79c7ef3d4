"""What is sent to the admin API: names, paths, methods, bodies."""

import json
import os

import pytest
from attack import check_files, much, put

HELLO = "export const handler = () => 'hi'"
LIST = "/_isere/v1/functions"


def raw(server, method, target, body=b"", fields=(), token=True):
    """A request byte for byte; status, fields and body as they came."""
    head = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        head.append(f"Authorization: Bearer {server.token}")
    head += [*fields, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    answer = server.raw(
        "\r\n".join(head).encode("latin-1", "surrogateescape") + body, end=False
    )
    top, _, rest = answer.partition(b"\r\n\r\n")
    return int(top.split(b" ", 2)[1]), top, rest


def is_message(body):
    return set(json.loads(body)) >= {"message"}


def contents(server):
    """Names of all that lies in the store's folder, and beside it."""
    return sorted(
        os.path.relpath(os.path.join(folder, name), server.store.parent)
        for folder, _, names in os.walk(server.store.parent)
        for name in names
    )


# ---- names ----


BAD_NAMES = [
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%2fetc%2fpasswd",
    "a%2fb",
    "a%00",
    "%00",
    "a.b",
    "a.1",
    ".new",
    ".lock",
    "A",
    "Hello",
    "a_b",
    "a b".replace(" ", "%20"),
    "a+b",
    "a:b",
    "a\\b",
    "C:",
    "~",
    "$built-in",
    "$default",
    "%68ello",
    "h%C3%A4llo",
    "a" * 33,
    "a" * 255,
    "a" * 256,
    "a" * 4000,
]


def test_bad_names(stored):
    server = stored()
    before = contents(server)
    for name in BAD_NAMES:
        for method, more in (
            ("PUT", ""),
            ("GET", ""),
            ("DELETE", ""),
            ("GET", "/files"),
            ("POST", "/rollback"),
            ("POST", "/release"),
            ("POST", "/invoke"),
        ):
            status, _, body = raw(
                server,
                method,
                f"{LIST}/{name}{more}",
                HELLO.encode() if method == "PUT" else b"",
                ["Content-Type: text/javascript"],
            )
            # It can be released, where it is served: here it is not.
            built_in = (name, more) == ("$built-in", "/release")
            assert status == (404 if built_in else 400), (method, name)
            assert is_message(body)
    assert contents(server) == before
    # What looks like a folder above is no place at all.
    for path in ("", "/", "/../token", "//a", "/a/", "/a//files", "/a/files/"):
        status, _, _ = raw(server, "PUT", LIST + path, HELLO.encode())
        assert status in (400, 404, 405), path
    assert contents(server) == before


def test_good_names(stored):
    server = stored()
    for name in ("a", "0", "-", "--", "a" * 32, "con", "functions", "isere"):
        server.deploy(name, HELLO)
        assert server.get(f"/{name}").text == "hi"
        check_files(server, name)


def test_raw_bytes_in_a_path(stored):
    """They are no part of a request's target at all."""
    server = stored()
    for name in ("\x00", "a\x01", "\xe4", "\x7f", "a\tb", "a\nb"):
        status, _, _ = raw(server, "PUT", f"{LIST}/{name}", HELLO.encode())
        assert status == 400, repr(name)
    assert server.api("GET", LIST)[0] == 200


BAD_FILES = [
    "",
    "/etc/passwd",
    "../a.js",
    "a/../b.js",
    "a/..",
    "./a.js",
    "a/./b.js",
    "a//b.js",
    "a/",
    "..",
    ".",
    "a\\b.js",
    "..\\a.js",
    "a\0.js",
    "a\n.js",
    "\x7f.js",
    "a" * 160 + ".js",
    "a" * 255,
    "d/" * 100 + "a.js",
]


@pytest.mark.parametrize("name", BAD_FILES, ids=range(len(BAD_FILES)))
def test_bad_file_names(stored, name):
    server = stored()
    before = contents(server)
    for files in ({name: HELLO}, {"a.js": HELLO, name: "1"}):
        package = {"main": next(iter(files)), "files": files}
        status, answer = put(server, "hello", package)
        assert status == 400 and "name" in answer["message"], answer
    assert contents(server) == before


def test_odd_file_names(stored):
    """Odd, but names; and never those of files."""
    server = stored()
    names = ["__proto__", "constructor", "ä/ö.js", "a b.js", "...", "a..b", "1"]
    files = {name: f"// {name}\nexport default 1" for name in names}
    files["main.js"] = HELLO
    before = contents(server)
    server.deploy("hello", {"main": "main.js", "files": files})
    assert check_files(server, "hello")["files"] == files
    assert sorted({*contents(server)} - {*before}) == [
        f"{server.store.name}/functions/hello",
        f"{server.store.name}/functions/hello.1",
    ]


def test_files_reach_no_other_files(stored, tmp_path):
    (tmp_path / "secret.js").write_text("export default 'secret'")
    server = stored()
    for path in ("../secret.js", "../../secret.js", str(tmp_path / "secret.js"),
                 "./secret.js", "file:///etc/passwd", "fs", "node:fs", "std"):
        for source in (
            f"import s from {json.dumps(path)}\n{HELLO}",
            f"await import({json.dumps(path)})\n{HELLO}",
        ):
            status, answer = put(server, "hello", source)
            assert status == 400, (path, answer)
            assert "secret'" not in json.dumps(answer)
    assert server.api("GET", f"{LIST}/hello")[0] == 404


# ---- paths around the admin API ----


def test_edges_of_the_admin_api(stored):
    server = stored()
    server.deploy(
        "all",
        {
            "main": "a.js",
            "files": {"a.js": "export const handler = (e) => `fn ${e.path}`"},
            "routes": ["$default"],
        },
    )
    status, top, _ = raw(server, "GET", "/_isere")
    assert status == 308 and top.endswith(b"\r\nLocation: /_isere/")
    assert raw(server, "GET", "/_isere/", token=False)[0] == 200
    for path in ("/_isere//", "/_isere/.", "/_isere/..", "/_isere/v1", "/_isere/v1/",
                 "/_isere/v2/functions", "/_isere//v1/functions", "/_isere/metrics/",
                 "/_isere/v1/functions/all/nothing", "/_isere/%76%31/functions",
                 "/_isere/../token", "/_isere/x%00y", "/_isere/" + "a" * 4000):
        assert raw(server, "GET", path)[0] == 404, path
        assert raw(server, "GET", path, token=False)[0] == 401, path
    for path in ("/_isereX", "/_isere%2f", "/_isere%2Fv1/functions", "/_Isere/",
                 "//_isere/", "/x/../_isere/", "/%5fisere/", "/_isere;/", "/"):
        status, _, body = raw(server, "GET", path, token=False)
        assert (status, body.startswith(b"fn /")) == (200, True), path
    # No function can have the admin API's routes.
    for route in ("GET /_isere", "ANY /_isere/{path+}", "GET /_isere/v1/functions",
                  "GET /%5fisere/x", "GET /%5Fisere"):
        package = {"main": "a.js", "files": {"a.js": HELLO}, "routes": [route]}
        assert put(server, "thief", package)[0] == 400, route


ALLOWED = {
    "/_isere/": "GET, HEAD",
    "/_isere/health": "GET, HEAD",
    "/_isere/metrics": "GET, HEAD",
    "/_isere/v1/logs": "GET, HEAD",
    "/_isere/v1/functions": "GET, HEAD",
    "/_isere/v1/functions/a": "DELETE, GET, HEAD, PUT",
    "/_isere/v1/functions/a/files": "GET, HEAD",
    "/_isere/v1/functions/a/rollback": "POST",
    "/_isere/v1/functions/a/release": "POST",
    "/_isere/v1/functions/a/invoke": "POST",
}


def test_methods(stored):
    server = stored()
    server.deploy("a", HELLO)
    for path, allow in ALLOWED.items():
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS",
                       "TRACE", "get", "PROPFIND", "X" * 30):
            status, top, body = raw(server, method, path)
            if method in allow.split(", "):
                assert status != 405, (method, path)
            else:
                assert status == 405, (method, path)
                assert top.endswith(f"\r\nAllow: {allow}".encode())
            if method == "HEAD":
                assert body == b""
            if (method, path) == ("DELETE", "/_isere/v1/functions/a"):
                server.deploy("a", HELLO)


def test_head_is_get_without_a_body(stored):
    server = stored()
    server.deploy("a", HELLO)
    for path in (LIST, f"{LIST}/a", f"{LIST}/a/files", "/_isere/", "/_isere/metrics",
                 "/_isere/health", "/_isere/v1/logs", "/_isere/v1/logs?follow=1"):
        status, top, body = raw(server, "HEAD", path)
        assert (status, body) == (200, b""), path
        assert b"\r\nContent-Length: " in top or (
            b"\r\nTransfer-Encoding: chunked\r\n" in top
        ), path
    # And the connection goes on behind it.
    both = (
        f"HEAD /_isere/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {server.token}\r\n\r\n"
        "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert server.raw(both.encode(), end=False).endswith(b"\r\n\r\nhi")


def test_log_queries(stored):
    server = stored()
    server.deploy("hello", HELLO)
    for query in ("level=loud", "level=", "function=", "function=..", "function=A",
                  "function=" + "a" * 33, "seq=1", "follow=1&level=x", "=1",
                  "level=%00", "function=a%00b"):
        status, _, body = raw(server, "GET", f"/_isere/v1/logs?{query}")
        assert (status, is_message(body)) == (400, True), query
    for query in ("", "follow=0", "level=error", "function=hello", "function=no",
                  "level=debug&level=warn"):
        assert raw(server, "GET", f"/_isere/v1/logs?{query}")[0] == 200, query


# ---- bodies ----


def test_content_types(stored):
    server = stored()
    package = json.dumps({"main": "a.js", "files": {"a.js": HELLO}}).encode()
    for kind, body, expected in (
        ("text/javascript", HELLO.encode(), 200),
        ("Text/JavaScript; charset=UTF-8", HELLO.encode(), 200),
        ("text/javascript;charset=\"utf-8\"", HELLO.encode(), 200),
        ("application/javascript", HELLO.encode(), 200),
        ("application/json", package, 200),
        ("APPLICATION/JSON ; charset=utf-8", package, 200),
        ("application/json", HELLO.encode(), 400),
        ("text/javascript", package, 400),
        (None, HELLO.encode(), 415),
        ("", HELLO.encode(), 415),
        ("text/plain", HELLO.encode(), 415),
        ("text/javascriptx", HELLO.encode(), 415),
        ("application/jsonp", package, 415),
        ("application/x-www-form-urlencoded", package, 415),
        ("multipart/form-data; boundary=x", package, 415),
        ("application/octet-stream", b"\x00isere", 415),
    ):
        server.deploy("a", HELLO)
        version = server.deploy("a", HELLO)["version"]
        fields = [] if kind is None else [f"Content-Type: {kind}"]
        status, _, answer = raw(server, "PUT", f"{LIST}/a", body, fields)
        assert status == expected, (kind, answer)
        now = json.loads(server.api("GET", f"{LIST}/a")[2])["version"]
        assert now == version + (status == 200)


def test_bytecode_is_not_taken(stored, isere, tmp_path):
    (tmp_path / "a.js").write_text(HELLO)
    assert isere("build", "a.js", "-o", "a.bin").returncode == 0
    code = (tmp_path / "a.bin").read_bytes()
    server = stored()
    for kind in ("text/javascript", "application/json", "application/octet-stream"):
        status, _, _ = raw(server, "PUT", f"{LIST}/a", code, [f"Content-Type: {kind}"])
        assert status in (400, 415)
    package = {"main": "a.bin", "files": {"a.bin": code.decode("latin-1")}}
    assert put(server, "a", package)[0] == 400


def test_bodies_beyond_the_limit(stored):
    server = stored("--max-body", "10K")
    big = HELLO + "//" + "x" * 20000
    status, _, _ = raw(
        server, "PUT", f"{LIST}/a", big.encode(), ["Content-Type: text/javascript"]
    )
    assert status == 413
    chunked = (
        f"PUT {LIST}/a HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {server.token}\r\n"
        "Content-Type: text/javascript\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode() + b"1000\r\n" + b"/" * 4096 + b"\r\n"
    answer = server.raw(chunked + (b"1000\r\n" + b"/" * 4096 + b"\r\n") * 3 + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert server.api("GET", f"{LIST}/a")[0] == 404
    server.deploy("a", HELLO)


def test_empty_bodies(stored):
    server = stored()
    for kind in ("text/javascript", "application/json"):
        status, _, body = raw(server, "PUT", f"{LIST}/a", b"", [f"Content-Type: {kind}"])
        assert (status, is_message(body)) == (400, True)
    server.deploy("a", "export const handler = (e) => [e.method, e.path].join()")
    status, _, body = raw(server, "POST", f"{LIST}/a/invoke")
    assert (status, json.loads(body)["result"]["body"]) == (200, "GET,/")


def package(**more):
    return {"main": "a.js", "files": {"a.js": HELLO}, **more}


def bombs():
    deep = much(20_000, 90_000)
    text = json.dumps(HELLO)
    start = '{"main":"a.js","files":{"a.js":' + text + "}"
    yield "[" * deep
    yield '{"a":' * deep
    yield "[" * deep + "]" * deep
    yield start + ',"env":' + "[" * deep + "]" * deep + "}"
    yield start + ',"env":' + '{"A":' * deep + "1" + "}" * deep + "}"
    yield start + ',"memory":1e999}'
    yield start + ',"memory":' + "9" * 5000 + "}"
    yield start + ',"memory":-1}'
    yield start + ',"memory":0.5}'
    yield start + ',"memory":"16X"}'
    yield start + ',"memory":"99999999999999999999G"}'
    yield start + ',"memory":null}'
    yield start + ',"timeout":0}'
    yield start + ',"timeout":1e308}'
    yield start + ',"timeout":"1h"}'
    yield start + ',"timeout":true}'
    yield start + ',"payload":"3.0"}'
    yield start + ',"payload":{}}'
    yield start + ',"__proto__":{"env":{}}}'
    yield start + ',"constructor":1}'
    yield start + ',"toString":null}'
    yield start + ',"routes":{}}'
    yield start + ',"routes":[1]}'
    yield start + ',"routes":[[["GET /"]]]}'
    yield start + ',"routes":["GET /a","get /a/"]}'
    yield start + ',"routes":[' + ",".join(['"GET /x"'] * 65) + "]}"
    yield start + ',"routes":["GET /' + "a" * 10000 + '"]}'
    yield start + ',"routes":["GET ' + "/{a+}" * 2000 + '"]}'
    yield start + ',"env":{"":""}}'
    yield start + ',"env":{"A=B":"1"}}'
    yield start + ',"env":{"A":"x\\u0000y"}}'
    yield start + ',"env":{"A":1}}'
    yield start + ',"env":{' + ",".join(f'"A{i}":"1"' for i in range(65)) + "}}"
    yield start + "," + ",".join(f'"m{i}":0' for i in range(10_000)) + "}"
    yield '{"main":"a.js","files":{' + ",".join(
        f'"{i}.js":""' for i in range(10_000)
    ) + "}}"
    yield '{"main":"b.js","files":{"a.js":' + text + "}}"
    yield '{"main":["a.js"],"files":{"a.js":' + text + "}}"
    yield '{"main":"a.js","files":{"a.js":null}}'
    yield '{"main":"a.js","files":{"a.js":"\\ud800"}}'
    yield '{"main":"a.js","files":[' + text + "]}"
    yield '{"files":{"a.js":' + text + "}}"
    yield '{"main":"a.js"}'
    yield "{}"
    yield "[]"
    yield "null"
    yield '"text"'
    yield "1"
    yield start
    yield start + "}}"
    yield start + "}\x00"
    yield start + ",}"
    yield "\ufeff" + start + "}"
    yield start.replace('"', "'") + "}"
    yield b"\xff\xfe" + start.encode() + b"}"
    yield start.encode() + b',"env":{"A":"\xc0\x80"}}'
    yield start.encode() + b',"env":{"A":"\xed\xa0\x80"}}'
    yield " " * 900_000
    yield "9" * 900_000
    yield '"' + "\\u0041" * 150_000
    yield "[" + "0," * 450_000 + "0]"


def test_json_bombs(stored):
    """Each is refused with a message, in a short time, and changes nothing."""
    server = stored()
    server.deploy("a", HELLO)
    for i, text in enumerate(bombs()):
        text = text if isinstance(text, bytes) else text.encode()
        status, _, body = raw(
            server, "PUT", f"{LIST}/a", text, ["Content-Type: application/json"]
        )
        assert status == 400, (i, text[:200], body)
        assert is_message(body) and len(body) < 4096, (i, body)
        status, _, body = raw(server, "POST", f"{LIST}/a/invoke", text)
        assert status in (200, 400), (i, text[:200], body)
    assert json.loads(server.api("GET", f"{LIST}/a")[2])["version"] == 1
    assert server.get("/a").text == "hi"


def test_members_that_are_there_twice(stored):
    """As JSON.parse has it, and what is stored has each once."""
    server = stored()
    text = (
        '{"main":"b.js","main":"a.js","files":{"x.js":"("},"files":{"a.js":"(",'
        '"a.js":' + json.dumps(HELLO) + '},"env":{"A":"1","A":"2"}}'
    )
    status, _, body = raw(
        server, "PUT", f"{LIST}/a", text.encode(), ["Content-Type: application/json"]
    )
    assert status == 201, body
    assert check_files(server, "a") == {
        "main": "a.js", "files": {"a.js": HELLO}, "env": {"A": "2"},
    }


def test_the_longest_texts(stored):
    """As long as a body may be, and what needs six times that when stored."""
    server = stored()
    source = HELLO + "//" + "\x01" * 1_000_000
    assert put(server, "a", source)[0] == 201
    assert check_files(server, "a")["files"]["a.js"] == source
    assert server.stop() == 0
    again = stored(store=server.store)
    assert again.get("/a").text == "hi"
    assert check_files(again, "a")["files"]["a.js"] == source


def test_events_are_only_data(stored):
    server = stored()
    server.deploy("a", "export const handler = (e) => Object.keys(e).join()")
    for body, expected in (
        (b'{"__proto__":{"x":1}}', 200),
        (b'{"path":1,"headers":null}', 200),
        (b'{"body":{"toString":1}}', 200),
        (b"[]", 400),
        (b"null", 400),
        (b"1", 400),
        (b'"x"', 400),
        (b"{", 400),
        (b"{}{}", 400),
        (b"\xff", 400),
        (b'{"a":"\xff"}', 400),
        (b"{}\x00", 400),
        (b'{"a":' + b"[" * 100_000, 400),
    ):
        status, _, answer = raw(server, "POST", f"{LIST}/a/invoke", body)
        assert status == expected, (body[:50], answer)
        assert json.loads(answer)
    assert server.get("/a").status == 200
