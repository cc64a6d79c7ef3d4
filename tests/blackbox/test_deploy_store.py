"""The commands that talk to a server, against `isere serve --store`."""

import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest
from conftest import SLOW, command

FILES = {
    "fn/hello.js": """
import { text } from './lib/text.js'
const { more } = await import('./lib/more.js')
console.log('init')
export const handler = async (event) => {
  console.warn('asked for', event.path)
  if (event.path === '/fail') throw new Error('no')
  return [text, more, process.env.A, event.rawPath].join(' ')
}
""",
    "fn/lib/text.js": "export const text = 'hällo\\u2028'\n",
    "fn/lib/more.js": "export const more = 'more'\n",
}


def write(folder, files):
    for name, source in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")


@pytest.fixture
def remote(isere, stored, tmp_path):
    """remote(*args) runs a command against a server of its own, .server."""
    server = stored()
    write(tmp_path, FILES)

    def run(*args, **options):
        env = {"ISERE_URL": server.url, "ISERE_TOKEN": server.token}
        return isere(*args, env={**env, **options.pop("env", {})}, **options)

    run.server = server
    return run


def succeeds(result):
    assert result.returncode == 0, result
    return result.stdout


def fails(result, *texts):
    assert result.returncode == 1, result
    assert result.stdout == ""
    for text in texts:
        assert text in result.stderr, result.stderr


def test_deploy(remote, tmp_path):
    server = remote.server
    out = succeeds(remote("deploy", "fn/hello.js", "--env", "A=é"))
    assert out == (
        f"hello version 1 at {server.url}/hello\n"
        "  ANY /hello\n  ANY /hello/{path+}\n"
    )
    assert server.get("/hello").text == "hällo\u2028 more é "
    out = succeeds(
        remote(
            "deploy", "fn/hello.js", "--name", "hello", "--route", "get /x/",
            "--route", "$default", "--payload", "2.0", "--memory", "1M",
            "--timeout", "2s", "--no-env", "--json",
        )
    )
    assert json.loads(out)["version"] == 2
    assert json.loads(out)["routes"] == ["GET /x", "$default"]
    assert server.get("/x").text == "hällo\u2028 more  /x"
    listed = json.loads(succeeds(remote("list", "--json")))["functions"]
    assert [f["memory"] for f in listed] == [1 << 20]
    assert [f["timeout"] for f in listed] == [2000]
    # What is there is what was in the files.
    _, _, body = server.api("GET", "/_isere/v1/functions/hello/files")
    files = json.loads(body)["files"]
    assert files == {
        name.removeprefix("fn/"): source for name, source in FILES.items()
    }


def test_faults_at_start(remote, tmp_path):
    """The init phase runs on the server only; a deploy that fails changes
    nothing."""
    succeeds(remote("deploy", "fn/hello.js"))
    write(
        tmp_path,
        {"fn/lib/text.js": "// first\nexport const text = null.x\n"},
    )
    result = remote("deploy", "fn/hello.js")
    fails(result)
    assert result.stderr.startswith(
        "fn/lib/text.js:2:25: TypeError: cannot read property 'x' of null\n"
        "    export const text = null.x\n"
        "                            ^\n"
    ), result.stderr
    assert remote.server.get("/hello").text.startswith("hällo")
    write(tmp_path, {"fn/lib/text.js": "export const text = (\n"})
    result = remote("deploy", "fn/hello.js")
    fails(result, "fn/lib/text.js:2:1: SyntaxError: ")
    assert "version 1" in succeeds(remote("logs", "hello"))


def test_refused(remote, tmp_path):
    server = remote.server
    succeeds(remote("deploy", "fn/hello.js", "--route", "GET /pets/{id}"))
    write(tmp_path, {"other.js": "export const handler = () => 1\n"})
    fails(
        remote("deploy", "other.js", "--route", "GET /pets/{name}"),
        server.url,
        "(409)",
    )
    fails(remote("deploy", "other.js", "--route", "GET /{"), "(400)")
    write(tmp_path, {"big.js": f"export const handler = () => '{'x' * 2000000}'\n"})
    fails(remote("deploy", "big.js"), "(413)")
    fails(
        remote("list", env={"ISERE_TOKEN": "0" * 64}),
        "refuses the token in ISERE_TOKEN (401)",
    )
    fails(remote("list", env={"ISERE_TOKEN": ""}), "requires a token")
    assert remote("list", "--token-file", server.store / "token").returncode == 0


def test_not_an_admin_api(remote, serve):
    """A server for one handler answers whatever that likes."""
    for source, text in (
        ("export const handler = () => 'hello'", "not as an admin API"),
        ("export const handler = () => ({ statusCode: 404 })", "no admin API"),
    ):
        server = serve(source)
        fails(remote("list", "--to", server.url), text)
        fails(remote("logs", "--to", server.url), text)


def test_versions(remote, tmp_path):
    server = remote.server
    write(tmp_path, {"v.js": "export const handler = () => 'one'\n"})
    succeeds(remote("deploy", "v.js"))
    write(tmp_path, {"v.js": "export const handler = () => 'two'\n"})
    assert "v version 2 at " in succeeds(remote("deploy", "v.js"))
    assert server.get("/v").text == "two"
    assert "v version 1 at " in succeeds(remote("rollback", "v"))
    assert server.get("/v").text == "one"
    fails(remote("rollback", "v"), "(409)")
    assert "v version 3 at " in succeeds(remote("deploy", "v.js"))
    assert server.get("/v").text == "two"
    assert succeeds(remote("remove", "v")) == "v removed\n"
    assert server.get("/v").status == 404
    for args in (["remove", "v"], ["rollback", "v"], ["invoke-remote", "v"]):
        fails(remote(*args), "(404)")


def test_list(remote, tmp_path):
    result = remote("list")
    assert result.returncode == 0 and result.stdout == ""
    assert "has no functions" in result.stderr
    succeeds(remote("deploy", "fn/hello.js", "--name", "b", "--memory", "2M"))
    succeeds(remote("deploy", "fn/hello.js", "--name", "a"))
    assert succeeds(remote("list")) == (
        "NAME  VERSION  STATUS  MEMORY  ROUTES\n"
        "a     1        ok      16M     ANY /a, ANY /a/{path+}\n"
        "b     1        ok      2M      ANY /b, ANY /b/{path+}\n"
    )


def test_invoke_remote(remote, tmp_path):
    succeeds(remote("deploy", "fn/hello.js", "--env", "A=1"))
    result = remote("invoke-remote", "hello")
    answer = json.loads(succeeds(result))
    assert answer["statusCode"] == 200
    assert answer["body"] == "hällo\u2028 more 1 "
    # As the same call here prints it.
    here = remote("invoke", "fn/hello.js", "--env", "A=1")
    assert json.loads(here.stdout) == answer
    assert re.search(r"Z WARN  \[[0-9a-f-]{36}\] asked for /\n", result.stderr)

    event = json.dumps({"path": "/fail"})
    write(tmp_path, {"event.json": event})
    failed = remote("invoke-remote", "hello", "--event", "event.json")
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["statusCode"] == 500
    assert "the handler failed (exception): Error: no" in failed.stderr
    as_json = remote("invoke-remote", "hello", "--event", "-", "--json", input=event)
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["error"] == "exception"


def test_logs(remote, tmp_path):
    server = remote.server
    succeeds(remote("deploy", "fn/hello.js", "--name", "a"))
    succeeds(remote("deploy", "fn/hello.js", "--name", "b"))
    server.get("/a")
    server.get("/b")
    both = succeeds(remote("logs"))
    assert re.search(r"^\S+Z WARN  a \[[0-9a-f-]{36}\] asked for /a$", both, re.M)
    assert "asked for /b" in both
    one = succeeds(remote("logs", "b"))
    assert re.search(r"^\S+Z WARN  \[[0-9a-f-]{36}\] asked for /b$", one, re.M)
    assert "asked for /a" not in one
    worse = succeeds(remote("logs", "b", "--level", "warn", "--json"))
    lines = [json.loads(line) for line in worse.splitlines()]
    assert [line["message"] for line in lines] == ["asked for /b"]
    assert lines[0]["function"] == "b" and lines[0]["level"] == "warn"


def follow(server, *args):
    """`isere logs -f` as a process."""
    return subprocess.Popen(
        command("logs", "-f", *args, "--to", server.url,
                "--token-file", server.store / "token"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_line(process, text):
    """Reads lines until one holds the text."""
    watch = threading.Timer(20 * SLOW, process.kill)
    watch.start()
    try:
        for line in process.stdout:
            if text in line:
                return
    finally:
        watch.cancel()
    raise AssertionError(f"no {text!r}: {process.stderr.read()}")


def test_following(remote):
    server = remote.server
    succeeds(remote("deploy", "fn/hello.js"))
    process = follow(server, "hello")
    try:
        wait_line(process, b"deployed hello")
        for i in range(3):
            server.get(f"/hello/{i}")
            wait_line(process, b"asked for /hello/%d\n" % i)
        process.send_signal(signal.SIGINT)
        assert process.wait(20 * SLOW) == -signal.SIGINT
    finally:
        process.kill()
        process.communicate()


def test_following_across_a_restart(remote):
    """The process that serves dies; the supervisor starts another."""
    server = remote.server
    succeeds(remote("deploy", "fn/hello.js"))
    process = follow(server, "hello")
    try:
        wait_line(process, b"deployed hello")
        old = server.pid
        os.kill(old, signal.SIGKILL)
        end = time.monotonic() + 20 * SLOW
        while server.pid in (old, server.process.pid):
            assert time.monotonic() < end, "no other was started"
            time.sleep(0.005)
        assert server.get("/hello/again").status == 200
        wait_line(process, b"asked for /hello/again\n")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20 * SLOW)
        assert err == (
            b"isere: lost the server, waiting for it to come back\n"
            b"isere: the server is back\n"
        )
    finally:
        process.kill()
        process.communicate()


def test_following_until_the_server_stops(remote):
    server = remote.server
    succeeds(remote("deploy", "fn/hello.js"))
    process = follow(server)
    try:
        wait_line(process, b"deployed hello")
        assert server.stop() == 0
        _, err = process.communicate(timeout=20 * SLOW)
        assert process.returncode == 1
        assert err.startswith(b"isere: " + server.url.encode())
    finally:
        process.kill()
        process.communicate()


def test_stopping_in_a_deploy(stored):
    """What has begun has the time limit that requests have."""
    server = stored("--workers", "1")
    source = (
        "await new Promise(r => setTimeout(r, 1800))\n"
        "export const handler = () => 1"
    )
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(server.deploy("slow", source, 30 * SLOW))
    )
    thread.start()
    time.sleep(0.3)
    assert server.stop() == 0
    thread.join()
    assert answers[0]["version"] == 1
