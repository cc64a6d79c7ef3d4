"""`isere rollback`, `release` and `remove`, against answers by script."""

import json

import pytest
from scripted import VERSION, answer

def test_rollback(isere, script):
    server = script(answer(200, {**VERSION, "version": 2}))
    result = isere("rollback", "hello", "--to", server.url)
    assert result.returncode == 0
    assert result.stdout.startswith(f"hello version 2 at {server.url}/hello\n")
    head, body = server.requests[0]
    assert head.startswith("POST /_isere/v1/functions/hello/rollback ")
    assert "\r\nContent-Length: 0" in head and body == b""


def test_release(isere, script):
    server = script(answer(200, VERSION))
    result = isere("release", "hello", "--to", server.url)
    assert result.returncode == 0
    assert result.stdout.startswith("hello version ")
    head, body = server.requests[0]
    assert head.startswith("POST /_isere/v1/functions/hello/release ")
    assert body == b""
    assert result.stderr == ""  # a server that doesn't say


@pytest.mark.parametrize(
    "released, said",
    [
        (True, "isere: 'hello' was quarantined, and is served again\n"),
        (False, "isere: 'hello' was not quarantined\n"),
        ("yes", ""),
    ],
)
def test_release_says_what_it_did(isere, script, released, said):
    server = script(answer(200, {**VERSION, "released": released}))
    result = isere("release", "hello", "--to", server.url)
    assert result.returncode == 0 and result.stderr == said


def test_remove(isere, script):
    server = script(answer(204))
    result = isere("remove", "hello", "--to", server.url)
    assert result.returncode == 0 and result.stdout == "hello removed\n"
    assert server.requests[0][0].startswith(
        "DELETE /_isere/v1/functions/hello "
    )
    result = isere("remove", "hello", "--to", server.url, "--json")
    assert json.loads(result.stdout) == {"name": "hello", "removed": True}
