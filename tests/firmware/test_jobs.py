"""A deploy does not hold up requests: it has a thread, a stack and the memory of
one instance; the server goes on with the other one."""

import contextlib
import http.client
import json
import threading
import time

import pytest

from corpus import DeviceWire
from test_containment import break_it, wait_restart
from test_store import names
from wire import request

GOOD = "export const handler = () => 'good'"
OTHER = "export const handler = (e) => 'other ' + (e.query ?? '')"
# A loop, as the time stands still in an init phase that is to be kept.
BUSY = "let n = 0; for (let i = 0; i < %d; i++) n += i\n" + GOOD
ENDLESS = "for (;;);\n" + GOOD
FUNCTIONS = "/_isere/v1/functions"
PATIENCE = 120


class Asker:
    """Asks for paths in turn, one request after the other on one connection,
    until it is ended; counts the answers, and keeps those that are not what they
    should be."""

    def __init__(self, device, paths):
        self.device = device
        self.paths = paths  # {path: text}
        self.count = 0
        self.wrong = []
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        port = self.device.port
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        with contextlib.closing(wire):
            while not self._ends.is_set():
                for path, text in self.paths.items():
                    wire.request("GET", path)
                    answer = wire.getresponse()
                    body = answer.read().decode()
                    if (answer.status, body) != (200, text):
                        self.wrong.append((path, answer.status, body))
                    self.count += 1

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self._ends.set()
        self._thread.join(PATIENCE)


@contextlib.contextmanager
def under_load(device, askers=2):
    """With clients that ask two functions, which take turns in what memory the
    deploy leaves; none of them may see anything of it."""
    device.deploy("other", OTHER)
    paths = {"/": "good", "/other?x": "other x"}
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Asker(device, paths)) for _ in range(askers)]


def answers(load):
    assert [asker.wrong for asker in load] == [[] for _ in load]
    return sum(asker.count for asker in load)


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def try_deploy(device, name, source):
    """(status, JSON) of a deploy that may fail."""
    status, _, body = device.api(
        "PUT",
        f"{FUNCTIONS}/{name}",
        source,
        {"Content-Type": "text/javascript"},
        timeout=PATIENCE,
    )
    return status, json.loads(body)


def put(device, name, source):
    """The bytes of a deploy."""
    return (
        f"PUT {FUNCTIONS}/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {device.token}\r\n"
        "Content-Type: text/javascript\r\n"
        f"Content-Length: {len(source)}\r\n\r\n{source}"
    ).encode()


def test_requests_during_a_long_init_phase(mps2):
    device = mps2(GOOD)
    with under_load(device) as load:
        wait_for(lambda: answers(load) > 20)
        before = answers(load)
        device.deploy("busy", BUSY % 500000, timeout=PATIENCE)
        during = answers(load) - before
    assert during > 10, during
    assert device.get("/busy").text == "good"


def test_an_endless_init_phase(mps2):
    """It ends at its limit with what it always said, and the next deploy
    works."""
    device = mps2(GOOD)
    with under_load(device) as load:
        wait_for(lambda: answers(load) > 20)
        before = answers(load)
        status, body = try_deploy(device, "endless", ENDLESS)
        during = answers(load) - before
        assert status == 400 and "init" in body["message"], body
        assert during > 50, during
        device.deploy("next", GOOD, timeout=PATIENCE)
    answers(load)
    assert sorted(names(device)) == ["next", "other"]


def test_deploys_under_a_stream_of_requests(boot):
    """One after the other: with functions that take one instance's memory to
    compile, and more, for which the server gives up the other one for a while.
    The compiler needs some 1.5 KB for each function in a source."""
    device = boot(GOOD)
    memory = device.target.config("ISERE_MEMORY")
    counts = [0, memory // 5, memory * 2 // 5, memory * 3 // 4]
    with under_load(device, 4) as load:
        for count in counts:
            lines = "".join(f"const f{i} = () => {i}\n" for i in range(count))
            device.deploy("long", lines + GOOD, timeout=PATIENCE)
            assert device.get("/long").text == "good"
        count = answers(load)
        wait_for(lambda: answers(load) > count + 50)
    assert names(device)["long"]["version"] == len(counts)


def test_several_at_a_time(boot):
    """Each is done or refused, and the client is told which."""
    device = boot(GOOD)
    clients = {}
    with under_load(device) as load, contextlib.ExitStack() as stack:
        for i in range(6):
            wire = stack.enter_context(DeviceWire(device, PATIENCE))
            assert wire.ask(request()).text == "good"
            clients[f"f{i}"] = wire
        for name, wire in clients.items():
            wire.send(put(device, name, GOOD))
        statuses = {n: wire.read().status for n, wire in clients.items()}
    answers(load)
    assert set(statuses.values()) <= {201, 503}, statuses
    done = {name for name, status in statuses.items() if status == 201}
    assert set(names(device)) == done | {"other"} and done


def test_all_instances_are_busy(boot):
    """A deploy waits for one of them, and none is ended for it."""
    device = boot(
        "export const handler = () =>"
        " new Promise((f) => setTimeout(() => f('slept'), 500))"
    )
    count = device.target.config("ISERE_INSTANCES")
    with contextlib.ExitStack() as stack:
        load = [
            stack.enter_context(Asker(device, {"/": "slept"}))
            for _ in range(count)
        ]
        wait_for(lambda: answers(load) >= 2 * count)
        device.deploy("quick", GOOD, timeout=PATIENCE)
        assert device.get("/quick").text == "good"
        seen = answers(load)
        wait_for(lambda: answers(load) > seen + 2 * count)


def test_a_reset_in_the_midst(mps2):
    """Neither the version before nor another function is lost."""
    device = mps2(GOOD)
    device.deploy("busy", GOOD)
    with under_load(device) as load:
        wait_for(lambda: answers(load) > 20)
        deploying = device.connect()
        deploying.sendall(put(device, "busy", ENDLESS))
        before = answers(load)
        wait_for(lambda: answers(load) > before + 50)
        for asker in load:
            asker.end()
    device.reboot()
    deploying.close()
    assert names(device)["busy"]["version"] == 1
    for path in ("/busy", "/"):
        assert device.get(path).text == "good"
    assert device.get("/other?y").text == "other y"


@pytest.mark.parametrize("guilty", ["new", "asked"])
def test_a_crash_of_one_of_the_two(mps2, guilty):
    """A deploy's init phase and requests run side by side; the device resets,
    and blames the one in whose thread it was."""
    crash = "for (let i = 0; i < 200000; i++); Math.clz32(1)\n"
    loop = "for (;;);"
    device = mps2(GOOD)
    device.may_crash = True
    handler = crash if guilty == "asked" else loop
    device.deploy("asked", "export const handler = () => {" + handler + "}")
    break_it(device)
    new = (crash if guilty == "new" else loop) + GOOD
    with contextlib.ExitStack() as stack:
        # Three requests, one after the other: so there always is one.
        wires = [stack.enter_context(DeviceWire(device)) for _ in range(4)]
        for wire in wires:
            assert wire.ask(request("GET", "/")).text == "good"
        wires[0].send(put(device, "new", new))
        for wire in wires[1:]:
            wire.send(request("GET", "/asked"))
        said = wait_restart(device, 2)
    assert f"a fault in function '{guilty}' version 1 (usage fault" in said, said
    assert sorted(names(device)) == ["asked"]
