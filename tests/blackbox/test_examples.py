"""The functions in examples/: deployed as examples/README.md says, and within
what a device has for a function."""

import argparse
import base64
import hashlib
import hmac
import json
import re
import shlex
import threading
import time

import pytest
from conftest import ROOT, SLOW

README = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
SECRET = "the-secret"

# Of a device (docs/firmware.md): the longest body, and what of a heap is the
# function's own.
BODY_MAX = 16 * 1024
DATA_MAX = 64 * 1024


def deploy_commands():
    """{name: arguments} of the README's `isere deploy` commands."""
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("--name")
    parser.add_argument("--route", action="append", default=[])
    parser.add_argument("--env", action="append", default=[])
    found = {}
    for line in README.replace("\\\n", " ").splitlines():
        if line.startswith("build/isere deploy "):
            args = parser.parse_args(shlex.split(line)[2:])
            name = args.name or args.module.rpartition("/")[2][: -len(".js")]
            found[name] = args
    return found


COMMANDS = deploy_commands()


def files_of(path):
    """{name: source} of a module and its relative imports, in its folder."""
    folder = path.parent
    files, left = {}, [path]
    while left:
        file = left.pop()
        source = file.read_text(encoding="utf-8")
        files[file.relative_to(folder).as_posix()] = source
        for name in re.findall(r"^import .* from '(\./[^']+)'", source, re.M):
            left.append(file.parent / name)
    return files


def document_of(name):
    args = COMMANDS[name]
    path = ROOT / args.module
    document = {
        "main": path.name,
        "files": files_of(path),
        "routes": args.route,
        "memory": "256K",  # the least that Linux gives a function
    }
    if args.env:
        document["env"] = dict(pair.split("=", 1) for pair in args.env)
    return document


@pytest.fixture
def example(stored):
    """example(NAME) -> a server with that example alone."""

    def start(name):
        server = stored()
        server.deploy(name, document_of(name))
        return server

    return start


def test_all_of_them_are_in_the_readme():
    sources = {
        p.relative_to(ROOT / "examples").as_posix()
        for p in (ROOT / "examples").rglob("*.js")
    }
    packed = set()
    for args in COMMANDS.values():
        folder = (ROOT / args.module).parent.relative_to(ROOT / "examples")
        packed |= {(folder / n).as_posix() for n in files_of(ROOT / args.module)}
        assert f"]({args.module.removeprefix('examples/')})" in README
    assert packed == sources
    assert len(COMMANDS) == 5


@pytest.mark.parametrize("name", COMMANDS)
def test_comment_has_the_same_command(name):
    args = COMMANDS[name]
    top = (ROOT / args.module).read_text(encoding="utf-8").partition("*/")[0]
    command = re.search(r"isere deploy (.*\\\n)*.*", top)[0]
    words = shlex.split(re.sub(r"\\\n \*", " ", command))
    routes = [b for a, b in zip(words, words[1:]) if a == "--route"]
    assert words[2] == args.module
    assert routes == args.route


def metric(server, name, function):
    text = server.api("GET", "/_isere/metrics")[2].decode()
    line = re.search(rf'^{name}{{function="{function}"}} (\S+)$', text, re.M)
    return float(line[1])


GETS = {
    "hello": ["/hello/Ada"],
    "parts": ["/parts", "/parts/m3x8"],
    "counter": ["/counter"],
    "status": ["/status", "/status.json"],
}


def test_all_fit_beside_each_other_on_a_device(stored):
    server = stored()
    server.deploy("empty", "export const handler = () => ''")
    for name in COMMANDS:
        document = document_of(name)
        assert len(json.dumps(document)) < BODY_MAX
        server.deploy(name, document)
    server.get("/empty")
    engine = metric(server, "isere_heap_used_bytes", "empty")
    for name, paths in GETS.items():
        for path in paths:
            assert server.get(path).status == 200
    # JSON.parse takes twice its text: bodies of 12 KB are certain to fit.
    for body in (b"a" * 12 * 1024, b"\xff" * 12 * 1024):
        assert call(server, body, signed(body))[0] == 400
    for name in COMMANDS:
        # Pointers are twice as long here, so this is less on a device. There
        # heaps have no frozen part either, whose shapes a request has to copy:
        # webhook takes 75,944 bytes with it, and 62,664 without.
        peak = metric(server, "isere_heap_peak_bytes", name)
        assert peak - engine < DATA_MAX * 5 // 4, name


def test_hello(example):
    server = example("hello")
    assert server.get("/hello").text == "Hello world\n"
    assert server.get("/hello/Ada%20L").text == "Hello Ada L\n"
    assert server.post("/hello", "").status == 405
    assert server.get("/hello/a/b").status == 404


# ---- parts ----


def ask(server, method, path, body=None):
    body = body if body is None or isinstance(body, str) else json.dumps(body)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    answer = server.request(method, path, body, headers)
    return answer.status, json.loads(answer.body)


def test_parts_lists_and_shows(example):
    server = example("parts")
    status, answer = ask(server, "GET", "/parts")
    assert status == 200
    assert [p["id"] for p in answer["parts"]] == ["m3x8", "m3-nut", "rpi-pico2"]
    assert len(ask(server, "GET", "/parts?name=M3")[1]["parts"]) == 2
    assert ask(server, "GET", "/parts?name=none")[1] == {"parts": []}
    assert ask(server, "GET", "/parts/m3x8")[1]["cents"] == 4
    assert ask(server, "GET", "/parts/%6d3x8")[1]["id"] == "m3x8"
    for path in ("/parts/none", "/parts/__proto__", "/parts/%F0%9F%94%A9"):
        status, answer = ask(server, "GET", path)
        assert (status, list(answer)) == (404, ["message"])
    assert server.request("DELETE", "/parts/m3x8").status == 405


def test_parts_quotes(example):
    server = example("parts")
    path = "/parts/m3x8/quotes"
    right = {"quantity": 200, "express": True}
    for _ in range(3):  # the same each time: nothing is kept
        assert ask(server, "POST", path, right) == (
            201,
            {"part": "m3x8", "cents": 720 + 900, **right},
        )
    assert ask(server, "POST", path, {"quantity": 10})[1]["cents"] == 40
    assert ask(server, "POST", "/parts/none/quotes", right)[0] == 404


@pytest.mark.parametrize(
    "body, problem",
    [
        ({}, "quantity must be"),
        ({"quantity": "1"}, "quantity must be"),
        ({"quantity": 0}, "quantity must be"),
        ({"quantity": 1.5}, "quantity must be"),
        ({"quantity": 12001}, "only 12000"),
        ({"quantity": 1, "express": "yes"}, "express must be"),
        ({"quantity": 1, "colour": "red"}, "colour is not known"),
        ('{"quantity": 1, "__proto__": {}}', "__proto__ is not known"),
        ([], "must be a JSON object"),
        ("null", "must be a JSON object"),
        ("{", "must be a JSON object"),
        ("", "must be a JSON object"),
    ],
)
def test_parts_refuses(example, body, problem):
    status, answer = ask(example("parts"), "POST", "/parts/m3x8/quotes", body)
    assert status == 422
    assert len(answer["problems"]) == 1 and problem in answer["problems"][0]


def test_parts_names_all_problems(example):
    body = {"quantity": -1, "express": 1, "colour": 1}
    answer = ask(example("parts"), "POST", "/parts/m3x8/quotes", body)[1]
    assert len(answer["problems"]) == 3


# ---- webhook ----


def signed(body, secret=SECRET):
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def call(server, body, signature=None, event="push"):
    headers = {"Content-Type": "application/json"}
    if event is not None:
        headers["X-GitHub-Event"] = event
    if signature is not None:
        headers["X-Hub-Signature-256"] = signature
    answer = server.post("/webhook", body, headers)
    return answer.status, json.loads(answer.body or b"null")


def test_webhook_takes_what_is_signed(example):
    server = example("webhook")
    body = json.dumps({"ref": "refs/heads/main", "commits": [1]}).encode()
    assert call(server, body, signed(body)) == (
        202,
        {"message": "thank you for refs/heads/main"},
    )
    server.wait_log("push to refs/heads/main with 1 commits")
    body = '{"zen": "Größe, 日本, 🙂"}'.encode()
    assert call(server, body, signed(body), "ping") == (
        200,
        {"message": "pong: Größe, 日本, 🙂"},
    )
    for event in ("star", None, "__proto__", "constructor"):
        assert call(server, body, signed(body), event) == (204, None)


def test_webhook_refuses_what_is_not(example):
    server = example("webhook")
    body = b'{"ref": "x"}'
    right = signed(body)
    wrong = [
        None,
        "",
        right[:-1],
        right + "0",
        right.upper(),
        right.removeprefix("sha256="),
        "sha1=" + right.removeprefix("sha256="),
        right[:-1] + ("0" if right[-1] != "0" else "1"),
        signed(body, "another"),
        signed(body + b" "),
        signed(b""),
    ]
    for signature in wrong:
        assert call(server, body, signature) == (
            401,
            {"message": "the signature is missing or wrong"},
        ), signature
    assert call(server, body, right)[0] == 202
    assert server.get("/webhook").status == 405


def test_webhook_signs_bytes_of_any_kind_and_length(example):
    """Around the ends of blocks, as text and as base64; none of it is JSON,
    which is said only to whoever has signed it."""
    server = example("webhook")
    lengths = [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128, BODY_MAX]
    for length in lengths:
        for body in (b"a" * length, bytes(i % 256 for i in range(length))):
            status, answer = call(server, body, signed(body))
            assert status == 400, (length, answer)
    for body in (b"null", b"17", b'"text"', "é".encode() * 99 + b"\0\xff"):
        assert call(server, body, signed(body))[0] == 400
    utf16 = '{"zen": 1}'.encode("utf-16")
    text = base64.b64encode(utf16)
    # What the function sees of these bytes is not what is signed.
    assert call(server, utf16, signed(text))[0] == 401
    assert call(server, text, signed(text))[0] == 400


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
def test_webhook_takes_secrets_of_any_length(stored, length):
    server = stored()
    document = document_of("webhook")
    secret = ("s€cret" * length)[:length]
    document["env"] = {"WEBHOOK_SECRET": secret}
    server.deploy("webhook", document)
    body = b'{"zen": "!"}'
    assert call(server, body, signed(body, secret), "ping")[0] == 200
    assert call(server, body, signed(body), "ping")[0] == 401


def test_webhook_without_a_secret_is_not_deployed(stored):
    server = stored()
    document = document_of("webhook")
    del document["env"]
    status, _, answer = server.api(
        "PUT", "/_isere/v1/functions/webhook", document
    )
    assert status == 400
    answer = json.loads(answer)
    assert "--env WEBHOOK_SECRET" in answer["message"]
    assert answer["file"] == "webhook.js" and answer["line"] > 1


# ---- counter ----


def test_counter_page(example):
    server = example("counter")
    page = server.get("/counter")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "'/counter/next'" in page.text


def test_counter_waits_for_the_next_value(example):
    server = example("counter")
    first = json.loads(server.get("/counter/next").body)
    assert first["count"] == 0
    since, last = first["since"], 0
    for _ in range(2):
        path = f"/counter/next?since={since}&after={last}"
        answer = json.loads(server.get(path).body)
        assert answer["since"] == since
        assert answer["count"] > last
        last = answer["count"]
    # Not before the second is over, by the server's own clock.
    assert time.time() * 1000 >= since + last * 1000
    # What is not due for long is not waited for that long.
    begun = time.monotonic()
    server.get(f"/counter/next?since={since}&after=1000")
    assert 1.9 <= time.monotonic() - begun < 2.9 * SLOW


def test_counter_pages_do_not_hold_each_other_up(example):
    server = example("counter")
    since = json.loads(server.get("/counter/next").body)["since"]
    path = f"/counter/next?since={since}&after=1000"
    begun = time.monotonic()
    threads = [threading.Thread(target=server.get, args=(path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    before = time.monotonic()
    assert server.get("/counter").status == 200  # beside those that wait
    assert time.monotonic() - before < 1 * SLOW
    for thread in threads:
        thread.join()
    assert time.monotonic() - begun < 4 * SLOW


@pytest.mark.parametrize(
    "query",
    ["since=soon", "since=-1", "since=9999999999999999", "since=1&after=x",
     "since=999999999999999", "since=1&after=-2"],
)
def test_counter_refuses(example, query):
    assert example("counter").get(f"/counter/next?{query}").status == 400


# ---- status ----


def test_status(example):
    server = example("status")
    agent = {"User-Agent": "<script>&\"'"}
    page = server.get("/status", agent)
    assert page.status == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text
    assert "&lt;script&gt;&amp;&quot;'" in page.text
    status = json.loads(server.get("/status.json", agent).body)
    assert status["function"]["name"] == "status"
    assert status["function"]["version"] == "1"
    assert status["function"]["memory limit"] == "256 KB"
    assert status["request"]["user agent"] == agent["User-Agent"]
    assert status["request"]["from"] == "127.0.0.1"
    server.deploy("status", document_of("status"))
    status = json.loads(server.get("/status.json").body)
    assert status["function"]["version"] == "2"
    assert server.get("/status.html").status == 404
