"""A function that crashed again and again is served no more, until another
version of it comes or somebody releases it."""

import json
import os

import quarantine

HELLO = "export const handler = () => 'hello'\n"


def command(isere, server, *args):
    result = isere(
        *args,
        "--to",
        server.url,
        "--token-file",
        server.store / "token",
        env={"ISERE_TOKEN": "", "ISERE_URL": ""},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def quarantined(stored, *names):
    """A server with functions, some of them quarantined when it starts."""
    server = stored()
    for name in ("good", *names):
        server.deploy(name, HELLO)
    server.stop()
    quarantine.write(server.store, [(name, 1, True) for name in names])
    return stored(store=server.store)


def test_it_is_refused_and_listed(stored, isere):
    server = quarantined(stored, "bad")
    answer = server.get("/bad")
    assert answer.status == 503
    assert answer.headers["Isere-Error"] == "quarantined"
    assert server.get("/good").text == "hello"
    text = command(isere, server, "list")
    assert "bad   1        quarantined  16M" in text, text
    assert "quarantined after 3 crashes within 60 s" in text
    assert quarantine.WHERE in text


def test_a_release(stored, isere):
    server = quarantined(stored, "bad", "worse")
    assert command(isere, server, "release", "bad").startswith("bad version 1 at ")
    assert server.get("/bad").text == "hello"
    assert server.get("/worse").status == 503
    assert quarantine.read(server.store) == [("worse", 1, True, 3)]
    path = "/_isere/v1/functions/{}/release"
    for name, released in [("bad", False), ("worse", True), ("worse", False)]:
        _, _, body = server.api("POST", path.format(name))
        assert json.loads(body)["released"] is released
    assert not (server.store / "functions" / quarantine.BLOB).exists()
    server.stop()
    assert stored(store=server.store).get("/bad").text == "hello"


def test_a_deploy(stored):
    server = quarantined(stored, "bad", "worse")
    assert server.deploy("bad", HELLO)["version"] == 2
    assert server.get("/bad").text == "hello"
    assert server.get("/worse").status == 503
    server.stop()
    assert quarantine.read(server.store) == [("worse", 1, True, 3)]


def test_damage(stored):
    server = quarantined(stored, "bad")
    server.stop()
    path = server.store / "functions" / quarantine.BLOB
    path.write_bytes(path.read_bytes()[:-1])
    server = stored(store=server.store)
    assert server.get("/bad").text == "hello"
    assert "the crash records in the store can't be used" in server.log()
    assert os.path.getsize(path) > 0  # for somebody to look at
