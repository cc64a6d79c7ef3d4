"""What a server compiled, its supervisor keeps for the next one, which takes it
instead of compiling. In the store there is none of it."""

import json
import os
import re
import signal
import time

import pytest
from conftest import PREFIX, SLOW
from deaths import kill_server, wait_for

pytestmark = [
    pytest.mark.skipif(bool(PREFIX), reason="it is another process's child"),
    pytest.mark.usefixtures("signals_are_the_program_s"),
]

COUNT = 40
READY = re.compile(r"functions ready: (\d+); from kept code: (\d+)\n")
HELLO = "export const handler = () => 'hello'\n"


@pytest.fixture
def server(stored):
    return stored("--log-level", "debug")


def starts(server, count=1):
    """(functions that were ready, those that were not compiled) of each start, of
    which there are `count`."""
    wait_for(lambda: len(READY.findall(server.log())) >= count)
    return [tuple(int(n) for n in found) for found in READY.findall(server.log())]


def restart(server, number=signal.SIGSEGV):
    """Kills the serving process; the same of the next one."""
    before = len(starts(server))
    kill_server(server, number)
    return starts(server, before + 1)[-1]


def version_file(server, name, version=1):
    return server.store / "functions" / f"{name}.{version}"


def damage(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_restart_compiles_nothing(server, number):
    assert starts(server) == [(0, 0)]
    for i in range(COUNT):
        server.deploy(f"f{i}", f"export const handler = () => 'this is {i}'")
    files = sorted(os.listdir(server.store / "functions"))
    for _ in range(3):
        assert restart(server, number) == (COUNT, COUNT)
        for i in range(COUNT):
            assert server.get(f"/f{i}").text == f"this is {i}"
    assert sorted(os.listdir(server.store / "functions")) == files
    assert server.stop() == 0


def test_a_first_start_compiles_all(stored, server):
    for i in range(3):
        server.deploy(f"f{i}", HELLO)
    assert restart(server) == (3, 3)
    assert server.stop() == 0
    server = stored("--log-level", "debug", store=server.store)
    assert starts(server) == [(3, 0)]
    assert restart(server) == (3, 3)
    assert server.get("/f2").text == "hello"


def test_without_a_supervisor(stored, server):
    server.deploy("f", HELLO)
    assert server.stop() == 0
    server = stored("--log-level", "debug", "--no-supervisor", store=server.store)
    assert server.get("/f").text == "hello"
    assert "functions ready" not in server.log()


FULL = {
    "main": "main.js",
    "files": {
        "main.js": """
            import { grow } from './lib/grow.js'
            export const handler = (event, context) => {
              if (event.rawPath.endsWith('loop')) while (true) {}
              if (event.rawPath.endsWith('grow')) grow()
              const { version, rawPath } = event
              const { memoryLimitInMB, functionVersion } = context
              const { OWN, OUTER } = process.env
              return { version, rawPath, memoryLimitInMB, functionVersion, OWN, OUTER,
                       left: context.getRemainingTimeInMillis() <= 300 }
            }
        """,
        "lib/grow.js": "export const grow = () => { for (const a = [];;) a.push('x'.repeat(9999) + a.length) }",
    },
    "routes": ["GET /one/{rest+}", "POST /two"],
    "env": {"OWN": "a=b", "EMPTY": ""},
    "memory": 1536 * 1024,
    "timeout": 300,
    "payload": "2.0",
    "source": "0123abcd",
}


SHOWN = "version sha256 bytes main routes env memory timeout payload status".split()


def seen(server):
    """All that clients see of the function."""
    _, _, body = server.api("GET", "/_isere/v1/functions/full")
    listed = json.loads(body)
    described = {name: listed[name] for name in SHOWN}
    answer = server.get("/one/x")
    ends = [server.get(f"/one/{path}") for path in ("loop", "grow")]
    other = server.get("/full")
    _, _, files = server.api("GET", "/_isere/v1/functions/full/files")
    return (
        described,
        json.loads(answer.text),
        [(end.status, end.headers.get("Isere-Error")) for end in ends],
        other.status,
        json.loads(files),
    )


def test_it_is_the_same_function(stored):
    server = stored("--log-level", "debug", "--env", "OUTER=outer", "--env", "OWN=not this")
    server.deploy("full", FULL)
    server.deploy("plain", HELLO)
    before = seen(server)
    assert before[1]["OWN"] == "a=b" and before[1]["OUTER"] == "outer"
    assert before[2] == [(504, "timeout"), (500, "memory")], before[2]
    assert before[3] == 404
    assert restart(server) == (2, 2)
    assert seen(server) == before
    assert restart(server) == (2, 2)
    assert seen(server) == before


def test_changes(server):
    for version in (1, 2):
        server.deploy("f", f"export const handler = () => 'version {version}'")
        assert restart(server) == (1, 1)
        assert server.get("/f").text == f"version {version}"
    assert server.api("POST", "/_isere/v1/functions/f/rollback")[0] == 200
    assert restart(server) == (1, 1)
    assert server.get("/f").text == "version 1"
    assert server.api("DELETE", "/_isere/v1/functions/f")[0] == 204
    assert restart(server) == (0, 0)
    assert server.get("/f").status == 404
    assert server.deploy("f", "export const handler = () => 'anew'")["version"] == 1
    assert restart(server) == (1, 1)
    assert server.get("/f").text == "anew"


def test_a_package_that_is_damaged_meanwhile(stored, server):
    """It is served on, as it was before; who starts anew is told."""
    server.deploy("f", HELLO)
    server.deploy("g", HELLO)
    damage(version_file(server, "f"), -10)
    assert restart(server) == (2, 2)
    assert server.get("/f").text == "hello"
    assert server.api("GET", "/_isere/v1/functions/f/files")[0] == 500
    assert server.stop() == 0
    server = stored("--log-level", "debug", store=server.store)
    server.wait_log("version 1 in the store is damaged")
    assert starts(server) == [(1, 0)]
    assert server.get("/f").status == 404
    assert server.get("/g").text == "hello"


@pytest.mark.parametrize("at", [0, 8, 16, 47])
def test_a_version_that_is_another_one(server, at):
    """What its header says is compared: then it is read, and the damage found."""
    server.deploy("f", HELLO)
    server.deploy("g", HELLO)
    damage(version_file(server, "f"), at)
    assert restart(server) == (1, 1)
    assert server.get("/f").status == 404
    server.wait_log("version 1 in the store is damaged")
    damage(version_file(server, "f"), at)
    assert restart(server) == (2, 2)
    assert server.get("/f").text == "hello"


def test_a_package_that_is_replaced(stored, server):
    """Restored from a backup, perhaps: what the store has counts."""
    server.deploy("f", HELLO)
    record = version_file(server, "f").read_bytes()
    assert server.api("DELETE", "/_isere/v1/functions/f")[0] == 204
    server.deploy("f", "export const handler = () => 'not this'")
    version_file(server, "f").write_bytes(record)
    assert restart(server) == (1, 0)
    assert server.get("/f").text == "hello"
    assert restart(server) == (1, 1)
    assert server.get("/f").text == "hello"


def test_a_quarantined_function(server):
    """It is not made ready before it is released."""
    loop = "export const handler = (e) => { while (e.path.endsWith('loop')) {} return 'ok' }"
    server.deploy("bad", {"main": "a.js", "files": {"a.js": loop}, "timeout": 60000})
    server.deploy("good", HELLO)
    last = None
    for _ in range(3):
        with server.connect() as sock:
            sock.sendall(b"GET /bad/loop HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.3 * SLOW)
            last = restart(server)
    assert last == (1, 1)
    assert server.get("/bad").headers["Isere-Error"] == "quarantined"
    assert server.get("/good").text == "hello"
    status, _, _ = server.api("POST", "/_isere/v1/functions/bad/release", timeout=60)
    assert status == 200
    assert server.get("/bad").text == "ok"
    assert restart(server) == (2, 2)
    assert server.get("/bad").text == "ok"


def version_and_text(server):
    """Of f. The next one may carry out a deploy that the last one had not
    accepted: then between two questions, which are asked again."""
    while True:
        _, _, told = server.api("GET", "/_isere/v1/functions/f")
        text = server.get("/f").text
        if server.api("GET", "/_isere/v1/functions/f")[2] == told:
            return json.loads(told)["version"], text


def test_deploys_in_deaths(server):
    """Whenever it is killed, the next one serves what the store has."""
    server.deploy("other", HELLO)
    version = 0
    for i in range(6):
        version = server.deploy("f", f"export const handler = () => {i}")["version"]
        with server.connect() as sock:
            body = b"export const handler = () => 'late'"
            sock.sendall(
                b"PUT /_isere/v1/functions/f HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                b"Authorization: Bearer %s\r\nContent-Type: text/javascript\r\n"
                b"Content-Length: %d\r\n\r\n%s"
                % (server.token.encode(), len(body), body)
            )
            time.sleep(0.002 * i)
            ready, _ = restart(server)
        assert ready == 2
        now, text = version_and_text(server)
        assert now in (version, version + 1)
        assert text == (str(i) if now == version else "late")
        assert server.get("/other").text == "hello"
