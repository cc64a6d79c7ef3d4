"""`isere dev`: what it serves, shows and deploys while a function is written."""

import json
import subprocess
import threading
import time

import pytest
from conftest import PATIENCE, SLOW, Server, command

ONE = "export const handler = () => 'one'\n"
TWO = "export const handler = () => 'two'\n"
WRONG = "export const handler = () => { return 5 +  }\n"
MARK = "    export const handler = () => { return 5 +  }\n" + 47 * " " + "^\n"


@pytest.fixture
def dev(tmp_path):
    """dev(files, *options) -> Server for the folder tmp_path/app."""
    servers = []

    def start(files, *args, ready=True):
        folder = tmp_path / "app"
        folder.mkdir(exist_ok=True)
        for name, source in files.items():
            (folder / name).write_text(source)
        server = Server("app", args, tmp_path, ready=ready, verb="dev")
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.kill()
        assert "Sanitizer" not in server.log(), server.log()


def until(found, server):
    end = time.monotonic() + PATIENCE * SLOW
    while not found():
        assert time.monotonic() < end, server.log()
        time.sleep(0.02)


def test_serves_and_shows(dev, tmp_path):
    server = dev({"index.js": ONE})
    assert server.get("/x?y=z").text == "one"
    server.wait_log('"GET /x?y=z HTTP/1.1" 200 3')
    (tmp_path / "app/index.js").write_text(TWO)
    server.wait_log("reloaded app/index.js")
    assert server.get("/").text == "two"
    assert server.stop() == 0
    screen = server.process.stdout.read().decode()
    assert f"open    {server.url}/\n" in screen
    assert "edit    app/index.js: what you save is served at once\n" in screen
    assert "deploy  isere deploy app/index.js --to URL" in screen


def test_mistake_on_save(dev, tmp_path):
    server = dev({"index.js": ONE})
    (tmp_path / "app/index.js").write_text(WRONG)
    log = server.wait_log("the previous version keeps serving")
    assert "app/index.js:1:44: SyntaxError: unexpected token" in log
    assert MARK in log
    assert server.get("/").text == "one"
    (tmp_path / "app/index.js").write_text("throw new Error('init')\n")
    server.wait_log("    throw new Error('init')\n")
    assert server.get("/").text == "one"
    (tmp_path / "app/index.js").write_text(TWO)
    server.wait_log("INFO  reloaded app/index.js")
    assert server.get("/").text == "two"


def test_mistake_at_first(dev, tmp_path):
    """Nothing is served yet, so it waits; also for a file that is missing."""
    server = dev({"index.js": "import './more.js'\n" + TWO}, ready=False)
    server.wait_log("waiting until a file of it is saved")
    (tmp_path / "app/more.js").write_text(WRONG)
    log = server.wait_log("waiting until a file of it is saved", count=2)
    assert MARK in log
    (tmp_path / "app/more.js").write_text("\n")
    server._wait_ready(PATIENCE * SLOW)
    assert server.get("/").text == "two"


@pytest.mark.parametrize(
    "files, text",
    [
        ({"main.js": ONE, "handler.mjs": TWO}, "two"),
        ({"app.js": ONE, "other.js": TWO}, "one"),
    ],
)
def test_finds_the_main_file(dev, files, text):
    assert dev(files).get("/").text == text


def test_no_main_file(isere, tmp_path):
    (tmp_path / "other.js").write_text(ONE)
    result = isere("dev")
    assert result.returncode == 2
    assert ". has no index, handler, main or app" in result.stderr
    assert "\nThe default is the current folder.\n" in isere("dev", "--help").stdout
    result = isere("dev", "none")
    assert result.returncode == 2
    assert "cannot read none: No such file" in result.stderr
    result = isere("dev", "other.js", "--watch")
    assert result.returncode == 2 and "unknown option '--watch'" in result.stderr


def test_module_and_isere_json(dev, tmp_path, serve):
    config = json.dumps({"env": {"A": "b"}})
    source = "export const handler = () => process.env.A"
    server = serve({"other.js": source, "isere.json": config}, verb="dev")
    assert server.get("/").text == "b"


def test_deploys_on_save(stored, tmp_path):
    server = stored()
    folder = tmp_path / "pets"
    folder.mkdir()
    (folder / "index.js").write_text("import { text } from './text.js'\n"
                                     "export const handler = () => text\n")
    (folder / "text.js").write_text("export const text = 'one'\n")
    to = ("--to", server.url, "--token-file", server.store / "token")
    process = subprocess.Popen(
        command("dev", "pets", *to),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    said = []
    reader = threading.Thread(target=lambda: said.extend(process.stderr))
    reader.start()
    try:
        until(lambda: server.get("/pets").text == "one", server)
        (folder / "text.js").write_text("export const text = 'two'\n")
        until(lambda: server.get("/pets").text == "two", server)
        (folder / "text.js").write_text("export const text = +\n")
        until(lambda: any(b"waiting until" in line for line in said), server)
        assert any(b"pets/text.js:2:1: SyntaxError" in line for line in said), said
        assert server.get("/pets").text == "two"
        (folder / "text.js").write_text("export const text = 'three'\n")
        until(lambda: server.get("/pets").text == "three", server)
    finally:
        process.kill()
        process.wait()
        reader.join()
