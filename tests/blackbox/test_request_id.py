"""Isere-Request-Id: every answer has one, and the handler and the log the same."""

import pytest

from wire import Wire, is_uuid, request

HANDLER = """
export const handler = (event, context) => {
  if (event.path === '/throw') throw new Error('on purpose')
  if (event.path === '/own') {
    return { headers: { 'isere-request-id': 'mine', 'X-Sees': context.awsRequestId } }
  }
  return { headers: { 'X-Sees': context.awsRequestId } }
}"""


def the_id(answer):
    found = answer.get("Isere-Request-Id")
    assert is_uuid(found), found
    return found


def test_handlers_see_it(serve):
    with Wire(serve(HANDLER)) as wire:
        for path in ("/", "/own", "/"):
            answer = wire.ask(request("GET", path))
            assert the_id(answer) == answer.get("X-Sees")


def test_each_answer_has_its_own(serve):
    with Wire(serve(HANDLER)) as wire:
        wire.send(request("GET", "/") * 5 + request("HEAD", "/") * 5)
        answers = [wire.read() for _ in range(5)]
        answers += [wire.read("HEAD") for _ in range(5)]
    assert len({the_id(answer) for answer in answers}) == 10


def test_the_log_has_it(serve):
    server = serve(HANDLER)
    with Wire(server) as wire:
        found = the_id(wire.ask(request("GET", "/throw")))
    server.wait_log("on purpose")
    assert found in server.log()


@pytest.mark.parametrize(
    "data, status",
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"\0\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000, 414),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n", 413),
        (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505),
    ],
)
def test_refused_requests_have_one(serve, data, status):
    with Wire(serve(HANDLER)) as wire:
        answer = wire.ask(data)
    assert answer.status == status
    the_id(answer)


def test_management_answers_have_one(stored):
    server = stored()
    with Wire(server) as wire:
        for path in ("/_isere/health", "/_isere/v1/functions", "/nowhere"):
            the_id(wire.ask(request("GET", path)))
