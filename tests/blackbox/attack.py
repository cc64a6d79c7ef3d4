"""What the tests of attacks and faults share: how much of each there is, and
clients that go on asking while something happens.

`make test` has a short form of each; with ISERE_TEST_LONG=1 there is the whole.
"""

import hashlib
import http.client
import json
import os
import re
import threading
import time

from conftest import SLOW

LONG = bool(os.environ.get("ISERE_TEST_LONG"))


def much(short, long):
    """How often: the short form's number or the whole one's."""
    return long if LONG else short


def wait_until(what, patience=10):
    """Asks until it holds; returns what it said."""
    end = time.monotonic() + patience * SLOW
    while not (result := what()):
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)
    return result


def in_threads(work, count):
    """Runs work(0) ... work(count - 1) at once; their results, in order."""
    results = [None] * count

    def run(i):
        try:
            results[i] = work(i)
        except Exception as error:  # shown by who compares the results
            results[i] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class Askers:
    """Threads that ask for a path until they are stopped, over connections
    that are kept. `check` gets status and text of every answer, and says
    whether it is right.

        with Askers(server, "/hello", check) as askers:
            ...
        assert not askers.wrong and askers.count > 0
    """

    def __init__(self, server, path, check, count=2, pause=0, method="GET"):
        self.server = server
        self.path = path
        self.check = check
        self.pause = pause
        self.method = method
        self.count = 0
        self.slowest = 0.0
        self.wrong = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, daemon=True)
            for _ in range(count)
        ]

    def _ask(self, conn):
        began = time.monotonic()
        conn.request(self.method, self.path)
        response = conn.getresponse()
        text = response.read().decode(errors="replace")
        took = time.monotonic() - began
        right = self.check(response.status, text)
        with self._lock:
            self.count += 1
            self.slowest = max(self.slowest, took)
            if not right and len(self.wrong) < 10:
                self.wrong.append((response.status, text[:200]))

    def _run(self):
        conn = http.client.HTTPConnection(
            self.server.host, self.server.port, timeout=20 * SLOW
        )
        try:
            while not self._stop.is_set():
                self._ask(conn)
                if self.pause:
                    self._stop.wait(self.pause)
        except (OSError, http.client.HTTPException) as error:
            if not self._stop.is_set():
                with self._lock:
                    self.wrong.append(repr(error))
        finally:
            conn.close()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()


SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? ([0-9.e+]+)$")


def metrics(server):
    """{(name, labels): value} of one scrape."""
    status, _, body = server.api("GET", "/_isere/metrics", timeout=30)
    assert status == 200, body
    found = {}
    for line in body.decode().splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            found[name, labels or ""] = float(value)
    return found


def put(server, name, function, timeout=30):
    """Deploys; (status, answer) whatever it is."""
    headers = {}
    if isinstance(function, str):
        headers["Content-Type"] = "text/javascript"
    status, _, body = server.api(
        "PUT", f"/_isere/v1/functions/{name}", function, headers, timeout=timeout
    )
    return status, json.loads(body)


def describe(server, name):
    status, _, body = server.api("GET", f"/_isere/v1/functions/{name}")
    assert status == 200, body
    return json.loads(body)


def check_files(server, name):
    """What is stored has the checksum that is told of it; the package."""
    status, _, body = server.api("GET", f"/_isere/v1/functions/{name}/files")
    assert status == 200, body
    told = describe(server, name)
    assert hashlib.sha256(body).hexdigest() == told["sha256"], told
    return json.loads(body)
