"""A fault in the engine costs the invocation that has it, and nothing else."""

import json
import threading
import time

import inject
import pytest
from conftest import SLOW

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


def test_the_third_crash_quarantines(platform):
    server = platform("--timeout", "30s")
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
    server = platform(store=server.store)
    assert server.get("/bad/").headers["Isere-Error"] == "quarantined"
    server.deploy("bad", BUSY)
    assert server.get("/bad/").text == "fine"


def test_one_function_is_quarantined_until_the_next_start(serve):
    server = serve(BUSY, "--timeout", "30s")
    for _ in range(3):
        assert crash(server).status == 500
    assert server.get().headers["Isere-Error"] == "quarantined"
    server.stop()
    assert serve(BUSY).get().text == "fine"


def test_an_init_phase_that_crashes(platform, serve):
    """A deploy of it fails, and `serve` does not start."""
    busy = "for (let s = ''; ; s = JSON.stringify([s.length])) {}\n" + HELLO
    server = platform("--init-timeout", "30s")
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


def test_a_compiler_that_crashes(platform):
    lines = "".join(f"export const f{i} = (x) => x + {i}\n" for i in range(20000))
    server = platform("--init-timeout", "30s", "--memory", "64M")
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
