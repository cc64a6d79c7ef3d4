"""cors: preflights are answered without the handler, and answers get the fields."""

import json

import pytest

from test_deploy_store import remote, succeeds, write  # noqa: F401
from wire import Wire, request

HANDLER = """
export const handler = ({ path, method }) => {
  if (path.endsWith('/throw')) throw new Error('on purpose')
  if (path.endsWith('/cookie')) return { headers: { Vary: 'Accept' }, cookies: ['a=b'] }
  return {
    headers: { 'Access-Control-Allow-Origin': 'mine', 'access-control-max-age': 7 },
    body: method,
  }
}"""
GOOD = "https://a.example"
FLAGS = ["--cors-origin", GOOD, "--cors-origin", "http://localhost:3000",
         "--cors-method", "PUT, DELETE", "--cors-header", "Content-Type",
         "--cors-header", "X-B", "--cors-expose", "X-A", "--cors-credentials",
         "--cors-max-age", "10m"]


def cors_of(answer):
    """The fields of CORS, and the values of Vary."""
    fields = {n: v for n, v in answer.fields if n.lower().startswith("access-control")}
    return fields, answer.all("Vary")


def preflight(target="/", origin=GOOD, method="PUT", **more):
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return request("OPTIONS", target, headers=headers, **more)


def test_preflight(serve):
    with Wire(serve(HANDLER, *FLAGS)) as wire:
        answer = wire.ask(preflight())
        assert (answer.status, answer.body) == (204, b"")
        assert cors_of(answer) == (
            {
                "Access-Control-Allow-Origin": GOOD,
                "Access-Control-Allow-Credentials": "true",
                "Access-Control-Allow-Methods": "PUT, DELETE",
                "Access-Control-Allow-Headers": "Content-Type, X-B",
                "Access-Control-Max-Age": "600",
            },
            ["Origin"],
        )
        other = wire.ask(preflight(origin="https://b.example"))
        assert (other.status, cors_of(other)) == (204, ({}, ["Origin"]))
        # With a body, whose rest is not read.
        assert wire.ask(preflight(body="x")).status == 204


def test_what_is_no_preflight_reaches_the_handler(serve):
    with Wire(serve(HANDLER, *FLAGS)) as wire:
        for headers in ({}, {"Origin": GOOD}, {"Access-Control-Request-Method": "PUT"}):
            assert wire.ask(request("OPTIONS", "/", headers=headers)).text == "OPTIONS"


def test_answers(serve):
    with Wire(serve(HANDLER, *FLAGS)) as wire:
        allowed = {
            "Access-Control-Allow-Origin": GOOD,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Expose-Headers": "X-A",
        }
        for target, status, vary in [
            ("/", 200, ["Origin"]),
            ("/throw", 500, ["Origin"]),
            ("/cookie", 200, ["Accept", "Origin"]),
        ]:
            answer = wire.ask(request("GET", target, headers={"Origin": GOOD}))
            assert (answer.status, cors_of(answer)) == (status, (allowed, vary))
        for headers in ({}, {"Origin": "https://b"}, {"Origin": "https://a.exampl"}):
            answer = wire.ask(request("GET", "/", headers=headers))
            assert cors_of(answer) == ({}, ["Origin"])


def test_without_a_policy_handlers_have_their_own(serve):
    with Wire(serve(HANDLER)) as wire:
        answer = wire.ask(request("GET", "/", headers={"Origin": GOOD}))
        assert answer.get("Access-Control-Allow-Origin") == "mine"
        assert wire.ask(preflight()).text == "OPTIONS"


def test_every_origin(serve):
    with Wire(serve(HANDLER, "--cors-origin=*")) as wire:
        answer = wire.ask(request("GET", "/", headers={"Origin": "null"}))
        assert cors_of(answer) == ({"Access-Control-Allow-Origin": "*"}, [])


def test_config(isere, serve, tmp_path):
    policy = '{"cors": {"allowOrigins": ["%s"], "maxAge": 7}}' % GOOD
    write(tmp_path, {"m.js": HANDLER, "isere.json": policy})
    with Wire(serve(tmp_path / "m.js")) as wire:
        assert wire.ask(preflight()).get("Access-Control-Max-Age") == "7"
    with Wire(serve(tmp_path / "m.js", "--cors-origin=*")) as wire:
        answer = wire.ask(preflight())
        assert answer.get("Access-Control-Allow-Origin") == "*"
        assert answer.get("Access-Control-Max-Age") is None
    write(tmp_path, {"isere.json": '{\n"cors": {"allowOrigins": [1]}}'})
    result = isere("serve", "m.js", cwd=tmp_path)
    assert result.returncode == 2
    assert "isere.json:2: cors.allowOrigins: must be an array" in result.stderr


@pytest.mark.parametrize(
    "options, wrong",
    [
        (["--cors-origin", "https://A.b"], "--cors-origin must be origins"),
        (["--cors-origin", "a.b"], "--cors-origin must be origins"),
        (["--cors-method", "PUT"], "--cors-origin must be given, too"),
        (["--cors-origin", "*", "--cors-credentials"], "can't be true for all"),
        (["--cors-origin", "*", "--cors-header", "a:b"], "--cors-header must be"),
        (["--cors-origin", "https://" + "a" * 1100], "--cors-origin is too long"),
        (["--store", "s", "--cors-origin", "*"], "isere deploy"),
    ],
)
def test_wrong_options(isere, options, wrong):
    result = isere("serve", *options)
    assert result.returncode == 2 and wrong in result.stderr


def test_deployed(remote, stored, tmp_path):  # noqa: F811
    write(tmp_path, {"m.js": HANDLER})
    server = remote.server
    succeeds(remote("deploy", "m.js", "--route", "PUT /m/{id}", *FLAGS))
    _, _, described = server.api("GET", "/_isere/v1/functions/m")
    policy = json.loads(described)["cors"]
    assert policy == {
        "allowOrigins": [GOOD, "http://localhost:3000"],
        "allowMethods": ["PUT", "DELETE"],
        "allowHeaders": ["Content-Type", "X-B"],
        "exposeHeaders": ["X-A"],
        "allowCredentials": True,
        "maxAge": 600,
    }
    _, _, files = server.api("GET", "/_isere/v1/functions/m/files")
    assert json.loads(files)["cors"] == policy

    def check(server):
        with Wire(server) as wire:
            answer = wire.ask(preflight("/m/1"))
            assert (answer.status, len(cors_of(answer)[0])) == (204, 5)
            # For another method there is no route, so nobody to allow it.
            assert wire.ask(preflight("/m/1", method="GET")).status == 405
            assert wire.ask(preflight("/n")).status == 404
            answer = wire.ask(request("PUT", "/m/1", "x", {"Origin": GOOD}))
            assert cors_of(answer)[0]["Access-Control-Allow-Origin"] == GOOD

    check(server)
    server.stop()
    check(stored(store=server.store))


@pytest.mark.parametrize(
    "cors, message",
    [
        (7, '"cors": must be an object: {"allowOrigins": ["https://example.com"]}'),
        ({}, '"cors".allowOrigins: is missing'),
        ({"allowOrigins": "*"}, '"cors".allowOrigins: must be an array of strings'),
        ({"allowOrigins": [""]}, '"cors".allowOrigins: must be an array of strings'),
        ({"allowOrigins": ["*\n"]},
         '"cors".allowOrigins: must not have control characters'),
        ({"allowOrigins": ["*"], "allowMethods": ["a b"]},
         '"cors".allowMethods: must be methods, or *'),
        ({"allowOrigins": ["*"], "allowCredentials": 1},
         '"cors".allowCredentials: must be true or false'),
        ({"allowOrigins": ["*"], "maxAge": 86401},
         '"cors".maxAge: must be from 0 to 86400 seconds'),
        ({"allowOrigins": ["*"], "maxAge": "1m"},
         '"cors".maxAge: must be from 0 to 86400 seconds'),
        ({"AllowOrigins": ["*"]}, '"cors": has a member that is none of'),
    ],
)
def test_wrong_policies(stored, cors, message):
    package = {"main": "m.js", "files": {"m.js": HANDLER}, "cors": cors}
    status, _, body = stored().api("PUT", "/_isere/v1/functions/m", package)
    assert status == 400
    assert json.loads(body)["message"].startswith(message)
