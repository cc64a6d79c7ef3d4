"""Deploys that are hurried, cut off, crowded or bad: nobody else notices, and
what is served is always one version, whole."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time

import conftest
import pytest
from attack import LONG, Askers, check_files, describe, in_threads, much, put
from conftest import SLOW

LIST = "/_isere/v1/functions"
HELLO = "export const handler = () => 'hi'"


def two_files(mark, **more):
    """A function whose answer shows whether all of it is of one version."""
    return {
        "main": "main.js",
        "files": {
            "main.js": "import { part } from './part.js'\n"
            "export const handler = (event, context) =>\n"
            f"  `{mark} ${{part}} ${{context.functionVersion}}`\n",
            "part.js": f"export const part = '{mark}'\n",
        },
        **more,
    }


# ---- kill -9 ----


class Author:
    """Changes one function until the server is gone. `sure` is the mark that
    was acknowledged last (None: there is no function), `maybe` what the change
    under way makes of it."""

    def __init__(self, name, seed):
        self.name = name
        self.random = random.Random(seed)
        self.count = 0
        self.sure = self.maybe = self.before = None

    def change(self, server):
        """One call; False when the server is gone."""
        path = f"{LIST}/{self.name}"
        kind = self.random.random()
        if kind < 0.1 and self.before is not None:
            self.maybe, call = self.before, ("POST", path + "/rollback")
        elif kind < 0.2 and self.sure is not None:
            self.maybe, call = None, ("DELETE", path)
        else:
            self.count += 1
            self.maybe = f"{self.name}-{self.count}"
            call = ("PUT", path, two_files(self.maybe))
        try:
            status, _, body = server.api(*call, timeout=60)
        except (OSError, conftest.http.client.HTTPException):
            return False
        assert status < 300, (call[:2], status, body)
        if call[0] == "PUT":
            self.before = self.sure
        else:
            self.before = None
        self.sure = self.maybe
        return True

    def check(self, server):
        """After a restart: it is one of both, and whole. Goes on from there."""
        status, _, body = server.api("GET", f"{LIST}/{self.name}")
        if status == 404:
            mark = None
        else:
            told = json.loads(body)
            assert told["status"] == "ok", told
            mark, part, version = server.get(f"/{self.name}").text.split()
            assert mark == part and int(version) == told["version"], told
            assert check_files(server, self.name)["files"] == (
                two_files(mark)["files"]
            )
        assert mark in (self.sure, self.maybe), (mark, self.sure, self.maybe)
        self.sure = self.maybe = mark
        self.before = None  # a rollback might be refused: it is not tried


def left_over(server):
    """Files of the store that belong to no version that is kept."""
    expected = {".lock"}
    for told in json.loads(server.api("GET", LIST)[2])["functions"]:
        expected |= {told["name"], f"{told['name']}.{told['version']}"}
        if told["previous"]:
            expected.add(f"{told['name']}.{told['previous']}")
    found = set(os.listdir(server.store / "functions"))
    assert set(os.listdir(server.store)) == {"functions", "token"}
    return found ^ expected


def test_kill_at_any_moment(stored):
    seed = int(os.environ.get("ISERE_TEST_SEED", time.time_ns() % 1000000))
    print("ISERE_TEST_SEED:", seed)
    moments = random.Random(seed)
    authors = [Author(name, seed + i) for i, name in enumerate("abc")]
    server = stored("--workers", 2)
    for _ in range(much(8, 200)):
        def work(i, server=server):
            while authors[i].change(server):
                pass

        threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(2):  # and load
            threading.Thread(target=ask_on, args=(server,), daemon=True).start()
        time.sleep(moments.uniform(0, 0.12 * SLOW))
        server.process.kill()
        for thread in threads:
            thread.join()
        server.kill()
        server = stored("--workers", 2, store=server.store)
        for author in authors:
            author.check(server)
        assert not left_over(server)
        assert "ERROR" not in server.log(), server.log()


def ask_on(server):
    conn = conftest.http.client.HTTPConnection(server.host, server.port)
    try:
        while True:
            conn.request("GET", "/a")
            response = conn.getresponse()
            response.read()
    except (OSError, conftest.http.client.HTTPException):
        conn.close()


# ---- redeploys under load ----


LUA = r"""
local count, wrong, example = 0, 0, ''
local n = 0
function setup(thread)
  threads = threads or {}
  table.insert(threads, thread)
end
function init()
  math.randomseed(os.time())
  n = math.random(1000000)
  number, bad, shown = 0, 0, ''
end
function request()
  n = n + 1
  if n % 4 == 0 then
    return wrk.format('GET', '/lazy/' .. n .. '/x/y?q=' .. n)
  end
  return wrk.format('GET', '/pair')
end
function response(status, headers, body)
  number = number + 1
  local a, b, c = body:match('^pair (%d+) (%d+) (%d+)$')
  local good = status == 200 and a and a == b and b == c
  if not good then
    local m, p, v, id, rest, key, q =
      body:match('^lazy (%d+) (%d+) (%d+) (%d+) (%S+) <(.-)> (%d+)$')
    good = status == 200 and m and m == p and p == v and id == q and
      rest == 'x/y' and key == 'GET /lazy/{id}/{rest+}'
  end
  if not good then
    bad = bad + 1
    shown = status .. ' ' .. body:sub(1, 200)
  end
end
function done(summary)
  for _, thread in ipairs(threads) do
    count = count + thread:get('number')
    wrong = wrong + thread:get('bad')
    if thread:get('shown') ~= '' then example = thread:get('shown') end
  end
  local e = summary.errors
  io.write(string.format('RESULT %d %d %d %s\n', count, wrong,
    e.connect + e.read + e.write + e.status + e.timeout, example))
end
"""


def pair(mark):
    return {
        "main": "main.js",
        "files": {
            "main.js": "import { part } from './part.js'\n"
            "export const handler = (event, context) =>\n"
            f"  `pair {mark} ${{part}} ${{context.functionVersion}}`\n",
            "part.js": f"export const part = '{mark}'\n",
        },
        "routes": ["GET /pair"],
    }


def lazy(mark):
    """Looks at the event only when another version may have come."""
    return {
        "main": "main.js",
        "files": {
            "main.js": "import { part } from './part.js'\n"
            "export const handler = async (event, context) => {\n"
            "  await new Promise((done) => setTimeout(done, 60))\n"
            "  const { id, rest } = event.pathParameters\n"
            "  const key = event.requestContext.routeKey\n"
            f"  return `lazy {mark} ${{part}} ${{context.functionVersion}} "
            "${id} ${rest} <${key}> ${event.queryStringParameters.q}`\n}\n",
            "part.js": f"export const part = '{mark}'\n",
        },
        "routes": ["GET /lazy/{id}/{rest+}"],
        "payload": "2.0",
    }


@pytest.mark.skipif(not shutil.which("wrk"), reason="no wrk")
def test_redeploys_under_load(stored, tmp_path):
    """No request fails or sees a mixture of two versions."""
    server = stored("--workers", 2, "--log-level", "warn")
    server.deploy("pair", pair(1))
    server.deploy("lazy", lazy(1))
    script = tmp_path / "check.lua"
    script.write_text(LUA)
    wrk = subprocess.Popen(
        ["wrk", "-t2", "-c16", "-d1000s", "--timeout", f"{int(20 * SLOW)}s",
         "-s", script, server.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    count = much(40, 1000)
    try:
        time.sleep(0.1)
        for i in range(2, count // 2 + 2):
            assert server.deploy("pair", pair(i), timeout=60)["version"] == i
            assert server.deploy("lazy", lazy(i), timeout=60)["version"] == i
        wrk.send_signal(signal.SIGINT)
        out, _ = wrk.communicate(timeout=60 * SLOW)
    finally:
        wrk.kill()
        wrk.wait()
    result = re.search(r"^RESULT (\d+) (\d+) (\d+) (.*)$", out, re.M)
    assert result, out
    assert int(result[1]) > count, out
    assert (result[2], result[3]) == ("0", "0"), out
    last = count // 2 + 1
    assert server.get("/pair").text == f"pair {last} {last} {last}"
    assert server.stop() == 0
    assert "ERROR" not in server.log(), server.log()


def test_requests_that_wait_get_the_new_version(stored):
    """Those that no instance has begun go to what is served when one does;
    direct invocations, too."""
    # The first request keeps the one instance until the deploy is done, also on
    # a machine that is busy with other tests.
    limit = f"{int(20 * SLOW)}s"
    ms = int(2000 * SLOW)
    server = stored("--workers", 1, "--instances", 1, "--timeout", limit)
    source = (
        "export const handler = async (e, { functionVersion }) => {"
        " if (e.path === '/f/hold')"
        f" await new Promise((done) => setTimeout(done, {ms}));"
        " return functionVersion + (e.a ?? '') }"
    )
    server.deploy("f", source)

    def ask(i):
        time.sleep(0.1 * i * SLOW)
        if i % 2 == 0:
            path = "/f/hold" if i == 0 else "/f"
            return server.get(path, timeout=30 * SLOW).text
        status, _, body = server.api(
            "POST", f"{LIST}/f/invoke", {"a": "x" * 3000}, timeout=30 * SLOW
        )
        return status, json.loads(body)["result"]["body"][:2]

    def deploy():
        time.sleep(0.4 * SLOW)
        return server.deploy("f", source + "//2", timeout=30 * SLOW)["version"]

    results = in_threads(lambda i: deploy() if i == 4 else ask(i), 5)
    assert results == ["1", (200, "2x"), "2", (200, "2x"), 2]
    assert server.stop() == 0


def test_a_function_goes_while_requests_wait(stored):
    server = stored("--workers", 1, "--instances", 1)
    server.deploy(
        "f",
        "export const handler = async () => { await new Promise("
        f"(done) => setTimeout(done, {int(300 * SLOW)})); return 'done' }}",
    )

    def ask(i):
        if i == 4:
            time.sleep(0.15 * SLOW)
            return server.api("DELETE", f"{LIST}/f")[0]
        time.sleep(0.03 * i * SLOW)
        if i % 2 == 0:
            return server.get("/f").status
        return server.api("POST", f"{LIST}/f/invoke", "{}")[0]

    assert in_threads(ask, 5) == [200, 404, 404, 404, 204]
    assert server.get("/f").status == 404


# ---- a full store ----


def full_store(tmp_path, monkeypatch):
    """A folder of 1 MB in a mount namespace of the server's own; skips where
    that is not allowed. Its token lies elsewhere."""
    store = tmp_path / "store"
    store.mkdir()
    token = tmp_path / "token"
    token.write_text("7" * 64)
    token.chmod(0o600)
    (store / "token").write_text("7" * 64)
    mount = 'mount -t tmpfs -o size=1M,mode=0700 none "$0" && exec "$@"'
    prefix = ["unshare", "-m" if os.getuid() == 0 else "-rm", "sh", "-c", mount,
              str(store)]
    if not shutil.which("unshare") or subprocess.run(
        [*prefix, "true"], capture_output=True, check=False
    ).returncode:
        pytest.skip("no file system may be mounted here")
    monkeypatch.setattr(conftest, "PREFIX", [*prefix, *conftest.PREFIX])
    return store, token


def test_a_full_store(stored, tmp_path, monkeypatch):
    store, token = full_store(tmp_path, monkeypatch)
    server = stored("--token-file", token, store=store)
    filler = "//" + "x" * 200_000
    server.deploy("old", HELLO + filler)
    statuses = []
    for i in range(10):
        status, answer = put(server, f"f{i}", HELLO + filler)
        statuses.append(status)
        if status != 201:
            break
    assert statuses.count(201) >= 2 and statuses[-1] == 507
    assert "full" in answer["message"]
    before = server.api("GET", LIST)[2]
    for name in ("old", "new"):
        for _ in range(3):
            assert put(server, name, HELLO + filler)[0] == 507
    # Nothing was changed, all go on.
    assert server.api("GET", LIST)[2] == before
    assert server.get("/old").text == "hi" and server.get("/f0").text == "hi"
    assert server.get("/new").status == 404
    check_files(server, "old")
    # And when there is room again, deploys work again.
    assert server.api("DELETE", f"{LIST}/f0")[0] == 204
    assert put(server, "old", "export const handler = () => 'new'" + filler)[0] == 200
    assert server.get("/old").text == "new"
    assert server.stop() == 0
    assert server.log().count("ERROR") == 0, server.log()


# ---- many at once ----


def test_deploys_of_one_function_at_once(stored):
    server = stored("--workers", 2)
    results = in_threads(lambda i: put(server, "f", two_files(f"m{i}")), 12)
    assert sorted(answer["version"] for _, answer in results) == [*range(1, 13)]
    assert sorted(status for status, _ in results) == [200] * 11 + [201]
    last = max(range(12), key=lambda i: results[i][1]["version"])
    assert server.get("/f").text == f"m{last} m{last} 12"
    assert describe(server, "f")["previous"] == 11
    check_files(server, "f")


def test_one_route_for_many(stored):
    server = stored("--workers", 2)
    results = in_threads(
        lambda i: put(server, f"f{i}", two_files(f"m{i}", routes=["GET /one/{a}"])),
        8,
    )
    statuses = [status for status, _ in results]
    assert sorted(statuses) == [201] + [409] * 7
    won = statuses.index(201)
    assert server.get("/one/x").text == f"m{won} m{won} 1"
    for status, answer in results:
        assert status == 201 or f"f{won}" in answer["message"], answer
    told = json.loads(server.api("GET", LIST)[2])["functions"]
    assert [f["name"] for f in told] == [f"f{won}"]


def test_more_deploys_than_may_wait(stored):
    """Some are refused, none is lost."""
    server = stored("--workers", 2)
    results = in_threads(lambda i: put(server, f"f{i % 5}", two_files(f"m{i}")), 48)
    taken = [answer for status, answer in results if status in (200, 201)]
    refused = [status for status, _ in results if status not in (200, 201)]
    assert set(refused) <= {503} and len(taken) >= 16
    versions = {}
    for answer in taken:
        versions.setdefault(answer["name"], []).append(answer["version"])
    for name, numbers in versions.items():
        assert sorted(numbers) == [*range(1, len(numbers) + 1)], name
        assert describe(server, name)["version"] == len(numbers)
        check_files(server, name)


def test_all_kinds_of_changes_at_once(stored):
    server = stored("--workers", 2)
    names = "ab"
    wrong = []

    def work(i):
        rng = random.Random(i)
        for _ in range(much(15, 200)):
            path = f"{LIST}/{rng.choice(names)}"
            call = rng.choice((
                ("PUT", path, two_files(f"m{i}")),
                ("PUT", path, two_files(f"m{i}", routes=["GET /shared"])),
                ("PUT", path, {"main": "a.js", "files": {"a.js": "throw 1"}}),
                ("POST", path + "/rollback"),
                ("DELETE", path),
                ("GET", path + "/files"),
                ("POST", path + "/invoke", "{}"),
            ))
            status, _, body = server.api(*call, timeout=30)
            if status not in (200, 201, 204, 400, 404, 409):
                wrong.append((call, status, body))

    def right(status, text):
        marks = text.split()
        return status in (404, 405) or (status == 200 and marks[0] == marks[1])

    with Askers(server, "/shared", right) as shared, Askers(server, "/a", right) as own:
        in_threads(work, 4)
    assert not wrong
    assert not shared.wrong and not own.wrong
    for told in json.loads(server.api("GET", LIST)[2])["functions"]:
        check_files(server, told["name"])
    assert not left_over(server)
    assert server.stop() == 0
    again = stored(store=server.store)
    assert "ERROR" not in again.log(), again.log()


# ---- bad functions ----


AWAY = "export const handler = () => 'bad';\n"
BAD = {
    "loop": "for (;;) {}",
    "async loop": "for (;;) await null",
    "memory": "const a = []; for (;;) a.push(new Array(1000).fill(1.5))",
    "one block": "globalThis.a = new Uint8Array(1 << 30)",
    "text": "let a = 'x'; for (;;) a += a",
    "thrown": "throw new Error('no')",
    "thrown null": "throw null",
    "thrown loop": "throw { toString() { for (;;); } }",
    "thrown getters": "throw { get message() { for (;;); }, get stack() { throw this } }",
    "thrown proxy": "throw new Proxy({}, { get() { for (;;); } })",
    "thrown long": "throw new Error('x'.repeat(1e6))",
    "rejected": "await Promise.reject(new TypeError('no'))",
    "never settled": "await new Promise(() => {})",
    "recursion": "(function f() { f() })()",
    "async recursion": "await (async function f() { await f() })()",
    "regular expression": "/^(([a-z])+.)+[A-Z]([a-z])+$/.test('a'.repeat(60))",
    "sort": "[3, 2, 1].sort(() => { for (;;); })",
    "getter": "JSON.stringify({ get a() { for (;;); } })",
    "finally": "for (;;) { try { for (;;); } finally { continue } }",
    "catch": "for (;;) { try { null.x } catch {} }",
    "catch memory": "let a = []; for (;;) try { for (;;) a.push('x'.repeat(1e5) + a.length) } catch { }",
    "jobs": "(function f() { Promise.resolve().then(f) })(); await new Promise(() => {})",
    "syntax": "const = 1",
    "unknown import": "import './nothing.js'",
    "deep": "(" * 200_000,
    "deep arrays": "x = " + "[" * 100_000 + "]" * 100_000,
    "deep functions": "(() => {" * 20_000 + "})" * 20_000,
    "long sum": "x = " + "+".join(["1"] * 200_000) + "; for (;;);",
    "many names": ";".join(f"let v{i}" for i in range(70_000)),
    "deep pattern": "/" + "(" * 60_000 + ")" * 60_000 + "/.test('x'); for (;;);",
    "long pattern": "new RegExp('a{1,60000}'.repeat(1000)); for (;;);",
    "templates": "`" + "${`" * 20_000 + "`}" * 20_000 + "`",
}


def test_bad_functions(stored):
    """Each is refused, and neither its old version nor others notice."""
    server = stored("--init-timeout", "500ms", "--workers", 2)
    server.deploy("f", "export const handler = () => 'old'")
    server.deploy("g", HELLO)
    kinds = [*BAD.items()]
    if not LONG:
        slow = ("loop", "memory", "thrown loop")
        kinds = [(k, s) for k, s in kinds if k in slow or "for (;;" not in s][:24]
        kinds += [(k, BAD[k]) for k in slow if k not in dict(kinds)]
    with Askers(server, "/f", lambda s, t: (s, t) == (200, "old"), 1, 0.01) as old, \
            Askers(server, "/g", lambda s, t: (s, t) == (200, "hi"), 1, 0.01) as other:
        for kind, source in kinds:
            status, answer = put(server, "f", AWAY + source, timeout=60)
            assert status == 400 and answer["message"], (kind, status, answer)
            assert len(json.dumps(answer)) < 20_000, kind
    assert not old.wrong and not other.wrong
    assert old.count > 10 and other.count > 10
    # None waited for a deploy; the time is generous, the machine may be busy.
    assert max(old.slowest, other.slowest) < 0.45 * max(SLOW, 1), (
        old.slowest, other.slowest)
    assert describe(server, "f")["version"] == 1
    assert server.stop() == 0


def test_handlers_that_are_none(stored):
    server = stored()
    for source in ("", "export default 1", "export const handler = 1",
                   "export let handler", "const handler = () => 1",
                   "export const handler = null", "module.exports = {}"):
        status, answer = put(server, "f", source)
        assert status == 400 and answer["message"], source
    assert server.api("GET", f"{LIST}/f")[0] == 404


@pytest.mark.parametrize(
    "source", ["for (;;) {}", "await new Promise((done) => setTimeout(done, 1e6))"]
)
def test_a_stop_does_not_wait_for_an_init_phase(stored, source):
    """Nor for deploys behind it, which are told so."""
    server = stored("--init-timeout", "60s", "--timeout", "300ms")
    server.deploy("f", HELLO)
    answers = []
    threads = [
        threading.Thread(target=in_vain, args=(server, i, source, answers), daemon=True)
        for i in range(3)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.4 * SLOW)
    assert server.get("/f").text == "hi"
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 5 * SLOW
    for thread in threads:
        thread.join()
    told = [(answer[0], answer[1]["message"]) for answer in answers if answer]
    assert told == [(503, "the server stops: nothing was changed")] * 2
    again = stored(store=server.store)
    assert [f["name"] for f in json.loads(again.api("GET", LIST)[2])["functions"]] == ["f"]
    assert not left_over(again)


def in_vain(server, i, source, answers):
    try:
        answers.append(put(server, f"bad{i}", AWAY + source, timeout=60))
    except (OSError, conftest.http.client.HTTPException):
        answers.append(None)


# ---- a worker that is busy ----


def test_a_change_waits_for_no_handler(stored):
    """One of two workers is in a handler: deploys of the other are answered
    before it ends, and what was asked of the busy one meets what they made."""
    server = stored(
        "--workers", 2, "--init-timeout", "60s", "--timeout", f"{int(6 * SLOW)}s"
    )
    server.deploy("loop", "export const handler = () => { for (;;); }")
    server.deploy("f", "export const handler = () => 'old'")
    ended = threading.Event()
    early = []

    def loop():
        assert server.get("/loop").status == 504
        ended.set()

    def change(i):
        # Who meets the busy worker is answered later.
        name = "f" if i % 2 else f"g{i}"
        status, answer = put(
            server, name, "export const handler = () => 'new'", 30 * SLOW
        )
        if status < 300 and not ended.is_set():
            early.append(name)
        return status if status < 300 or status == 503 else answer

    busy = threading.Thread(target=loop)
    busy.start()
    time.sleep(0.3 * SLOW)
    assert set(in_threads(change, 14)) <= {200, 201, 503}
    assert len(early) > 1, early
    if "f" not in early:
        assert put(server, "f", "export const handler = () => 'new'")[0] == 200
    assert in_threads(lambda i: server.get("/f").text, 12) == ["new"] * 12
    busy.join()
    assert ended.is_set()
