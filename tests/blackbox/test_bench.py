"""The tools of bench/ work: figures have the right shape, and the load
generator counts right. Nothing here depends on how fast anything is."""

import json
import socket
import subprocess

import pytest
from conftest import BINARY, PREFIX, SLOW

LOAD = BINARY.parent / "bench" / "load"

pytestmark = [
    pytest.mark.skipif(bool(PREFIX), reason="the tools, not the program"),
    pytest.mark.skipif(not LOAD.is_file(), reason=f"no {LOAD}"),
]


def load(command, server, *words):
    done = subprocess.run(
        [str(LOAD), command, "--port", str(server.port), *map(str, words)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30 * SLOW,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[0])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- the load generator ----


def test_paced_counts_right(serve):
    server = serve("export const handler = (event) => event.path")
    result = load("paced", server, "--connections", 8, "--rate", 500,
                  "--seconds", 0.5, "--second", "/other", "--every", 5)
    assert (result["sent"], result["done"], result["errors"]) == (250, 250, 0)
    assert [path["count"] for path in result["paths"]] == [200, 50]
    latencies = result["all"]
    assert latencies["count"] == 250
    assert 0 < latencies["p50_us"] <= latencies["p99_us"] <= latencies["max_us"]
    assert 0 < result["rate"] < 600


def test_paced_charges_for_what_could_not_be_sent(serve):
    """Ten requests are due within 0.1 s on one connection, and each takes 0.1
    s: the last one is late by 0.9 s although it takes no longer than others."""
    server = serve(
        "export const handler = () =>"
        " new Promise((resolve) => setTimeout(() => resolve('late'), 100))"
    )
    result = load("paced", server, "--connections", 1, "--rate", 100,
                  "--seconds", 0.1)
    assert (result["done"], result["errors"]) == (10, 0)
    assert result["all"]["p50_us"] > 400_000
    assert result["all"]["max_us"] > 800_000


def test_paced_counts_errors(serve):
    server = serve(
        "export const handler = (event) => {"
        " if (event.path === '/bad') throw new Error('bad'); return 'good' }"
    )
    result = load("paced", server, "--connections", 4, "--rate", 200,
                  "--seconds", 0.5, "--second", "/bad", "--every", 4)
    assert (result["sent"], result["done"], result["errors"]) == (100, 75, 25)


def test_burst(serve):
    server = serve(
        "export const handler = () =>"
        " new Promise((resolve) => setTimeout(() => resolve('late'), 200))"
    )
    result = load("burst", server, "--connections", 20)
    assert (result["done"], result["errors"]) == (20, 0)
    assert result["seconds"] > 0.19


def test_held_connections_stay_open(serve):
    server = serve("export const handler = () => 'hi'")
    process = subprocess.Popen(
        [str(LOAD), "hold", "--port", str(server.port), "--connections", "250"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        opened = json.loads(process.stdout.readline())
        assert opened == {"open": 250, "errors": 0}
        rest = process.communicate(timeout=30)[0]
        assert json.loads(rest) == {"still_open": 250}
    finally:
        process.kill()
        process.wait()


def test_start(tmp_path):
    """Only an answer counts; the program does not outlive the measurement."""
    (tmp_path / "handler.js").write_text("export const handler = () => 'hi'")
    port = free_port()
    words = [str(LOAD), "start", "--port", str(port), "--"]
    program = [str(BINARY), "serve", "handler.js", "--port", str(port)]
    done = subprocess.run([*words, *program], cwd=tmp_path, timeout=30 * SLOW,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["us"] > 0
    done = subprocess.run([*words, "false"], timeout=30 * SLOW,
                          capture_output=True, text=True)
    assert done.returncode == 1
    assert "never answered" in done.stderr
