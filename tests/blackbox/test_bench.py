"""The tools of bench/ work: figures have the right shape, and the load
generator counts right. Nothing here depends on how fast anything is."""

import json
import os
import shutil
import socket
import subprocess
import sys
import xml.etree.ElementTree

import pytest
from conftest import BINARY, PREFIX, ROOT, SLOW

LOAD = BINARY.parent / "bench" / "load"
RUN = ROOT / "bench" / "run"

pytestmark = [
    pytest.mark.skipif(bool(PREFIX), reason="the tools, not the program"),
    pytest.mark.skipif(not LOAD.is_file(), reason=f"no {LOAD}"),
]


@pytest.fixture
def build(tmp_path):
    """A folder as `make` fills it."""
    folder = tmp_path / "build"
    folder.mkdir()
    (folder / "host").symlink_to(BINARY.parent)
    return folder


def bench(build, *words, **environment):
    return subprocess.run(
        [sys.executable, str(RUN), *map(str, words), "--build", str(build)],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60 * SLOW,
    )


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


# ---- bench/run ----


def by_id(path):
    results = json.loads(path.read_text(encoding="utf-8"))
    return results, {r["id"]: r for r in results["rows"]}


def test_figures_of_ours(build, tmp_path):
    done = bench(build, "linux", "--out", tmp_path, ONLY="ours,rate,latency",
                 SECONDS="0.2", ROUNDS="1")
    assert done.returncode == 0, done.stderr
    results, rows = by_id(tmp_path / "results.json")
    assert results["cpu"] and results["kernel"] and results["ours"]["flags"]
    assert rows["rate"]["ours"]["median"] > 0
    assert rows["rss"]["ours"]["median"] > 0
    assert rows["rss"]["target"] == {"op": "<=", "value": 5, "of": "ours"}
    assert rows["latency"]["ours"]["median"] > 0
    assert "requests/s, one core" in done.stdout
    plot = xml.etree.ElementTree.parse(tmp_path / "results.svg").getroot()
    assert plot.tag.endswith("svg")
    assert len(plot.findall("{*}rect")) == 2  # the page, and one target


def test_a_missing_peer_is_named(build, tmp_path):
    """And it keeps the others from nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("wrk", "taskset", "git"):
        if path := shutil.which(tool):
            (folder / tool).symlink_to(path)
    done = bench(build, "linux", ONLY="ours,node,bun,rate", SECONDS="0.2",
                 ROUNDS="1", PATH=str(folder))
    assert done.returncode == 0, done.stderr
    results, rows = by_id(build / "bench" / "results.json")
    assert rows["rate.node"]["missing"] == "no node here"
    assert rows["rate.bun"]["missing"].startswith("npm: ")
    assert rows["rate.node"]["met"] is None
    assert results["peers"]["node"]["missing"]
    assert "node      missing: no node here" in done.stdout
    assert rows["rss"]["ours"]["median"] > 0


def test_broken_is_not_measured(tmp_path):
    (tmp_path / "host" / "bench").mkdir(parents=True)
    (tmp_path / "host" / "bench" / "load").symlink_to(LOAD)
    program = tmp_path / "host" / "isere"
    program.write_text("#!/bin/sh\necho no server >&2\nexit 1\n")
    program.chmod(0o755)
    done = bench(tmp_path, "linux", ONLY="ours,rate", SECONDS="0.2",
                 ROUNDS="1")
    assert done.returncode == 1
    assert "ended with 1: no server" in done.stderr
    assert not (tmp_path / "bench" / "results.json").exists()


@pytest.mark.parametrize(
    "environment", [{"ROUNDS": "0"}, {"SECONDS": "x"}, {"ONLY": "nobody"}]
)
def test_wrong_options(build, tmp_path, environment):
    done = bench(build, "linux", "--out", tmp_path, **environment)
    assert done.returncode == 1
    assert next(iter(environment)) in done.stderr
    assert "installing" not in done.stderr


def test_tables_are_put_into_a_page(tmp_path):
    row = {
        "id": "a", "what": "a figure", "unit": "ms", "peer": None,
        "ours": {"median": 2.5, "min": 2, "max": 3}, "theirs": None,
        "ratio": None, "target": {"op": "<=", "value": 4, "of": "ours"},
        "met": True, "note": None, "missing": None,
    }
    results = {"cpu": "a CPU", "cpus": 2, "kernel": "Linux", "load": 0,
               "commit": "c", "when": "now", "title": "A title", "rows": [row]}
    (tmp_path / "results.json").write_text(json.dumps(results))
    page = tmp_path / "page.md"
    own = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    page.write_text(own, encoding="utf-8")
    done = bench(tmp_path, "--markdown", page, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    text = page.read_text(encoding="utf-8")
    assert "| a figure, ms | 2.5 (2..3) |  |  | ≤ 4 ms | met |" in text
    before = own.partition("<!-- tables:")[0]
    assert text.startswith(before)
    assert text.endswith(own.partition("<!-- tables end -->")[2])


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
