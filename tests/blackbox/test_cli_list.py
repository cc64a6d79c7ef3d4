"""`isere list`, against answers by script."""

import json
import os
import pty
import subprocess

from conftest import SLOW, command
from scripted import FUNCTION, answer, fails, read_terminal

BROKEN_FUNCTION = {
    "name": "a-function-with-a-long-name",
    "version": 12,
    "status": "broken",
    "message": "damaged \x1b\n",
    "routes": [f"GET /long/route/number/{i}" for i in range(6)],
    "memory": 1000,
}


def test_list(isere, script):
    server = script(answer(200, {"functions": [BROKEN_FUNCTION, FUNCTION]}))
    result = isere("list", "--to", server.url)
    assert result.returncode == 0 and result.stderr == ""
    long = ", ".join(BROKEN_FUNCTION["routes"])
    assert result.stdout == (
        "NAME                         VERSION  STATUS  MEMORY  ROUTES\n"
        f"a-function-with-a-long-name  12       broken  1000    {long}\n"
        "  damaged \\u001b\\n\n"
        "hello                        3        ok      16M     "
        "ANY /hello, ANY /hello/{path+}\n"
    )
    as_json = isere("list", "--to", server.url, "--json")
    assert json.loads(as_json.stdout) == {
        "functions": [BROKEN_FUNCTION, FUNCTION]
    }


def test_list_on_a_terminal(script):
    """Routes are wrapped at its width, each of them whole."""
    server = script(answer(200, {"functions": [BROKEN_FUNCTION, FUNCTION]}))
    ours, theirs = pty.openpty()
    subprocess.run(["stty", "rows", "24", "cols", "90"], stdin=theirs, check=True)
    done = subprocess.run(
        command("list", "--to", server.url),
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=20 * SLOW,
    )
    os.close(theirs)
    shown = read_terminal(ours)
    assert done.returncode == 0
    lines = shown.decode().splitlines()
    assert max(map(len, lines)) <= 90
    assert lines[2] == " " * 54 + "GET /long/route/number/1,"
    assert lines[-1].endswith("ANY /hello, ANY /hello/{path+}") or lines[
        -1
    ] == " " * 54 + "ANY /hello/{path+}"


def test_list_of_nothing(isere, script):
    server = script(answer(200, {"functions": []}))
    result = isere("list", "--to", server.url)
    assert result.returncode == 0 and result.stdout == ""
    assert result.stderr == f"isere: {server.url} has no functions\n"
    server = script(answer(200, {"hello": "world"}))
    fails(isere("list", "--to", server.url), "answered without a list of functions")


def test_list_of_odd_functions(isere, script):
    odd = [7, None, {}, {"name": 3, "routes": "x"}, {"name": "n" * 999}]
    server = script(answer(200, {"functions": odd}))
    result = isere("list", "--to", server.url)
    assert result.returncode == 0 and result.stdout.count("\n") == 6
