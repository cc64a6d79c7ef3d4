"""context, process.env, console, as --options set them."""

import json

import pytest

from wire import Wire, is_uuid, request

CONTEXT = """
export const handler = async (event, context) => {
  const before = context.getRemainingTimeInMillis()
  await new Promise(resolve => setTimeout(resolve, 100))
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      ...context, before, after: context.getRemainingTimeInMillis(),
      requestId: event.requestContext.requestId,
    }),
  }
}
"""


@pytest.mark.parametrize("payload", ["isere", "1.0", "2.0"])
def test_context(serve, payload):
    options = ["--timeout", "2s", "--memory", "1536K", "--payload", payload]
    with Wire(serve(CONTEXT, *options)) as wire:
        context = wire.ask(request()).json
    memory = 1.5 if payload == "isere" else "1.5"
    assert context["memoryLimitInMB"] == memory
    assert type(context["memoryLimitInMB"]) is type(memory)
    assert context["awsRequestId"] == context["requestId"]
    assert is_uuid(context["awsRequestId"])
    assert 1900 <= context["before"] <= 2000
    assert 1700 <= context["after"] <= context["before"] - 95
    assert context["functionName"] and context["functionVersion"]


def test_time_limit_grows_with_the_option(serve):
    source = "export const handler = (e, c) => c.getRemainingTimeInMillis()"
    for limit, ms in {"1500ms": 1500, "7s": 7000, "2m": 120000}.items():
        with Wire(serve(source, "--timeout", limit)) as wire:
            assert ms - 100 <= wire.ask(request()).json <= ms


def test_clocks_go_on(serve):
    source = "export const handler = () => [Date.now(), performance.now()]"
    with Wire(serve(source)) as wire:
        last = [0, 0]
        for _ in range(50):
            now = wire.ask(request()).json
            assert now[0] >= last[0] and now[1] > last[1]
            last = now


def test_node_env(serve):
    source = "export const handler = () => process.env"
    with Wire(serve(source)) as wire:
        assert wire.ask(request()).json == {"NODE_ENV": "production"}
    with Wire(serve(source, "--env", "NODE_ENV=test", "--env", "A=b=c")) as wire:
        assert wire.ask(request()).json == {"NODE_ENV": "test", "A": "b=c"}


def test_environment_is_the_functions_own(serve):
    source = "export const handler = () => process.env.SECRET ?? 'none'"
    server = serve(source, env={"SECRET": "of the server"})
    assert server.get("/").text == "none"


LOGGING = """
export const handler = () => {
  console.debug('d', { a: [1, 'x'] })
  console.log('l')
  console.info('i')
  console.warn('w\\n"quoted" \\\\ \\u0007 ü')
  console.error('e')
  return 'logged'
}
"""


@pytest.mark.parametrize(
    "level, seen",
    [("debug", "dliwe"), ("info", "liwe"), ("warn", "we"), ("error", "e")],
)
def test_log_levels(serve, level, seen):
    server = serve(LOGGING, "--log-level", level, "--workers", 1)
    assert server.get("/").text == "logged"
    server.stop()
    lines = server.log().splitlines()
    found = [line[70] for line in lines]
    assert "".join(found) == seen, server.log()


def test_json_logs(serve):
    server = serve(LOGGING, "--log-format", "json", "--log-level", "debug")
    server.get("/")
    server.stop()
    records = [json.loads(line) for line in server.log().splitlines()]
    assert [r["level"] for r in records] == "debug info info warn error".split()
    assert records[3]["message"] == 'w\n"quoted" \\ \x07 ü'
    assert len({r["requestId"] for r in records}) == 1
    assert is_uuid(records[0]["requestId"])
    assert records[0]["message"] == "d { a: [ 1, 'x' ] }"


def test_json_logs_of_errors(serve):
    source = "export const handler = () => {\n  throw new Error('oh')\n}\n"
    server = serve(source, "--log-format", "json")
    server.get("/")
    server.stop()
    (record,) = [json.loads(line) for line in server.log().splitlines()]
    assert record["level"] == "error" and is_uuid(record["requestId"])
    assert "Error: oh" in record["message"]
    assert "handler.js:2" in record["message"]


def test_lines_of_workers_do_not_mix(serve):
    source = """
    export const handler = ({ query }) => {
      for (let i = 0; i < 20; i++) console.log(query.repeat(3000))
      return 'ok'
    }
    """
    server = serve(source, "--workers", 2)
    wires = [Wire(server) for _ in range(8)]
    for i, wire in enumerate(wires):
        wire.send(request("GET", f"/?{i}"))
    for wire in wires:
        assert wire.read().text == "ok"
        wire.sock.close()
    server.stop()
    lines = server.log().splitlines()
    assert len(lines) == 160
    for line in lines:
        text = line[70:]
        assert text == text[0] * 3000, line[:200]
