"""Many functions, greedy ones, log floods, followers, scrapes and stops."""

import json
import socket
import threading
import time

import pytest
from attack import Askers, in_threads, metrics, much, put, wait_until
from conftest import SLOW

LIST = "/_isere/v1/functions"
HELLO = "export const handler = () => 'hi'"
LOGS = "/_isere/v1/logs"


def tell(name):
    return f"export const handler = (e, c) => '{name} ' + c.functionName"


def by_function(samples, metric):
    """{function: sum of its values} of one metric."""
    sums = {}
    for (name, labels), value in samples.items():
        if name == metric:
            function = labels.split('function="')[1].split('"')[0]
            sums[function] = sums.get(function, 0) + value
    return sums


# ---- many functions ----


def test_a_hundred_functions(stored):
    server = stored("--memory", "1M")
    names = [f"f{i:03}" for i in range(100)]
    for name in names:
        server.deploy(name, tell(name))

    def check(server):
        answers = in_threads(
            lambda i: [server.get(f"/{n}").text for n in names[i::4]], 4
        )
        assert answers == [[f"{n} {n}" for n in names[i::4]] for i in range(4)]
        listed = json.loads(server.api("GET", LIST)[2])["functions"]
        assert [f["name"] for f in listed] == names
        assert {f["status"] for f in listed} == {"ok"}
        samples = metrics(server)
        assert samples["isere_functions", ""] == 100
        assert by_function(samples, "isere_requests_total") == {n: 1 for n in names}

    check(server)
    assert server.stop() == 0
    check(stored("--memory", "1M", store=server.store))


@pytest.mark.parametrize("workers", [1, 2])
def test_more_functions_than_instances(stored, workers):
    """Those that are not used are given up and built again; nobody notices."""
    server = stored("--instances", 4, "--workers", workers, "--memory", "1M")
    names = [f"f{i}" for i in range(10)]
    for name in names:
        server.deploy(name, tell(name))
    rounds = much(5, 100)

    def ask(i):
        rotated = names[3 * i:] + names[: 3 * i]
        return [server.get(f"/{n}", timeout=20).text for _ in range(rounds) for n in rotated]

    for i, answers in enumerate(in_threads(ask, 3)):
        assert answers == [f"{n} {n}" for n in names[3 * i:] + names[: 3 * i]] * rounds
    samples = metrics(server)
    assert sum(by_function(samples, "isere_instances").values()) <= 4
    starts = by_function(samples, "isere_instance_starts_total")
    again = by_function(samples, "isere_instance_restarts_total")
    assert sum(again.values()) >= 10
    assert all(starts[n] > again[n] for n in names)
    assert by_function(samples, "isere_requests_total") == {n: 3 * rounds for n in names}
    # One that is asked for again and again keeps its instance.
    server.get("/f0")
    before = by_function(metrics(server), "isere_instance_starts_total")["f0"]
    for _ in range(20):
        server.get("/f0")
    after = by_function(metrics(server), "isere_instance_starts_total")["f0"]
    assert after <= before + workers - 1


# ---- greedy functions ----


GREEDY = {
    "loop": "for (;;) {}",
    "wait": "await new Promise((done) => setTimeout(done, 100000))",
    "memory": "const a = []; for (;;) a.push(new Array(1000).fill(1.5))",
    "recursion": "await (async function f() { await f() })()",
}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", GREEDY)
def test_a_greedy_function_gets_its_share_only(stored, kind, workers):
    """It may hold a thread until its time is over, and half of all instances
    and of the queue; others are answered in between."""
    server = stored(
        "--instances", 4, "--queue", 8, "--workers", workers, "--memory", "2M",
        "--timeout", "200ms",
    )
    server.deploy("greedy", f"export const handler = async () => {{ {GREEDY[kind]} }}")
    # Time to wait behind the greedy one's.
    others = [{"main": "a.js", "files": {"a.js": tell(n)}, "timeout": "20s"} for n in "ab"]
    server.deploy("a", others[0])
    server.deploy("b", others[1])

    def held_up(status, _):
        return status in (500, 503, 504)

    with Askers(server, "/greedy", held_up, 12) as greedy:
        time.sleep(0.1)
        for _ in range(much(2, 20)):
            for name in "ab":
                answer = server.get(f"/{name}", timeout=30)
                assert (answer.status, answer.text) == (200, f"{name} {name}"), (
                    answer.status, answer.text, answer.headers)
        assert server.api("GET", LIST)[0] == 200
        assert server.get("/_isere/health").status == 200
    assert not greedy.wrong
    samples = metrics(server)
    errors = {
        labels: value for (name, labels), value in samples.items()
        if name == "isere_errors_total" and 'function="greedy"' not in labels and value
    }
    assert not errors
    assert server.stop() == 0


def test_an_init_phase_takes_nothing_of_a_request(stored):
    """The time limit is that of the handler, also when it has to be started."""
    ms = int(200 * SLOW)
    server = stored("--workers", 1, "--timeout", f"{ms}ms", "--instances", 1)
    source = (
        f"const end = Date.now() + {int(1.2 * ms)}; while (Date.now() < end);\n"
        "export const handler = async () => {"
        f" await new Promise((done) => setTimeout(done, {ms // 4})); return 'hi' }}"
    )
    server.deploy("a", source)
    server.deploy("b", source + "//")
    for name in "aba":
        answer = server.get(f"/{name}")
        assert (answer.status, answer.text) == (200, "hi")


# ---- log floods and followers ----


class Answer:
    """A response that comes in pieces, cut anywhere. Each byte is looked at once,
    however long it gets; what is no whole line of the framing yet is kept."""

    def __init__(self):
        self.head = None
        self.body = bytearray()  # without the framing
        self.ended = False  # by the last chunk
        self._rest = b""
        self._left = 0  # of a chunk, with the line end behind it

    def feed(self, more):
        rest = self._rest + more
        self._rest = b""
        if self.head is None:
            head, end, body = rest.partition(b"\r\n\r\n")
            if not end:
                self._rest = rest
                return
            self.head, rest = head, body
        if b"\r\nTransfer-Encoding: chunked" in self.head:
            self._take_chunks(rest)
        else:
            self.body += rest

    def _take_chunks(self, rest):
        at = 0
        while at < len(rest):
            if self._left > 2:
                piece = rest[at:at + self._left - 2]
                self.body += piece
            elif self._left > 0:
                piece = rest[at:at + self._left]
                assert b"\r\n"[2 - self._left:].startswith(piece)
            else:
                assert not self.ended, "more behind the last chunk"
                size, end, _ = rest[at:at + 20].partition(b"\r\n")
                if not end:
                    assert len(size) < 18, "no size of a chunk"
                    break
                self._left = int(size, 16) + 2
                self.ended = self._left == 2
                at += len(size) + 2
                continue
            at += len(piece)
            self._left -= len(piece)
        self._rest = rest[at:]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_answers_in_pieces(step):
    """The class above, with cuts in all places."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
    body = b"one line\r\nand 0\r\n\r\nanother"
    framed = b"".join(
        b"%x\r\n%s\r\n" % (len(part), part)
        for part in (body[:3], body[3:4], body[4:])
    )
    for framing, wanted in ((framed + b"0\r\n\r\n", True), (framed, False)):
        answer = Answer()
        data = head + b"\r\n\r\n" + framing
        for i in range(0, len(data), step):
            answer.feed(data[i:i + step])
        assert (answer.head, answer.body, answer.ended) == (head, body, wanted)
    answer = Answer()
    answer.feed(b"HTTP/1.1 200 OK\r\nServer: isere\r\n\r\n5\r\nplain")
    assert answer.body == b"5\r\nplain"
    for wrong in (b"5\r\nhelloX\n", b"x\r\n", b"1" * 30):
        with pytest.raises((AssertionError, ValueError)):
            Answer().feed(head + b"\r\n\r\n" + wrong)


class Follower:
    """Reads the log on a connection of its own, when it is asked to."""

    def __init__(self, server, query="follow=1", version="1.1", buffer=None):
        self.sock = socket.socket()
        if buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.sock.settimeout(20 * SLOW)
        self.sock.connect((server.host, server.port))
        self.sock.sendall(
            f"GET {LOGS}?{query} HTTP/{version}\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {server.token}\r\n\r\n".encode()
        )
        self.answer = Answer()

    def read_until(self, what):
        """Reads on until the text has come, or (None) to the end."""
        body = self.answer.body
        looked = 0
        while what is None or body.find(what, looked) < 0:
            looked = max(0, len(body) - len(what or b""))
            more = self.sock.recv(1 << 20)
            if not more:
                break
            self.answer.feed(more)
        return self.answer

    def close(self):
        self.sock.close()

    def lines(self):
        """The whole log lines in what came."""
        lines = self.answer.body.rpartition(b"\n")[0].splitlines()
        return [json.loads(line) for line in lines if line.strip()]


FLOOD = """
export const handler = (e) => {
  for (let i = 0; i < 200; i++) console.log('x'.repeat(500), i)
  return 'hi'
}
"""


def memory(server):
    with open(f"/proc/{server.pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def test_a_log_flood(stored):
    """A follower that does not read loses lines, and is told; nobody waits for
    it, and memory does not grow."""
    server = stored("--workers", 2, "--memory", "2M")
    server.deploy("flood", FLOOD)
    server.deploy("quiet", HELLO)
    follower = Follower(server, buffer=4096)
    follower.read_until(b"deployed quiet")
    server.get("/flood")
    server.get("/quiet")
    before = memory(server)
    right = lambda status, text: (status, text) == (200, "hi")
    with Askers(server, "/quiet", right, 1, 0.005) as quiet:
        for _ in range(much(30, 2000)):  # of 100 KB each
            assert server.get("/flood", timeout=20).status == 200
    assert not quiet.wrong and quiet.count > 10
    assert quiet.slowest < 1 * SLOW, quiet.slowest
    if SLOW == 1:  # sanitizers have much more
        assert memory(server) < before + (16 << 20)
    server.deploy("last", HELLO)
    follower.read_until(b"deployed last")
    lines = follower.lines()
    lost = sum(line.get("lost", 0) for line in lines)
    numbers = [line["seq"] for line in lines if "seq" in line]
    assert lost > 0
    assert numbers == sorted(set(numbers))
    assert numbers[-1] - numbers[0] + 1 == len(numbers) + lost
    samples = metrics(server)
    assert samples["isere_log_lines_lost_total", ""] >= lost
    assert samples["isere_log_lines_total", ""] >= numbers[-1]
    follower.close()
    assert server.stop() == 0


def test_a_follower_that_never_reads_is_closed(stored):
    server = stored("--idle-timeout", "1s", "--memory", "2M")
    server.deploy("flood", FLOOD)
    follower = Follower(server, buffer=4096)
    wait_until(lambda: metrics(server)["isere_connections", ""] == 2)

    def flood():
        server.get("/flood")
        return metrics(server)["isere_connections", ""] == 1

    wait_until(flood, 20)
    follower.close()


def test_followers(stored):
    """Each sees what it asked for: all of it, in order, once."""
    server = stored("--workers", 2)
    log = "export const handler = (e) => { console.warn('line', e.query) }"
    server.deploy("a", log)
    server.deploy("b", log)
    queries = ["follow=1", "follow=1&function=a", "follow=1&level=warn",
               "follow=1&function=b&level=warn"]
    followers = [Follower(server, q) for q in queries * 2]
    followers.append(Follower(server, "follow=1&level=warn", "1.0"))
    for _ in range(3):  # followers who leave must not disturb the others
        Follower(server).close()
    count = much(100, 3000)
    for i in range(count):
        server.get(f"/{'ab'[i % 2]}?{i:05}")
    for i, follower in enumerate(followers):
        only = {1: 0, 3: 1}.get(i % 4) if i < 8 else None
        wanted = [n for n in range(count) if only is None or n % 2 == only]
        follower.read_until(f"line {wanted[-1]:05}".encode())
        lines = follower.lines()
        seen = [int(line["message"][5:]) for line in lines if line["level"] == "warn"]
        assert seen == wanted
        numbers = [line["seq"] for line in lines]
        assert numbers == sorted(set(numbers))
        assert not [line for line in lines if "lost" in line]
    # At a stop the streams end as they should.
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 3 * SLOW
    for follower in followers[:-1]:
        assert follower.read_until(None).ended
    last = followers[-1].read_until(None)
    assert b"chunked" not in last.head and last.body.endswith(b"}\n")
    assert followers[-1].lines()


def test_followers_who_leave_are_noticed(stored):
    """At once, though there is nothing to send them."""
    server = stored("--workers", 2)
    followers = [Follower(server) for _ in range(20)]
    wait_until(lambda: metrics(server)["isere_connections", ""] == 21)
    for i, follower in enumerate(followers):
        if i % 2:  # reset
            follower.sock.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
            )
        follower.close()
    wait_until(lambda: metrics(server)["isere_connections", ""] == 1)
    assert server.stop() == 0


def test_followers_take_no_places_of_requests(stored):
    server = stored("--instances", 2, "--queue", 2)
    server.deploy("a", HELLO)
    followers = [Follower(server) for _ in range(50)]
    for _ in range(20):
        assert server.get("/a").text == "hi"
    for follower in followers:
        follower.close()


# ---- streams on the wire ----


def head(server, method, path, version="1.1", *more):
    fields = ["Host: 127.0.0.1", f"Authorization: Bearer {server.token}", *more]
    return "\r\n".join([f"{method} {path} HTTP/{version}", *fields, "", ""]).encode()


def test_pipelining_behind_streams(stored):
    server = stored()
    server.deploy("a", HELLO)
    asked = [
        head(server, "GET", "/_isere/metrics"),
        head(server, "GET", LIST),
        head(server, "HEAD", "/_isere/metrics"),
        head(server, "GET", "/a"),
        head(server, "GET", f"{LOGS}?level=error"),
        head(server, "POST", f"{LIST}/a/invoke", "1.1", "Content-Length: 2") + b"{}",
        head(server, "GET", "/_isere/"),
        head(server, "GET", f"{LIST}/a/files"),
        head(server, "GET", "/a", "1.1", "Connection: close"),
    ]
    for step in (1 << 20, 97):
        with server.connect() as sock:
            data = b"".join(asked)
            for i in range(0, len(data), step):
                sock.sendall(data[i:i + step])
            answer = b""
            while more := sock.recv(1 << 16):
                answer += more
        assert answer.count(b"HTTP/1.1 200 OK\r\n") == len(asked)
        assert answer.endswith(b"\r\n\r\nhi")


def test_requests_behind_a_follower_wait(stored):
    server = stored()
    server.deploy("a", HELLO)
    with server.connect() as sock:
        sock.sendall(
            head(server, "GET", f"{LOGS}?follow=1") + head(server, "GET", "/a") * 500
        )
        time.sleep(0.1)
        server.get("/a")
        assert server.stop() == 0
        answer = b""
        try:
            while more := sock.recv(1 << 16):
                answer += more
        except ConnectionResetError:
            pass
        assert answer.count(b"HTTP/1.1 ") == 1


def test_old_clients(stored):
    """HTTP/1.0: no chunks, the end is where the connection ends."""
    server = stored()
    server.deploy("a", HELLO)
    for path in ("/_isere/metrics", LOGS, LIST, "/_isere/", f"{LIST}/a/files"):
        answer = server.raw(head(server, "GET", path, "1.0"), end=False)
        top, _, body = answer.partition(b"\r\n\r\n")
        assert top.startswith(b"HTTP/1.1 200 ") and b"chunked" not in top.lower()
        assert body and not body.endswith(b"0\r\n\r\n")


def test_clients_that_have_said_all(stored):
    """Who ends the sending side gets the whole answer, however long it is and
    however slowly it is read."""
    server = stored("--memory", "64M")
    server.deploy("a", HELLO + "//" + "\x01" * 1_000_000)
    server.deploy("big", "export const handler = () => 'x'.repeat(8_000_000)")
    for method, path, version in (
        ("GET", f"{LIST}/a/files", "1.0"),
        ("GET", f"{LIST}/a/files", "1.1"),
        ("POST", f"{LIST}/big/invoke", "1.1"),
    ):
        with server.connect(30) as sock:
            sock.sendall(head(server, method, path, version))
            sock.shutdown(socket.SHUT_WR)
            time.sleep(0.2)
            answer = b""
            while more := sock.recv(1 << 16):
                answer += more
        top, _, body = answer.partition(b"\r\n\r\n")
        length = int(top.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        assert length > 6_000_000
        assert len(body) == length
    answer = server.raw(head(server, "GET", "/_isere/metrics"))
    assert answer.endswith(b"\r\n0\r\n\r\n")
    # What was asked for behind it, too.
    answer = server.raw(
        head(server, "POST", f"{LIST}/big/invoke") + head(server, "GET", "/a")
    )
    assert len(answer) > 8_000_000 and answer.endswith(b"\r\n\r\nhi")
    # A follower who will say nothing more gets what is there, and the end.
    answer = server.raw(head(server, "GET", f"{LOGS}?follow=1"))
    assert b"deployed a" in answer and answer.endswith(b"\r\n0\r\n\r\n")


def test_clients_that_leave_while_work_is_done(stored):
    server = stored("--workers", 2)
    server.deploy("a", HELLO)
    body = (HELLO + "//" + "x" * 5000).encode()
    put_a = head(
        server, "PUT", f"{LIST}/a", "1.1",
        "Content-Type: text/javascript", f"Content-Length: {len(body)}",
    ) + body
    files = head(server, "GET", f"{LIST}/a/files")
    for i in range(much(60, 1000)):
        with server.connect() as sock:
            sock.sendall([put_a, files, put_a * 3, files * 20][i % 4])
            if i % 3 == 0:
                time.sleep(0.002 * (i % 5))
            if i % 2:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert server.get("/a").text == "hi"
    wait_until(lambda: metrics(server)["isere_connections", ""] == 1)
    wait_until(lambda: put(server, "a", HELLO)[0] == 200)
    assert server.stop() == 0


# ---- metrics and health ----


def test_metrics_under_load(stored):
    """What counts up never goes back, and sums agree, in each scrape."""
    server = stored("--workers", 2)
    names = ["good", "bad", "slow"]
    server.deploy("good", HELLO)
    server.deploy("bad", "export const handler = () => { throw new Error('no') }")
    server.deploy("slow", "export const handler = () => new Promise("
                  "(done) => setTimeout(() => done('hi'), 20))")
    duration = "isere_request_duration_seconds"
    before = {}
    askers = [Askers(server, f"/{n}", lambda s, t: s in (200, 500), 2) for n in names]
    for asker in askers:
        asker.__enter__()
    try:
        for i in range(much(30, 1000)):
            samples = metrics(server)
            server.deploy("good", HELLO + f"//{i}")
            for (name, labels), value in samples.items():
                if name.endswith(("_total", "_bucket", "_count", "_sum")):
                    assert value >= before.get((name, labels), 0), (name, labels)
            before = samples
            for name in names:
                label = f'function="{name}"'
                buckets = [v for (n, labels), v in samples.items()
                           if n == f"{duration}_bucket" and label in labels]
                assert buckets == sorted(buckets)
                assert buckets[-1] == samples[f"{duration}_count", label]
    finally:
        for asker in askers:
            asker.__exit__()
    assert not [asker.wrong for asker in askers if asker.wrong]
    samples = metrics(server)
    for name, asker in zip(names, askers):
        label = f'function="{name}"'
        assert samples["isere_requests_total", label] == asker.count
        assert samples[f"{duration}_count", label] == asker.count
        errors = by_function(samples, "isere_errors_total")[name]
        assert errors == (asker.count if name == "bad" else 0)
        assert samples["isere_queue_length", label] == 0


def test_health_while_it_stops(stored):
    """A request that came before the stop is answered; health says so on a
    connection that was there."""
    server = stored("--workers", 1, "--timeout", "20s")
    server.deploy("slow", "export const handler = () => new Promise("
                  f"(done) => setTimeout(() => done('hi'), {int(600 * SLOW)}))")
    answers = []
    slow = threading.Thread(target=lambda: answers.append(server.get("/slow").text))
    assert server.get("/_isere/health").status == 200
    with server.connect() as sock:
        sock.sendall(b"GET /_isere/health HTTP/1.1\r\n")
        slow.start()
        time.sleep(0.2 * SLOW)
        server.signal(15)
        time.sleep(0.1 * SLOW)
        sock.sendall(b"Host: 127.0.0.1\r\n\r\n")
        answer = b""
        while more := sock.recv(1 << 16):
            answer += more
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b'"status":"draining"' in answer
    assert b"\r\nConnection: close\r\n" in answer
    slow.join()
    assert answers == ["hi"]
    assert server.wait() == 0
