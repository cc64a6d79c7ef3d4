"""--handler NAME picks another export, wherever a function is run."""

import json

import pytest

from test_deploy_store import remote, succeeds, write  # noqa: F401

MODULE = """
export const handler = () => 'usual'
export const hello = () => 'hello'
export default { ping: () => 'pong', fetch: () => new Response('fetched') }
export const app = { handler() { return this === app } }
export const number = 7
"""


def body_of(run):
    return json.loads(succeeds(run))["body"]


@pytest.mark.parametrize(
    "name, body",
    [("hello", "hello"), ("default", "fetched"), ("app", "true"),
     ("ping", "pong"), ("handler", "usual")],
)
def test_invoke(isere, tmp_path, name, body):
    write(tmp_path, {"m.js": MODULE})
    assert body_of(isere("invoke", "m.js", "--handler", name, cwd=tmp_path)) == body


@pytest.mark.parametrize("name", ["none", "number"])
def test_there_is_none(isere, tmp_path, name):
    write(tmp_path, {"m.js": MODULE})
    result = isere("invoke", "m.js", "--handler", name, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f"m.js: the module exports no function called '{name}', which --handler "
        "asks for\n"
    )


@pytest.mark.parametrize("name", ["index.handler", "1st", "a" * 65, "ä", "a b"])
def test_no_name(isere, name):
    result = isere("invoke", "m.js", "--handler", name)
    assert result.returncode == 2
    assert "--handler takes the name of an export" in result.stderr


def test_serve_and_bytecode(isere, serve, tmp_path):
    write(tmp_path, {"m.js": MODULE})
    server = serve(tmp_path / "m.js", "--handler", "hello")
    assert server.get("/").text == "hello"
    result = isere("build", "m.js", "--handler", "hello", cwd=tmp_path)
    assert result.returncode == 0
    assert body_of(isere("invoke", "m.bin", cwd=tmp_path)) == "hello"
    # As with the other settings, the command line has the last word.
    again = isere("invoke", "m.bin", "--handler", "ping", cwd=tmp_path)
    assert body_of(again) == "pong"
    result = isere("serve", "--store", "s", "--handler", "x", cwd=tmp_path)
    assert result.returncode == 2 and "isere deploy" in result.stderr


def test_deploy(remote, stored, tmp_path):  # noqa: F811
    write(tmp_path, {"m.js": MODULE})
    server = remote.server
    succeeds(remote("deploy", "m.js", "--handler", "hello"))
    assert server.get("/m").text == "hello"
    _, _, described = server.api("GET", "/_isere/v1/functions/m")
    assert json.loads(described)["handler"] == "hello"
    _, _, files = server.api("GET", "/_isere/v1/functions/m/files")
    assert json.loads(files)["handler"] == "hello"
    # The code is kept over a crash of the server, and this with it.
    succeeds(remote("deploy", "m.js"))
    assert server.get("/m").text == "usual"
    succeeds(remote("rollback", "m"))
    assert server.get("/m").text == "hello"
    server.stop()
    assert stored(store=server.store).get("/m").text == "hello"


def test_what_is_deployed_is_checked(remote, tmp_path):  # noqa: F811
    write(tmp_path, {"m.js": MODULE})
    result = remote("deploy", "m.js", "--handler", "none")
    assert result.returncode == 1
    assert "exports no function called 'none'" in result.stderr
    package = {"main": "m.js", "files": {"m.js": MODULE}, "handler": "a b"}
    status, _, body = remote.server.api("PUT", "/_isere/v1/functions/m", package)
    assert status == 400
    assert json.loads(body)["message"].startswith(
        '"handler": must be the name of an export: '
    )
