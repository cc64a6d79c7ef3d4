"""Settings that a .bin brings along, native modules, the C examples."""

import json
import subprocess

import pytest

from conftest import BINARY

SHOW = """
export const handler = (event, context) => ({
  env: { ...process.env }, version: event.version ?? null,
  name: context.functionName, ms: context.getRemainingTimeInMillis(),
})
"""


def shown(result):
    assert result.returncode == 0, result.stderr
    return json.loads(json.loads(result.stdout)["body"])


@pytest.fixture
def built(isere, tmp_path):
    (tmp_path / "show.js").write_text(SHOW)

    def build(*flags):
        result = isere("build", "show.js", "-o", "out.bin", *flags)
        assert result.returncode == 0, result.stderr
        return tmp_path / "out.bin"

    return build


def test_without_settings_only_the_name(isere, built):
    built()
    got = shown(isere("invoke", "out.bin"))
    assert got["name"] == "show"
    assert got["env"] == {"NODE_ENV": "production"}
    assert got["version"] is None
    assert 2000 < got["ms"] <= 3000


FLAGS = "--name hello-7 --env A=1 --env B=x=y --payload 2.0 --timeout 700ms"


def test_settings_count_where_it_runs(isere, built, serve):
    file = built(*FLAGS.split())
    for got in (shown(isere("invoke", "out.bin")), json.loads(serve(file).get().text)):
        assert got["name"] == "hello-7"
        assert got["env"] == {"NODE_ENV": "production", "A": "1", "B": "x=y"}
        assert got["version"] == "2.0"
        assert got["ms"] <= 700


def test_flags_win_and_environments_merge(isere, built):
    built(*FLAGS.split(), "--env", "NODE_ENV=test")
    flags = "--env B= --env C=3 --payload isere --timeout 1m"
    got = shown(isere("invoke", "out.bin", *flags.split()))
    assert got["name"] == "hello-7"
    assert got["env"] == {"NODE_ENV": "test", "A": "1", "B": "", "C": "3"}
    assert got["version"] is None
    assert 50000 < got["ms"] <= 60000


def test_a_flag_that_is_the_default_wins_too(isere, built):
    built(*FLAGS.split())
    got = shown(isere("invoke", "out.bin", "--timeout", "3s"))
    assert 2000 < got["ms"] <= 3000
    assert got["version"] == "2.0"


def test_the_time_limit_in_the_file_holds(isere, tmp_path):
    (tmp_path / "loop.js").write_text("export const handler = () => { for (;;) {} }")
    assert isere("build", "loop.js", "--timeout", "50ms").returncode == 0
    result = isere("invoke", "loop.bin")
    assert result.returncode == 1
    assert json.loads(result.stdout)["statusCode"] == 504


@pytest.mark.parametrize("name", ["", "A", "a b", "a_b", "ä", "a" * 33])
def test_names_that_are_none(isere, built, name):
    (result) = isere("build", "show.js", "--name", name)
    assert result.returncode == 2
    assert "--name" in result.stderr


def test_name_is_an_option_of_build_only(isere, built):
    built()
    assert isere("serve", "out.bin", "--name", "x").returncode == 2


def test_watch_takes_settings_of_the_new_file(isere, built, serve):
    file = built("--env", "A=1")
    server = serve(file, "--watch")
    assert json.loads(server.get().text)["env"]["A"] == "1"
    built("--env", "A=2")
    server.wait_log("out.bin")
    assert json.loads(server.get().text)["env"]["A"] == "2"


# ---- native modules ----


@pytest.mark.parametrize("command", ["serve", "invoke"])
def test_unknown_native_module(isere, tmp_path, command):
    (tmp_path / "fn").mkdir()
    (tmp_path / "fn" / "h.js").write_text(
        "import { x } from './lib.js'\nexport const handler = () => x\n"
    )
    (tmp_path / "fn" / "lib.js").write_text("export { x } from 'isere:x'\n")
    said = "this isère has no native module 'isere:x'; it has: none"
    result = isere(command, "fn/h.js")
    assert result.returncode == 1
    assert result.stderr.startswith("fn/lib.js: ReferenceError: " + said)
    assert isere("build", "fn/h.js", "-o", "h.bin").returncode == 0
    result = isere(command, "h.bin")
    assert result.returncode == 1
    assert result.stderr.startswith("lib.js: ReferenceError: " + said)


@pytest.mark.parametrize("name", ["isere:", "isere:A", "isere:a/b", "isere:a b"])
def test_names_of_native_modules_are_checked(isere, tmp_path, name):
    (tmp_path / "h.js").write_text(f"\nimport '{name}'\n")
    result = isere("build", "h.js")
    assert result.returncode == 1
    assert f"h.js:2:8: SyntaxError: cannot import '{name}'" in result.stderr
    assert not (tmp_path / "h.bin").exists()


def test_native_example():
    program = BINARY.parent / "examples" / "native"
    if not program.exists():
        pytest.skip("the example was not built")
    result = subprocess.run([program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        "200 kitchen: 38.5 degrees, lamp switched 0 times, call 1",
        "200 kitchen: 40 degrees, lamp switched 0 times, call 1",
        "200 kitchen: 41.5 degrees, lamp switched 1 times, call 1",
    ]
