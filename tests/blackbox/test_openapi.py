"""docs/openapi.json is sound, and the server does what it says.

For each answer that it has, (method, path, status), the server is made to give
that answer, but for those in UNPROVOKED; then its content type, fields and body
must be as described.
"""

import json
import re
import signal
import threading
import time

import conftest
import pytest
import quarantine
import schema
from conftest import ROOT, SLOW

API = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
METHODS = ("get", "put", "post", "delete")

F = "/_isere/v1/functions"
ONE = F + "/{name}"
FILES, ROLLBACK, INVOKE = ONE + "/files", ONE + "/rollback", ONE + "/invoke"
RELEASE = ONE + "/release"
LOGS = "/_isere/v1/logs"

JS = {"Content-Type": "text/javascript"}
JSON = {"Content-Type": "application/json"}
HELLO = "export const handler = () => 'hi'\n"
PACKAGE = {"main": "a.js", "files": {"a.js": HELLO}}


def operations():
    for path, item in API["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def describe(method, path, status):
    """What the description has of an answer."""
    answers = API["paths"][path][method.lower()]["responses"]
    assert str(status) in answers, f"{method} {path}: {status} is not described"
    return schema.resolve(answers[str(status)], API)


# ---- the description itself ----


def walk(node, at=""):
    yield at, node
    items = ()
    if isinstance(node, dict):
        items = node.items()
    elif isinstance(node, list):
        items = enumerate(node)
    for key, child in items:
        yield from walk(child, f"{at}/{key}")


def test_references_resolve_and_all_parts_are_used():
    used = set()
    for at, node in walk(API):
        if isinstance(node, dict) and "$ref" in node:
            assert schema.resolve(node, API), at
            used.add(node["$ref"])
    for kind in ("parameters", "responses", "schemas"):
        for name in API["components"][kind]:
            assert f"#/components/{kind}/{name}" in used, name


def test_structure():
    assert re.fullmatch(r"3\.1\.\d", API["openapi"])
    assert set(API) == {
        "openapi", "info", "servers", "security", "paths", "components"
    }
    assert API["info"]["title"] and API["info"]["version"]
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids))
    for requirement in API["security"]:
        assert set(requirement) <= set(API["components"]["securitySchemes"])
    for path, item in API["paths"].items():
        assert path.startswith("/")
        assert set(item) <= {"parameters", *METHODS}
        declared = [
            schema.resolve(p, API)["name"] for p in item.get("parameters", [])
        ]
        assert declared == re.findall(r"\{(\w+)\}", path)


def test_operations():
    known = {
        "operationId", "summary", "security", "parameters", "requestBody",
        "responses",
    }
    for method, path, operation in operations():
        assert set(operation) <= known, (method, path)
        assert operation["summary"].endswith(".")
        for status, answer in operation["responses"].items():
            answer = schema.resolve(answer, API)
            assert 200 <= int(status) < 600
            assert answer["description"]
            assert set(answer) <= {"description", "headers", "content"}


def test_schemas_and_examples():
    for part in API["components"]["schemas"].values():
        schema.check_deep(part)
    examples = 0
    for at, node in walk(API["paths"]):
        if isinstance(node, dict) and "schema" in node:
            schema.check_deep(node["schema"])
            if "example" in node:
                schema.check(node["example"], node["schema"], API, at)
                examples += 1
    assert examples >= 2


def test_version_is_that_of_the_program(isere):
    assert isere("--version").stdout.split()[1] == API["info"]["version"]


def test_calls_are_those_of_the_server():
    """core/admin/call.c has a table of them."""
    source = (ROOT / "core" / "admin" / "call.c").read_text(encoding="utf-8")
    table = source[source.index("places[] = {") :]
    table = table[: table.index("\n};")]
    places = re.findall(r'\{"([^"]+)",\s*"([^"]+)",\s*([A-Z| ]+),', table)
    assert len(places) == len(API["paths"]) == table.count("\n    {")
    for path, allow, methods in places:
        path = "/_isere" + path.replace("*", "{name}")
        item = API["paths"].get(path, {})
        wanted = [m.strip() for m in methods.split("|")]
        assert {m.upper() for m in METHODS if m in item} == set(wanted), path
        with_head = wanted + (["HEAD"] if "GET" in wanted else [])
        assert allow == ", ".join(sorted(with_head))


# ---- asking ----

# What gets the plain success: (method, path): (body, fields).
USUAL = {
    ("put", ONE): (HELLO, JS),
    ("post", INVOKE): ('{"path": "/x"}', JSON),
}
RESPONSES_WITHOUT_A_BODY = (204, 304)


def check_body(body, kind, content, at):
    """A body against what `content` has for its type."""
    assert kind in content, f"{at}: {kind} is not described"
    wanted = content[kind]["schema"]
    if kind == "application/json":
        schema.check(json.loads(body), wanted, API, at)
    elif kind == "application/x-ndjson":
        for line in filter(None, body.decode().split("\n")):
            schema.check(json.loads(line), wanted, API, at)
    else:
        assert wanted == {"type": "string"}


def check_answer(method, path, answer):
    """An answer against the description of its status."""
    status, fields, body = answer
    described = describe(method, path, status)
    at = f"{method} {path}: {status}"
    for name, field in described.get("headers", {}).items():
        schema.check(fields[name], field["schema"], API, f"{at}: {name}")
    if "content" not in described:
        assert body == b"" and status in RESPONSES_WITHOUT_A_BODY, at
        return
    kind = fields["Content-Type"].partition(";")[0]
    check_body(body, kind, described["content"], at)


def ask(server, method, path, name="hello", **changes):
    """A call, as it usually is but for the changes; its answer is checked."""
    body, fields = USUAL.get((method, path), (None, {}))
    arguments = {"body": body, "headers": dict(fields), **changes}
    answer = server.api(
        method.upper(), path.replace("{name}", name), **arguments
    )
    check_answer(method, path.partition("?")[0], answer)
    return answer


@pytest.fixture
def server(stored):
    """A server with the function hello in its second version."""
    server = stored()
    server.deploy("hello", HELLO)
    server.deploy("hello", HELLO)
    return server


# ---- each answer, provoked ----


def spoil(server, blob):
    """Changes the last byte of a blob."""
    path = server.store / "functions" / blob
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def put_in_the_way(server, blob):
    """A folder where a blob should be."""
    path = server.store / "functions" / blob
    path.unlink(missing_ok=True)
    path.mkdir()


def conflict(server, method, path):
    server.deploy("other", {**PACKAGE, "routes": ["GET /a"]})
    body = {**PACKAGE, "routes": ["GET /a/"]}
    return ask(server, method, path, body=body, headers=JSON)


def no_way_back(server, method, path):
    ask(server, method, path)
    return ask(server, method, path)


def draining(server, method, path):
    """A request that had begun when the stop came."""
    with server.connect() as one, server.connect() as other:
        server.deploy(
            "slow",
            "export const handler = async () => {"
            " await new Promise((r) => setTimeout(r, 1000)); return '' }",
        )
        other.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        one.sendall(f"GET {path} HTTP/1.1\r\nHost: local".encode())
        time.sleep(0.2 * SLOW)
        server.signal(signal.SIGTERM)
        time.sleep(0.2 * SLOW)
        one.sendall(b"host\r\n\r\n")
        head, _, body = one.recv(4096).partition(b"\r\n\r\n")
    lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
    assert json.loads(body)["status"] == "draining"
    answer = int(head.split()[1]), dict(lines), body
    check_answer(method, path, answer)
    return answer


def while_changes_wait(server, method, path):
    """With one deploy under way and 16 that wait, for as long as it takes."""
    slow = f"await new Promise((r) => setTimeout(r, 50))\n{HELLO}"
    done = []
    enough = threading.Event()

    def deploy(i):
        while not enough.is_set():
            done.append(
                ask(server, "put", ONE, f"slow{i}", body=slow, timeout=60)
            )

    threads = [threading.Thread(target=deploy, args=(i,)) for i in range(24)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 10 * SLOW
    answer = ask(server, method, path)
    while answer[0] != 503 and time.monotonic() < end:
        answer = ask(server, method, path)
    enough.set()
    for thread in threads:
        thread.join()
    assert {status for status, _, _ in done} <= {200, 201, 503}
    return answer


def while_all_are_busy(stored):
    server = stored(
        "--instances", 1, "--queue", 0, "--workers", 1, "--timeout", "60s"
    )
    wait = int(1500 * SLOW)
    server.deploy(
        "slow",
        f"export const handler = () => new Promise((r) => setTimeout(r, {wait}))",
    )
    busy = threading.Thread(target=server.get, args=("/slow",))
    busy.start()
    time.sleep(0.4 * SLOW)
    answer = ask(server, "post", INVOKE, "slow")
    assert answer[1]["Isere-Error"] == "busy"
    busy.join()
    return answer


def deploy_moody(server):
    """Its top-level code does something else later on, which is now."""
    until = time.time() + 1.5 * SLOW
    server.deploy(
        "moody",
        f"if (Date.now() > {until * 1000}) throw new Error('late')\n{HELLO}",
    )
    time.sleep(max(0, until - time.time()) + 0.1)


def when_it_does_not_start(server, method, path):
    deploy_moody(server)
    return ask(server, method, path, "moody")


def when_it_can_not_be_released(server, stored, method, path):
    deploy_moody(server)
    server.stop()
    quarantine.write(server.store, [("moody", 1, True)])
    server = stored(store=server.store)
    answer = ask(server, method, path, "moody")
    assert server.get("/moody").headers["Isere-Error"] == "quarantined"
    return answer


def with_quarantine(server):
    """Stops it; hello and another function are quarantined then."""
    server.deploy("other", HELLO)
    server.stop()
    quarantine.write(server.store, [("hello", 2, True), ("other", 1, True)])


def on_a_full_store(stored, monkeypatch, server, method, path):
    """The same store, in a process whose files may have no bytes."""
    if path == RELEASE:
        with_quarantine(server)
    server.stop()
    limit = 'trap "" XFSZ; ulimit -f 0; exec "$@"'
    monkeypatch.setattr(
        conftest, "PREFIX", ["sh", "-c", limit, "sh", *conftest.PREFIX]
    )
    return ask(stored(store=server.store), method, path)


def answer_409(server, method, path):
    act = conflict if method == "put" else no_way_back
    return act(server, method, path)


def answer_500(server, stored, method, path):
    if path == RELEASE:
        with_quarantine(server)
        server = stored(store=server.store)
        put_in_the_way(server, quarantine.BLOB)
    elif path == INVOKE:
        return when_it_does_not_start(server, method, path)
    elif method == "delete":
        put_in_the_way(server, "hello")
    else:
        spoil(server, {FILES: "hello.2", ROLLBACK: "hello.1"}[path])
    return ask(server, method, path)


def answer_503(server, method, path):
    draws = draining if path == "/_isere/health" else while_changes_wait
    return draws(server, method, path)


def answer_400(server, method, path):
    if path == LOGS:
        answer = server.api("GET", f"{LOGS}?level=loud")
        check_answer(method, path, answer)
        return answer
    return ask(server, method, path, "NO")


SIMPLE = {
    201: {"name": "new"},
    401: {"token": False},
    403: {"headers": {"Host": "elsewhere.example"}},
    404: {"name": "none"},
    413: {"body": "x" * (1 << 20) + "x"},
    415: {"headers": {}},
}
SPECIAL = {
    400: answer_400,
    409: answer_409,
    503: answer_503,
}
# Where memory ends, which the system does not do for a test. 503 of the calls
# that wait for their turn is provoked; and what a broken store does to a deploy
# is in tests/unit/store/test_store_faults.c.
UNPROVOKED = {
    *((m, p, 503) for m, p, _ in operations()
      if p in ("/_isere/", "/_isere/metrics", LOGS, F) or (m, p) == ("get", ONE)),
    ("put", ONE, 500),
}
DESCRIBED = [
    (method, path, int(status))
    for method, path, operation in operations()
    for status in operation["responses"]
]


def provoke(server, stored, monkeypatch, method, path, status):
    if status == 304:
        tag = ask(server, method, path)[1]["ETag"]
        return ask(server, method, path, headers={"If-None-Match": tag})
    if status == 507:
        return on_a_full_store(stored, monkeypatch, server, method, path)
    if (path, status) == (INVOKE, 503):
        return while_all_are_busy(stored)
    if (path, status) == (RELEASE, 409):
        return when_it_can_not_be_released(server, stored, method, path)
    if status == 500:
        return answer_500(server, stored, method, path)
    if status in SPECIAL:
        return SPECIAL[status](server, method, path)
    return ask(server, method, path, **SIMPLE.get(status, {}))


@pytest.mark.parametrize(
    "method, path, status",
    [case for case in DESCRIBED if case not in UNPROVOKED],
)
def test_answer(server, stored, monkeypatch, method, path, status):
    answer = provoke(server, stored, monkeypatch, method, path, status)
    assert answer[0] == status, answer[2]


def test_what_is_not_provoked_is_described():
    assert UNPROVOKED <= set(DESCRIBED)


@pytest.mark.parametrize("method, path", [op[:2] for op in operations()])
def test_every_mistake_is_described(server, method, path):
    """Whatever is wrong with a call: `ask` fails for what is not described."""
    ask(server, method, path, token=False)
    ask(server, method, path, token="0" * 64)
    ask(server, method, path, headers={"Origin": "http://elsewhere.example"})
    if "{name}" in path:
        ask(server, method, path, "n" * 33)
        ask(server, method, path, "none")
    if method != "get":
        ask(server, method, path, body="{", headers=JSON)
        ask(server, method, path, body="x", headers={"Content-Type": "text/plain"})


# ---- more than one way to an answer ----


@pytest.mark.parametrize("path", API["paths"])
def test_other_methods_are_refused(server, path):
    item = API["paths"][path]
    allowed = {m.upper() for m in METHODS if m in item}
    allowed |= {"HEAD"} if "get" in item else set()
    place = path.replace("{name}", "hello")
    for method in {"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"} - allowed:
        status, fields, body = server.api(method, place)
        assert status == 405
        assert fields["Allow"] == ", ".join(sorted(allowed))
        schema.check(json.loads(body), API["components"]["schemas"]["Message"], API)
    if "get" in item:
        status, _, body = server.api("HEAD", place)
        assert (status, body) == (200, b"")


def test_functions_of_every_kind(stored):
    server = stored()
    server.deploy("plain", HELLO)
    server.deploy("gone", HELLO)
    server.deploy(
        "full",
        {**PACKAGE, "routes": ["get /pets/{id}/", "$default"], "payload": "1.0",
         "env": {"A": "", "B_1": "\n"}, "memory": "1M", "timeout": "2s"},
    )
    server.stop()
    spoil(server, "gone.1")
    server = stored(store=server.store)
    answer = json.loads(ask(server, "get", F)[2])
    assert [f["status"] for f in answer["functions"]] == ["ok", "broken", "ok"]
    for name in ("plain", "gone", "full"):
        ask(server, "get", ONE, name)
    for name in ("plain", "full"):
        ask(server, "get", FILES, name)
    assert ask(server, "get", FILES, "gone")[0] == 500
    assert ask(server, "post", INVOKE, "gone")[0] == 404


@pytest.mark.parametrize(
    "source, error",
    [
        ("return { statusCode: 200, headers: { a: ['1', '2'] } }", None),
        ("return new Uint8Array([255])", None),
        ("console.debug('no'); console.log('yes'); throw 1", "exception"),
        ("for (;;) {}", "timeout"),
        ("const f = () => 1 + f(); f()", "stack"),
        ("for (const a = [];;) a.push(new Array(1000).fill(0))", "memory"),
        ("return { statusCode: 1 }", "malformed"),
    ],
)
def test_invocations_of_every_kind(server, source, error):
    server.deploy(
        "f",
        {"main": "f.js", "memory": "1M", "timeout": "300ms",
         "files": {"f.js": f"export const handler = () => {{ {source} }}"}},
    )
    answer = ask(server, "post", INVOKE, "f")
    assert json.loads(answer[2])["error"] == error


def test_log_lines_of_every_kind(server):
    source = "console.error('a'); console.warn('\\n\"\u00e9'); console.info(1)"
    server.deploy("f", f"{source}\nexport const handler = () => {{ {source} }}")
    server.get("/f")
    for query in ("", "?level=warn", "?function=f&level=error", "?follow=0"):
        answer = server.api("GET", LOGS + query)
        assert answer[0] == 200 and answer[2]
        check_answer("get", LOGS, answer)
    for query in ("?level=", "?follow=1&x=1", "?function=F"):
        answer = server.api("GET", LOGS + query)
        check_answer("get", LOGS, answer)
        assert answer[0] == 400


@pytest.mark.parametrize("event", ["[1]", "1", "{", "{} {}", "null", "\0", "{}x"])
def test_events_that_are_none(server, event):
    assert ask(server, "post", INVOKE, body=event)[0] == 400


def test_event_may_be_left_out(server):
    assert ask(server, "post", INVOKE, body=None, headers={})[0] == 200


@pytest.mark.parametrize(
    "source",
    ["export const handler = () => }", "throw new Error('no')", "import './x.js'",
     "", "export const handler = 1", "for (;;) {}", "\0"],
)
def test_sources_that_are_refused(stored, source):
    server = stored("--init-timeout", "300ms")
    assert ask(server, "put", ONE, body=source)[0] == 400


# ---- packages ----

REFUSED = [
    None, [], "a.js", {}, {"main": "a.js"}, {"files": {"a.js": HELLO}},
    {**PACKAGE, "other": 1}, {**PACKAGE, "main": 1},
    {**PACKAGE, "files": []}, {**PACKAGE, "files": {"a.js": 1}},
    {**PACKAGE, "files": {**PACKAGE["files"], "": ""}},
    {**PACKAGE, "files": {**PACKAGE["files"], "a" * 160: ""}},
    {**PACKAGE, "files": {**{f"{i}.js": "" for i in range(64)}, "a.js": HELLO}},
    {**PACKAGE, "routes": "GET /"}, {**PACKAGE, "routes": [1]},
    {**PACKAGE, "routes": [f"GET /{i}" for i in range(65)]},
    {**PACKAGE, "env": {"1": ""}}, {**PACKAGE, "env": {"A": 1}},
    {**PACKAGE, "env": {f"A{i}": "" for i in range(65)}},
    {**PACKAGE, "env": []}, {**PACKAGE, "memory": 0},
    {**PACKAGE, "memory": "16 M"}, {**PACKAGE, "memory": True},
    {**PACKAGE, "memory": 1.5}, {**PACKAGE, "timeout": "3 s"},
    {**PACKAGE, "timeout": 0}, {**PACKAGE, "timeout": None},
    {**PACKAGE, "payload": 2.0}, {**PACKAGE, "payload": "3.0"},
]
# What the server refuses, and the description says in words only.
REFUSED_TOO = [
    {**PACKAGE, "main": "b.js"}, {**PACKAGE, "memory": "1K"},
    {**PACKAGE, "memory": "4G"}, {**PACKAGE, "timeout": "0s"},
    {**PACKAGE, "timeout": "1441m"}, {**PACKAGE, "env": {"A": "\0"}},
    {**PACKAGE, "routes": ["/"]}, {**PACKAGE, "routes": ["GET /_isere/x"]},
    *({**PACKAGE, "files": {**PACKAGE["files"], name: ""}}
      for name in ("../a.js", "/a.js", "a//b.js", "./b.js", "b\\c.js", "a\0")),
]
TAKEN = [
    PACKAGE, {**PACKAGE, "routes": []}, {**PACKAGE, "env": {}},
    {**PACKAGE, "routes": [f"GET /{i}" for i in range(64)]},
    {**PACKAGE, "memory": 1 << 20, "timeout": 1},
    {**PACKAGE, "memory": "512K", "timeout": "1m", "payload": "2.0"},
    {**PACKAGE, "files": {**PACKAGE["files"], "b" * 159: ""}},
    {**PACKAGE, "files": {**PACKAGE["files"], "l/b.js": "", "é.js": ""}},
]


def deploy_package(server, package):
    return ask(server, "put", ONE, body=json.dumps(package), headers=JSON)


def test_packages(server):
    """The schema and the server agree on what a package is."""
    wanted = API["components"]["schemas"]["Package"]
    for package in TAKEN:
        assert schema.is_valid(package, wanted, API), package
        assert deploy_package(server, package)[0] == 200, package
        kept = ask(server, "get", FILES)
        again = ask(server, "put", ONE, body=kept[2], headers=JSON)
        assert again[0] == 200
        assert ask(server, "get", FILES)[2] == kept[2]
    for package in REFUSED:
        assert not schema.is_valid(package, wanted, API), package
        assert deploy_package(server, package)[0] == 400, package
    for package in REFUSED_TOO:
        assert schema.is_valid(package, wanted, API), package
        assert deploy_package(server, package)[0] == 400, package


# ---- the checker ----


@pytest.mark.parametrize(
    "part, value",
    [
        ("Message", {}), ("Message", {"message": 1}),
        ("Message", {"message": "", "more": 1}),
        ("DeployError", {"message": "", "line": 1}),
        ("Name", "A"), ("Name", ""), ("Name", "a" * 33), ("Name", None),
        ("Function", {"name": "a", "version": 1, "status": "ok"}),
        ("LogLine", {"lost": 0}), ("LogLine", {"lost": True}),
        ("Health", {"status": "up", "version": "", "uptime": 1}),
        ("Health", {"status": "ok", "version": "", "uptime": "1"}),
        ("FunctionList", {"functions": [1]}),
    ],
)
def test_checker_finds_what_is_wrong(part, value):
    with pytest.raises(schema.Wrong):
        schema.check(value, API["components"]["schemas"][part], API)
