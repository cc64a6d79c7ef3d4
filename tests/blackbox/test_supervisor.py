"""Faults that can't be contained end the server; its supervisor starts another
one on the same sockets."""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import conftest
import pytest
import quarantine
from conftest import PREFIX, SLOW, command
from deaths import kill_during, kill_server, wait_for

pytestmark = [
    pytest.mark.skipif(bool(PREFIX), reason="it is another process's child"),
    pytest.mark.usefixtures("signals_are_the_program_s"),
]

HELLO = "export const handler = () => 'hello'\n"
LOOP = "export const handler = (e) => { while (e.path.endsWith('loop')) {} return 'ok' }\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def is_refused(server):
    try:
        server.connect().close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize(
    "number",
    [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGKILL],
)
def test_it_comes_back(serve, number):
    server = serve(HELLO)
    kill_server(server, number)
    assert server.get().text == "hello"
    assert server.stop() == 0
    log = server.log()
    assert f"ERROR the server died: {number.name}\n" in log
    assert server.process.stdout.read() == b"", "it is announced once"


def test_connections_wait_meanwhile(serve):
    """Also those that came before the death and were not accepted yet."""
    server = serve(HELLO, "--workers", 1)
    os.kill(server.pid, signal.SIGSTOP)
    stat = pathlib.Path(f"/proc/{server.pid}/stat")
    wait_for(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")
    waiting = [server.connect() for _ in range(20)]
    for sock in waiting:
        sock.sendall(GET)
    began = time.monotonic()
    os.kill(server.pid, signal.SIGKILL)
    for sock in waiting:
        assert sock.recv(100).startswith(b"HTTP/1.1 200 ")
        sock.close()
    print(f"{(time.monotonic() - began) * 1000:.1f} ms")


def test_restarts_are_fast(serve):
    """Reported: the machine may be busy. From the kill to the first answer on a
    new connection."""
    server = serve(HELLO, "--log-level", "error")
    took = []
    for i in range(20):
        old = server.pid
        began = time.monotonic()
        os.kill(old, signal.SIGSEGV)
        wait_for(lambda: server.pid not in (old, server.process.pid))
        assert server.get().text == "hello"
        took.append((time.monotonic() - began) * 1000)
        if i == 5:
            break  # beyond 8 in a minute there are pauses: the next test
    took.sort()
    print(f"p50 {took[len(took) // 2]:.1f} ms, max {took[-1]:.1f} ms")
    assert took[0] < 50 * SLOW


def test_pauses_are_short(serve):
    """After many deaths of which no function is at fault, and the log says so."""
    server = serve(HELLO)
    for i in range(1, 15):
        began = time.monotonic()
        kill_server(server)
        assert server.get().text == "hello"
        assert time.monotonic() - began < 2 * SLOW
        back = rf"WARN +the server is back after \d+ ms \(restart {i}\)\n"
        wait_for(lambda back=back: re.search(back, server.log()))
    pauses = re.findall(r"the next server starts in (\d+) ms: the server died too often\n", server.log())
    assert pauses == ["50", "100"] + ["200"] * 4


BROKEN = "export const handler = ("


def install(path, text):
    """At once, as an editor does, or it is gone."""
    if text is None:
        path.unlink()
        return
    beside = path.with_suffix(".new")
    beside.write_bytes(text if isinstance(text, bytes) else text.encode())
    beside.rename(path)


@pytest.mark.parametrize("now", [BROKEN, None, HELLO.replace("hello", "not deployed")])
def test_a_death_deploys_nothing(serve, tmp_path, now):
    """The next server serves what the last one did, not what is on the disk."""
    main = "import { text } from './text.js'\nexport const handler = () => text\n"
    server = serve({"handler.js": main, "text.js": "export const text = 'hello'\n"})
    folder = next(tmp_path.glob("function*"))
    install(folder / "handler.js", now)
    install(folder / "text.js", None)
    for _ in range(2):
        kill_server(server)
        assert server.get().text == "hello"
    assert server.stop() == 0


@pytest.mark.parametrize("now", [BROKEN, None])
def test_a_death_while_what_is_watched_is_broken(serve, tmp_path, now):
    server = serve({"handler.js": HELLO}, "--watch")
    path = next(tmp_path.glob("function*/handler.js"))
    install(path, HELLO.replace("hello", "second"))
    wait_for(lambda: server.get().text == "second")
    install(path, now)
    wait_for(lambda: "the previous version keeps serving" in server.log())
    for _ in range(2):
        kill_server(server)
        assert server.get().text == "second"
    install(path, HELLO.replace("hello", "third"))
    wait_for(lambda: server.get().text == "third")
    wait_for(lambda: server.log().count("reloaded /") == 2)
    kill_server(server)
    assert server.get().text == "third"
    time.sleep(0.3)
    assert server.log().count("reloaded /") == 2, "it is the same"


def test_a_change_in_the_moment_of_a_death(serve, tmp_path):
    """It is seen although nobody watched."""
    server = serve({"handler.js": HELLO}, "--watch")
    path = next(tmp_path.glob("function*/handler.js"))
    os.kill(server.process.pid, signal.SIGSTOP)
    os.kill(server.pid, signal.SIGKILL)
    install(path, HELLO.replace("hello", "second"))
    os.kill(server.process.pid, signal.SIGCONT)
    wait_for(lambda: server.get().text == "second")


def without_store(server):
    """Takes the store away from a server that dies; its new place."""
    away = server.store.with_suffix(".away")
    server.store.rename(away)
    os.kill(server.pid, signal.SIGSEGV)
    wait_for(lambda: server.log().count("could not start again (exit code 1)") > 2)
    return away


def test_a_restart_makes_no_store(stored):
    """A volume that is not mounted may come back; until then connections wait."""
    server = stored()
    server.deploy("a", HELLO)
    away = without_store(server)
    assert not server.store.exists()
    log = server.log()
    assert f"the store {server.store}: No such file or directory" in log
    assert "the next server starts in 50 ms\n" in log
    away.rename(server.store)
    assert server.get("/a").text == "hello"
    assert server.deploy("a", HELLO)["version"] == 2


def test_a_restart_makes_no_token(stored):
    server = stored()
    token = server.store / "token"
    away = token.rename(server.store / "token.away")
    os.kill(server.pid, signal.SIGSEGV)
    wait_for(lambda: "could not start again (exit code 1)" in server.log())
    assert not token.exists()
    assert f"the token file {token}: No such file or directory" in server.log()
    away.rename(token)
    assert server.deploy("a", HELLO)["version"] == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stop_in_a_pause(stored, number):
    server = stored()
    without_store(server)
    began = time.monotonic()
    server.signal(number)
    assert server.wait() == 0
    assert time.monotonic() - began < 1 * SLOW
    assert is_refused(server)


def test_only_requests_under_way_are_lost(serve):
    server = serve(HELLO)
    stop = threading.Event()
    lost, answered, wrong = [], [], []

    def client():
        sock = None
        while not stop.is_set():
            try:
                sock = sock or server.connect()
                sock.sendall(GET)
                answer = sock.recv(4096)
                if answer.endswith(b"\r\n\r\nhello"):
                    answered.append(1)
                    continue
                (wrong if answer else lost).append(answer)
            except ConnectionError as error:
                assert not isinstance(error, ConnectionRefusedError)
                lost.append(error)
            sock.close()
            sock = None

    clients = [threading.Thread(target=client) for _ in range(20)]
    for thread in clients:
        thread.start()
    # The third fault of a function that ran in all of them would quarantine it.
    for number in (signal.SIGSEGV, signal.SIGSEGV, signal.SIGKILL):
        time.sleep(0.3)
        kill_server(server, number)
    time.sleep(0.5)
    before = len(answered)
    time.sleep(0.3)
    stop.set()
    for thread in clients:
        thread.join()
    assert not wrong
    assert len(answered) > before > 0
    # Each client has one request under way; its connection ends with it.
    assert len(lost) <= 3 * len(clients)


def test_a_function_that_runs_in_three_deaths(stored):
    server = stored("--timeout", "60s")
    server.deploy("bad", LOOP)
    server.deploy("good", HELLO)
    for _ in range(3):
        assert server.get("/bad").text == "ok"
        kill_during(server, "/bad/loop", 0.2)
    assert server.get("/bad").headers["Isere-Error"] == "quarantined"
    assert server.get("/good").text == "hello"
    status, _, body = server.api("GET", "/_isere/v1/functions/bad")
    assert "the server died: SIGSEGV" in json.loads(body)["message"]
    status, _, body = server.api("GET", "/_isere/metrics")
    assert b"\nisere_restarts_total 3\n" in body
    assert server.stop() == 0
    assert "the server died: SIGSEGV; while it ran bad, version 1\n" in server.log()
    assert quarantine.read(server.store) == [("bad", 1, True, 3)]


# Takes the compiler seconds, and nothing else.
LARGE = "".join(f"export const f{i} = (x) => x + {i}\n" for i in range(18000)) + HELLO


def kill_while_it_starts(server, number):
    """Kills servers that read LARGE, as the function bad, until three of them
    have died of it."""
    died = f"the server died: {number.name}; while it ran bad, version 1\n"
    for _ in range(100):
        if server.log().count(died) >= 3:
            return
        # Less than the compiler takes, on any machine: what was compiled once is
        # kept, and never compiled again.
        time.sleep(random.uniform(0.05, 0.25))
        kill_server(server, number)
        time.sleep(0.05)  # for the log to arrive
    raise AssertionError(server.log()[-5000:])


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_function_that_ends_three_starts(stored, number):
    """It is the compiler's, or the memory's: the others must come to be served.
    It came into the store behind the server's back: what a server compiled, the
    next one need not compile."""
    options = ("--memory", "64M", "--init-timeout", "60s", "--max-body", "8M")
    server = stored(*options)
    server.deploy("bad", LARGE)
    version = server.store / "functions" / "bad.1"
    large = version.read_bytes()
    assert server.api("DELETE", "/_isere/v1/functions/bad")[0] == 204
    server.deploy("bad", HELLO)
    server.deploy("good", HELLO)
    install(version, large)
    kill_server(server, number)
    kill_while_it_starts(server, number)
    assert server.get("/good").text == "hello"
    assert server.get("/bad").headers["Isere-Error"] == "quarantined"
    wait_for(lambda: "the server is back after" in server.log())
    died = f"the server died: {number.name}"
    assert f"ERROR bad {died}; while it ran bad, version 1\n" in server.log()
    assert quarantine.read(server.store) == [("bad", 1, True, 3)]
    status, _, body = server.api("GET", "/_isere/v1/functions/bad")
    listed = json.loads(body)
    assert listed["status"] == "quarantined" and died in listed["message"]
    assert listed["routes"] == ["ANY /bad", "ANY /bad/{path+}"]
    assert listed["bytes"] == len(LARGE)
    # It is made ready now, and counts as any other.
    status, _, body = server.api("POST", "/_isere/v1/functions/bad/release", timeout=60)
    assert status == 200 and json.loads(body)["released"] is True, body
    assert server.get("/bad").text == "hello"


def test_a_first_start_that_a_function_ends(stored):
    """The tries of a first start are not used up by what a quarantine ends."""
    options = ("--memory", "64M", "--init-timeout", "60s", "--max-body", "8M")
    server = stored(*options)
    server.deploy("bad", LARGE)
    server.deploy("good", HELLO)
    server.stop()
    server = stored(*options, store=server.store, ready=False)
    wait_for(lambda: server.pid != server.process.pid)
    kill_while_it_starts(server, signal.SIGSEGV)
    server._wait_ready(60 * SLOW)
    assert server.get("/good").text == "hello"
    assert server.get("/bad").headers["Isere-Error"] == "quarantined"


# Its init phase lasts long enough to be killed in it.
LONG_INIT = f"const end = Date.now() + {1000 * SLOW}; while (Date.now() < end) {{}}\n{HELLO}"


def test_an_init_phase_in_three_deaths(stored):
    server = stored("--init-timeout", "60s")
    server.deploy("bad", LONG_INIT)
    server.deploy("good", HELLO)
    for _ in range(3):
        kill_during(server, "/bad", 0.3)
    assert server.get("/bad").headers["Isere-Error"] == "quarantined"
    assert server.get("/good").text == "hello"


def test_a_deploy_in_deaths(stored):
    """The store has not taken it: nothing of it is left."""
    server = stored("--init-timeout", "60s")
    server.deploy("good", HELLO)
    for _ in range(4):
        kill_during(
            server,
            b"PUT /_isere/v1/functions/good HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Authorization: Bearer %s\r\nContent-Type: text/javascript\r\n"
            b"Content-Length: %d\r\n\r\n%s"
            % (server.token.encode(), len(LONG_INIT), LONG_INIT.encode()),
            0.3,
        )
    assert server.get("/good").text == "hello"
    assert server.deploy("good", LONG_INIT)["version"] == 2
    assert server.get("/good").text == "hello"
    assert quarantine.read(server.store) == []
    assert "while it ran good, version 2" in server.log()


WAIT = "export const handler = () => new Promise((r) => setTimeout(r, 60000))\n"


def test_who_waits_does_not_run(stored):
    server = stored("--timeout", "90s")
    server.deploy("waits", WAIT)
    server.deploy("bad", LOOP)
    for _ in range(3):
        kill_during(server, "/waits", 0.2)
    assert "while it ran" not in server.log()
    assert quarantine.read(server.store) == []


def crashes(server, name):
    _, _, body = server.api("GET", "/_isere/metrics")
    found = re.search(rf'^isere_crashes_total{{function="{name}"}} (\d+)$', body.decode(), re.M)
    return int(found[1])


def network_log(server, query=""):
    _, _, body = server.api("GET", "/_isere/v1/logs" + query)
    return [json.loads(line) for line in body.splitlines()]


def test_what_is_known_of_deaths(stored):
    """In the log over the network, in fields, and in counters that go on."""
    server = stored("--timeout", "60s", "--log-format", "json")
    server.deploy("bad", LOOP)
    server.deploy("good", HELLO)
    died = "the server died: SIGSEGV"
    for i in (1, 2):
        kill_during(server, "/bad/loop", 0.2)
        server.wait_log("the server is back after", count=i)
        assert crashes(server, "bad") == i and crashes(server, "good") == 0
        known = network_log(server, "?function=bad")
        assert [(k["level"], k["function"], k["message"]) for k in known] == [
            ("error", "bad", f"{died}; while it ran bad, version 1")
        ]
    kill_server(server)
    assert crashes(server, "bad") == 2
    wait_for(lambda: len(network_log(server)) == 2)
    known = [line["message"] for line in network_log(server)]
    assert known[0] == died and known[1].startswith("the server is back after ")
    assert server.stop() == 0
    lines = [json.loads(k) for k in server.log().splitlines() if k.startswith("{")]
    deaths = [k.get("function") for k in lines if k["message"].startswith(died)]
    assert deaths == ["bad", "bad", None]


def test_one_function_that_runs_in_three_deaths(serve):
    server = serve(LOOP, "--timeout", "60s")
    for _ in range(3):
        assert server.get().text == "ok"
        kill_during(server, "/loop", 0.2)
    assert server.get().headers["Isere-Error"] == "quarantined"
    server.stop()
    line = "ERROR quarantined after too many crashes: all requests get 503 for 60 s\n"
    assert server.log().count(line) == 1
    death = r"ERROR the server died: SIGSEGV; while it ran [a-z]+\n"
    assert len(re.findall(death, server.log())) == 3


def test_a_kill_is_nobody_s_fault(stored):
    server = stored("--timeout", "60s")
    server.deploy("spin", LOOP)
    for _ in range(3):
        kill_during(server, "/spin/loop", 0.2, signal.SIGKILL)
    assert server.get("/spin").text == "ok"


def test_the_supervisor_takes_the_server_along(serve):
    server = serve(HELLO)
    child = server.pid
    server.process.kill()
    server.process.wait()
    wait_for(lambda: not is_alive(child))
    wait_for(lambda: is_refused(server))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop(serve, number):
    server = serve(
        "export const handler = () => new Promise((r) => setTimeout(() => r('late'), 500))"
    )
    child = server.pid
    with server.connect() as sock:
        sock.sendall(GET)
        time.sleep(0.2 * SLOW)
        server.signal(number)
        os.kill(child, number)  # as a terminal or systemd does
        time.sleep(0.1)
        with pytest.raises(ConnectionRefusedError):
            server.connect()
        assert b"late" in sock.recv(4096)
    assert server.wait() == 0
    assert not is_alive(child)


def test_stop_twice(serve):
    server = serve(
        "export const handler = () => new Promise((r) => setTimeout(r, 30000))",
        "--timeout",
        "60s",
    )
    child = server.pid
    with server.connect() as sock:
        sock.sendall(GET)
        time.sleep(0.2 * SLOW)
        server.signal(signal.SIGTERM)
        time.sleep(0.2 * SLOW)
        server.signal(signal.SIGTERM)
        assert server.wait() == -signal.SIGTERM
    assert not is_alive(child)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_job_in_the_background(tmp_path, number):
    """Shells ignore SIGINT for those."""
    (tmp_path / "h.js").write_text(HELLO)
    process = subprocess.Popen(
        command("serve", "h.js", "--port", 0),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert process.stdout.readline()
    process.send_signal(number)
    assert process.wait(10 * SLOW) == 0


def test_hang_up(serve):
    server = serve(HELLO)
    child = server.pid
    server.signal(signal.SIGHUP)
    assert server.wait() == -signal.SIGHUP
    wait_for(lambda: not is_alive(child))


def test_one_that_dies_before_it_serves(tmp_path):
    """It ends with a message, not in a circle."""
    (tmp_path / "h.js").write_text("for (;;) {}\n" + HELLO)
    process = subprocess.Popen(
        command("serve", "h.js", "--port", 0, "--init-timeout", "60s"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    own = process.pid
    path = pathlib.Path(f"/proc/{own}/task/{own}/children")
    killed = set()

    def kill_next():
        for pid in path.read_text().split():
            if pid not in killed:
                time.sleep(0.1)
                os.kill(int(pid), signal.SIGSEGV)
                killed.add(pid)
        return len(killed) >= 3

    wait_for(kill_next)
    _, err = process.communicate(timeout=10 * SLOW)
    assert process.returncode == 1
    assert "the server died 3 times in a row while it started" in err


def test_a_module_that_does_not_compile(isere, tmp_path):
    (tmp_path / "h.js").write_text("export const handler = (")
    result = isere("serve", "h.js")
    assert result.returncode == 1
    assert result.stderr.count("SyntaxError") == 1


def test_without_a_supervisor(serve):
    server = serve(HELLO, "--no-supervisor")
    assert server.pid == server.process.pid
    assert server.get().text == "hello"
    server.signal(signal.SIGSEGV)
    assert server.wait() == -signal.SIGSEGV


def test_watch_goes_on_after_a_death(serve, tmp_path):
    server = serve({"handler.js": HELLO}, "--watch")
    kill_server(server)
    assert server.get().text == "hello"
    module = next(tmp_path.glob("function*/handler.js"))

    def change():
        """Again and again: at first nobody may watch yet."""
        module.write_text(HELLO.replace("hello", "changed"))
        time.sleep(0.3)
        return server.get().text == "changed"

    wait_for(change)


def test_the_store_goes_on_after_a_death(stored):
    server = stored()
    server.deploy("a", HELLO)
    kill_server(server)
    assert server.get("/a").text == "hello"
    assert server.deploy("a", HELLO)["version"] == 2


# ---- core dumps ----


def dump_of(server, folder):
    """The core dump of the serving process, if it leaves one."""
    pid = server.pid
    os.kill(pid, signal.SIGABRT)
    wait_for(lambda: not is_alive(pid))
    time.sleep(0.2)
    return next(iter(folder.glob("core*")), None)


@pytest.fixture
def cores(monkeypatch, tmp_path):
    """Servers may leave core dumps in their folder, as far as the system goes."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith("|") or "/" in pattern:
        pytest.skip(f"core dumps go elsewhere: {pattern}")
    limit = 'ulimit -c unlimited; exec "$@"'
    monkeypatch.setattr(conftest, "PREFIX", ["sh", "-c", limit, "sh"])
    return tmp_path


def test_no_core_dump_holds_the_token(stored, cores):
    server = stored("--no-supervisor", "--env", "KEY=a-secret-of-mine")
    server.deploy("a", HELLO)
    assert dump_of(server, cores) is None
    server = stored("--no-supervisor", "--core-dumps")
    core = dump_of(server, cores)
    if core is None:
        pytest.skip("this system leaves no core dumps")
    assert server.token.encode() in core.read_bytes()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
def test_it_is_not_dumpable():
    """Files about a process are root's when nobody but root may look into it:
    then the kernel dumps nothing of it either."""
    nobody = 65534
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        program = shutil.copy(conftest.BINARY, folder)
        pathlib.Path(folder, "h.js").write_text(HELLO)
        for more, owner in (([], 0), (["--core-dumps"], nobody)):
            process = subprocess.Popen(
                [program, "serve", "--port", "0", "h.js", *more],
                cwd=folder,
                stdout=subprocess.PIPE,
                user=nobody,
                group=nobody,
            )
            assert process.stdout.readline(), "it did not start"
            found = os.stat(f"/proc/{process.pid}/environ").st_uid
            process.kill()
            process.communicate()
            assert found == owner


def test_a_supervisor_that_is_replaced_at_once(stored):
    """Its server has the store and the port for a moment longer."""
    server = stored()
    server.deploy("a", HELLO)
    port = server.port
    for _ in range(5):
        server.process.kill()
        server.process.wait()
        server = stored("--port", port, store=server.store)
        assert server.get("/a").text == "hello"
