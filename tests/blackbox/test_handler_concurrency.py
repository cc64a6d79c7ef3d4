"""Instances, queue, 503: how requests share the process."""

import threading
import time

import pytest

from conftest import SLOW
from wire import Wire, request

SLEEP = """
export const handler = async ({ query }) => {
  const start = Date.now()
  await new Promise(resolve => setTimeout(resolve, query))
  return [start, Date.now()]
}
"""


def ask_all(server, count, target):
    """Sends the same request on `count` connections, then reads all."""
    wires = [Wire(server, 30) for _ in range(count)]
    for wire in wires:
        wire.send(request("GET", target))
    answers = [wire.read() for wire in wires]
    for wire in wires:
        wire.sock.close()
    return answers


def test_queue_full(serve):
    server = serve(SLEEP, "--instances", 1, "--queue", 1)
    first, second, third = Wire(server), Wire(server), Wire(server)
    first.send(request("GET", "/?600"))
    time.sleep(0.15)
    second.send(request("GET", "/?1"))
    time.sleep(0.15)
    answer = third.ask(request("GET", "/?1")).is_error(503, "busy")
    assert int(answer.get("Retry-After")) > 0
    assert not answer.closes
    started, ended = first.read().json
    assert second.read().json[0] >= ended - 1
    assert third.ask(request("GET", "/?1")).status == 200
    for wire in (first, second, third):
        wire.sock.close()


def test_queue_is_first_come_first_served(serve):
    source = """
    export const handler = async ({ query }) => {
      await new Promise(resolve => setTimeout(resolve, 30))
      return [+query, performance.now()]
    }
    """
    server = serve(source, "--instances", 1)
    wires = []
    for i in range(8):
        wires.append(Wire(server).send(request("GET", f"/?{i}")))
        time.sleep(0.01)
    times = [wire.read().json[1] for wire in wires]
    assert times == sorted(times)


def test_no_queue(serve):
    server = serve(SLEEP, "--instances", 1, "--queue", 0)
    with Wire(server) as one, Wire(server) as two:
        one.send(request("GET", "/?400"))
        time.sleep(0.1)
        two.ask(request("GET", "/?1")).is_error(503, "busy")
        assert one.read().status == 200
        assert two.ask(request("GET", "/?1")).status == 200


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_instances_count_for_the_process(serve, workers):
    """Whatever worker the connections land on, all four run at once."""
    server = serve(SLEEP, "--instances", 4, "--workers", workers)
    for turn in range(4):
        spans = [a.json for a in ask_all(server, 4, "/?250")]
        assert max(s for s, _ in spans) < min(e for _, e in spans), spans


def test_never_more_than_the_instances(serve):
    server = serve(SLEEP, "--instances", 3, "--workers", 2)
    spans = [a.json for a in ask_all(server, 12, "/?60")]
    for start, _ in spans:
        at_once = sum(s <= start < e for s, e in spans)
        assert at_once <= 3, spans


def test_a_client_that_left_does_not_wait(serve):
    server = serve(SLEEP, "--instances", 1, "--queue", 2)
    first = Wire(server).send(request("GET", "/?300"))
    time.sleep(0.05)
    for _ in range(6):
        # Each takes a place in the queue and gives it back.
        wire = Wire(server).send(request("GET", "/?1"))
        time.sleep(0.02)
        wire.sock.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: reset
        wire.sock.close()
        time.sleep(0.02)
    with Wire(server) as wire:
        assert wire.ask(request("GET", "/?1")).status == 200
    assert first.read().status == 200
    first.sock.close()


def test_waiting_is_cheap(serve, record_property):
    """A thousand requests that await the same second."""
    server = serve(SLEEP, "--memory", "1M", "--timeout", "20s")
    start = time.monotonic()
    answers = ask_all(server, 1000, "/?1000")
    took = time.monotonic() - start
    assert [a.status for a in answers] == [200] * 1000
    for answer in answers:
        begin, end = answer.json
        assert end - begin >= 999
    record_property("seconds", took)
    print(f"1,000 requests that wait 1 s took {took:.2f} s")


def test_a_busy_handler_does_not_stop_another_worker(serve):
    source = """
    export const handler = ({ path }) => {
      if (path === '/spin') for (;;);
      return 'fine'
    }
    """
    server = serve(source, "--workers", 2, "--timeout", "500ms")
    spinning = [Wire(server).send(request("GET", "/spin"))]
    start = time.monotonic()
    fine = sum(server.get("/").text == "fine" for _ in range(40))
    assert fine == 40
    assert time.monotonic() - start < 3 * SLOW
    assert spinning[0].read().status == 504
    spinning[0].sock.close()


def test_stop_lets_requests_finish(serve):
    server = serve(SLEEP, "--workers", 2)
    wires = [Wire(server).send(request("GET", "/?400")) for _ in range(6)]
    idle = Wire(server)
    assert idle.ask(request("GET", "/?1")).status == 200
    code = []
    stopper = threading.Thread(target=lambda: code.append(server.stop()))
    stopper.start()
    assert idle.ended()
    for wire in wires:
        answer = wire.read()
        assert answer.status == 200 and answer.closes
        assert wire.ended()
        wire.sock.close()
    stopper.join()
    assert code == [0]


def test_stop_gives_up_after_the_time_limit(serve):
    source = "export const handler = () => new Promise(r => setTimeout(r, 1e6))"
    server = serve(source, "--timeout", "300ms")
    wire = Wire(server).send(request())
    time.sleep(0.1)
    start = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - start < 2 * SLOW
    wire.sock.close()
