"""A fault in the engine costs the invocation that has it, and nothing else."""

import http.client
import json
import os
import signal
import subprocess
import threading
import time

import inject
import pytest
from attack import much
from conftest import PREFIX, SLOW, command

pytestmark = pytest.mark.skipif(
    inject.why_not() is not None, reason=str(inject.why_not())
)

# Works in the engine for as long as it may, when it is asked to.
BUSY = """
export const handler = (event) => {
  if (event.path.endsWith('/busy')) {
    for (let s = ''; ; s = JSON.stringify(JSON.parse('{"a":[1,2,3]}'))) {}
  }
  return 'fine'
}
"""
HELLO = "export const handler = () => 'hello'\n"
WHERE = "SIGSEGV at address 0x10"


def crash(server, path="/busy"):
    """Its answer to a request that crashes."""
    answers = []
    request = threading.Thread(target=lambda: answers.append(server.get(path)))
    request.start()
    time.sleep(0.1 * SLOW)
    assert inject.inject(server.pid) == 1
    request.join()
    return answers[0]


def test_a_crash(serve):
    server = serve(BUSY, "--timeout", "30s")
    pid = server.pid
    with server.connect() as waiting:
        answer = crash(server)
        assert answer.status == 500
        assert answer.headers["Isere-Error"] == "crash"
        assert json.loads(answer.text) == {
            "message": "The function ran into a fault of the server."
        }
        waiting.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert waiting.recv(100).startswith(b"HTTP/1.1 200 ")
    assert server.pid == pid
    assert server.get().text == "fine"
    assert server.stop() == 0
    assert f"] crashed: {WHERE}" in server.log()
    assert ", while handler ran\n" in server.log()


def test_the_third_crash_quarantines(stored):
    server = stored("--timeout", "30s")
    server.deploy("bad", BUSY)
    server.deploy("good", HELLO)
    for _ in range(3):
        assert server.get("/bad/").text == "fine"
        assert crash(server, "/bad/busy").headers["Isere-Error"] == "crash"
        assert server.get("/good").text == "hello"
    assert server.get("/bad/").headers["Isere-Error"] == "quarantined"
    assert server.get("/good").text == "hello"
    server.stop()
    assert "quarantined bad, version 1: 3 crashes within 60 s" in server.log()
    server = stored(store=server.store)
    assert server.get("/bad/").headers["Isere-Error"] == "quarantined"
    server.deploy("bad", BUSY)
    assert server.get("/bad/").text == "fine"


@pytest.mark.skipif(bool(PREFIX), reason="it is another process's child")
def test_counters_go_on_after_a_death(stored, monkeypatch):
    for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
        monkeypatch.setenv(name, os.environ.get(name, "") + ":handle_segv=0")
    server = stored("--timeout", "30s")
    server.deploy("bad", BUSY)
    crash(server, "/bad/busy")
    os.kill(server.pid, signal.SIGSEGV)
    server.wait_log("the server is back after")
    _, _, body = server.api("GET", "/_isere/metrics")
    assert b'\nisere_crashes_total{function="bad"} 1\n' in body


def test_one_function_is_quarantined_until_the_next_start(serve):
    server = serve(BUSY, "--timeout", "30s")
    for _ in range(3):
        assert crash(server).status == 500
    assert server.get().headers["Isere-Error"] == "quarantined"
    server.stop()
    assert serve(BUSY).get().text == "fine"


def test_an_init_phase_that_crashes(stored, serve):
    """A deploy of it fails, and `serve` does not start."""
    busy = "for (let s = ''; ; s = JSON.stringify([s.length])) {}\n" + HELLO
    server = stored("--init-timeout", "30s")
    server.deploy("good", HELLO)
    answers = []
    deploy = threading.Thread(
        target=lambda: answers.append(
            server.api(
                "PUT",
                "/_isere/v1/functions/bad",
                busy,
                {"Content-Type": "text/javascript"},
                timeout=60,
            )
        )
    )
    deploy.start()
    time.sleep(0.2 * SLOW)
    assert inject.inject(server.pid) == 1
    deploy.join()
    status, _, body = answers[0]
    assert status == 500, body
    assert json.loads(body)["message"].startswith(f"the init phase crashed: {WHERE}")
    assert server.get("/good").text == "hello"
    assert server.deploy("bad", HELLO)["version"] == 1
    alone = serve(busy, "--init-timeout", "30s", ready=False)
    time.sleep(0.3 * SLOW)
    assert inject.inject(alone.pid) == 1
    assert alone.wait() == 1
    assert "the init phase crashed: " + WHERE in alone.log()
    assert alone.log().endswith(", while handler started\n")


def test_a_further_init_phase_that_crashes(serve):
    """While the first instance serves: the log line has the function's name."""
    waits = f"export const handler = () => new Promise((r) => setTimeout(r, {3000 * SLOW}))\n"
    busy = f"const end = Date.now() + {2000 * SLOW}; while (Date.now() < end) {{}}\n{waits}"
    server = serve(busy, "--timeout", "60s", "--init-timeout", "60s", "--workers", "1")
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(server.get())) for _ in "12"
    ]
    for thread in threads:
        thread.start()
        time.sleep(0.3 * SLOW)
    assert inject.inject(server.pid) == 1
    for thread in threads:
        thread.join()
    assert [a.status for a in answers].count(200) >= 1
    assert server.stop() == 0
    line = [k for k in server.log().splitlines() if "init phase failed: " in k]
    assert len(line) == 1 and line[0].endswith(", while handler started")
    assert f"the init phase crashed: {WHERE}, code " in line[0]


def test_a_compiler_that_crashes(stored):
    lines = "".join(f"export const f{i} = (x) => x + {i}\n" for i in range(20000))
    server = stored("--init-timeout", "30s", "--memory", "64M")
    server.deploy("good", HELLO)
    done = threading.Event()
    answers = []

    def deploy():
        while not done.is_set():
            answers.append(
                server.api(
                    "PUT",
                    "/_isere/v1/functions/bad",
                    lines + HELLO,
                    {"Content-Type": "text/javascript"},
                    timeout=60,
                )
            )

    thread = threading.Thread(target=deploy)
    thread.start()
    assert inject.inject(server.pid, 5) == 5
    done.set()
    thread.join()
    crashed = [body for status, _, body in answers if status == 500]
    assert len(crashed) == 5, [a[0] for a in answers]
    assert all(b" crashed" in body for body in crashed)
    assert {a[0] for a in answers} <= {200, 201, 500}
    assert server.get("/good").text == "hello"


# ---- under load ----

# Much work for the engine, of many kinds, whose right result the client knows.
WORK = """
const table = new Map(Array.from({ length: 200 }, (_, i) => ['k' + i, i]))
export const handler = (event) => {
  const { id, n } = JSON.parse(event.rawBody)
  let sum = 0n
  for (let i = 0; i < n; i++) {
    const text = JSON.stringify({ id, i, list: [...table.keys()].slice(i % 50, i % 50 + 9) })
    sum += BigInt(text.replace(/k(\\d+)/g, (_, d) => d + id).length)
    sum ^= BigInt(table.get('k' + (i % 200)))
  }
  return { id, sum: String(sum), path: event.path }
}
"""


class Clients:
    """Clients that ask on connections of their own, without a pause, and know
    what is right."""

    def __init__(self, server, path, count, expected):
        self.server, self.path, self.expected = server, path, expected
        self.stop = threading.Event()
        self.right, self.crashed, self.wrong, self.took = 0, 0, [], []
        self.lock = threading.Lock()
        self.threads = [
            threading.Thread(target=self.run, args=(i,)) for i in range(count)
        ]

    def run(self, number):
        conn = http.client.HTTPConnection(
            self.server.host, self.server.port, timeout=60 * SLOW
        )
        turn = 0
        while not self.stop.is_set():
            turn += 1
            ident = f"{number}-{turn}"
            path = f"{self.path}/{ident}"
            body = json.dumps({"id": ident, "n": 40})
            began = time.monotonic()
            try:
                conn.request("POST", path, body)
                response = conn.getresponse()
                status, text = response.status, response.read()
            except OSError as error:
                status, text, response = 0, repr(error), None
            took = time.monotonic() - began
            with self.lock:
                self.took.append(took)
                self.judge(ident, path, status, text, response)
        conn.close()

    def judge(self, ident, path, status, text, response):
        if status == 500 and response.headers["Isere-Error"] == "crash":
            self.crashed += 1
        elif status == 200 and self.expected(ident, path, json.loads(text)):
            self.right += 1
        else:
            self.wrong.append((status, text))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def p99(self):
        took = sorted(self.took)
        return took[len(took) * 99 // 100]


def same(sums):
    """The answer is of this request, and the same as for others of its kind."""

    def check(ident, path, answer):
        length = len(ident)
        known = sums.setdefault(length, answer["sum"])
        return answer == {"id": ident, "sum": known, "path": path}

    return check


def release(server, name, timeout=60):
    status, _, body = server.api(
        "POST", f"/_isere/v1/functions/{name}/release", timeout=timeout
    )
    assert status == 200, body


def release_beside(server, name):
    """While one worker is busy: a connection may be its, and wait for it. The
    next one may be another's."""
    for _ in range(20):
        try:
            return release(server, name, timeout=0.5)
        except TimeoutError:
            pass
    raise AssertionError("no other worker took a connection")


def test_faults_under_load(stored):
    """Faults at random instructions while 40 clients ask: each costs the one
    request in which it was, and no other answer is wrong or another's."""
    server = stored("--timeout", "30s", "--workers", 2)
    server.deploy("f", WORK)
    pid = server.pid
    count = much(30, 1000)
    with Clients(server, "/f", 40, same({})) as clients:
        for _ in range(count // 2):
            # One more, and it would be quarantined.
            assert inject.inject(pid, 2) == 2
            time.sleep(0.02)
            release(server, "f")
    assert not clients.wrong, clients.wrong[:3]
    assert clients.crashed == count
    assert clients.right > 0
    assert server.pid == pid, "the server died"
    assert server.stop() == 0
    assert server.log().count("crashed: SIGSEGV at address 0x10, code") == count


ECHO = "export const handler = (event) => JSON.parse(event.rawBody)\n"


def test_a_crash_loop_beside_a_healthy_function(stored):
    """It is released each time, so that it goes on crashing. The healthy one's
    latency is reported: the machine may be busy."""
    server = stored("--timeout", f"{int(60 * SLOW)}s", "--workers", 2)
    server.deploy("bad", BUSY)
    server.deploy("good", ECHO)
    pid = server.pid
    echo = lambda ident, path, answer: answer == {"id": ident, "n": 40}
    with Clients(server, "/good", 2, echo) as alone:
        time.sleep(1 * SLOW)
    with Clients(server, "/good", 2, echo) as beside:
        for _ in range(much(12, 100)):
            answers = []
            busy = threading.Thread(
                target=lambda: answers.append(server.get("/bad/busy", timeout=90))
            )
            busy.start()
            time.sleep(0.02)
            while busy.is_alive():
                hit = inject.inject(pid, 1, patience=1)
                busy.join(0.05 * SLOW)
                if hit and busy.is_alive():
                    release_beside(server, "good")  # it was the other
            assert answers[0].headers["Isere-Error"] == "crash"
            release(server, "bad")
    assert not alone.wrong and not beside.wrong, beside.wrong[:3]
    assert beside.right > 0
    assert server.pid == pid
    print(
        f"p99 alone {alone.p99() * 1000:.1f} ms, beside {beside.p99() * 1000:.1f} ms"
    )


def test_an_invocation_without_a_server_that_crashes(tmp_path):
    (tmp_path / "h.js").write_text(BUSY)
    process = subprocess.Popen(
        command("invoke", "h.js", "--event", "-", "--timeout", "30s"),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdin.write('{"path": "/busy"}')
    process.stdin.close()
    time.sleep(0.2 * SLOW)
    assert inject.inject(process.pid) == 1
    out, err = process.stdout.read(), process.stderr.read()
    assert process.wait(10 * SLOW) == 1
    assert json.loads(out)["statusCode"] == 500
    assert f"crashed: {WHERE}" in err
