"""Modules that esbuild bundles: TypeScript, packages, JSON, CommonJS.

esbuild is the pinned one of tests/npm/fetch.sh, put where npm puts it."""

import json
import subprocess
import time

import pytest
from conftest import ROOT, SLOW, write_function

UTIL = "export const shout = (text: string): string => text + '!'\n"
APP = """import { shout } from './lib/util'
import data from './data.json' with { type: 'json' }
export const handler = (event: { path: string }) => shout(event.path) + data.n
"""
PROJECT = {"app.ts": APP, "lib/util.ts": UTIL, "data.json": '{"n": 5}'}


@pytest.fixture(scope="session")
def esbuild():
    folder = ROOT / "build" / "downloads" / "esbuild"
    subprocess.run([ROOT / "tests" / "npm" / "fetch.sh", folder], check=True)
    return folder / "esbuild"


@pytest.fixture
def project(tmp_path, esbuild):
    """project(files) -> a folder with them and esbuild."""

    def make(files, **more):
        folder = tmp_path / "project"
        folder.mkdir()
        write_function(folder, {**files, **more})
        tools = folder / "node_modules" / ".bin"
        tools.mkdir(parents=True)
        (tools / "esbuild").symlink_to(esbuild)
        return folder

    return make


def body(result):
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["body"]


def package(name, text):
    return {
        f"node_modules/{name}/package.json": json.dumps(
            {"name": name, "version": "1.0.0", "main": "index.js"}
        ),
        f"node_modules/{name}/index.js": text,
    }


def install(folder, name, text):
    for path, content in package(name, text).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)


def test_typescript_and_json(isere, project):
    folder = project(PROJECT)
    assert body(isere("invoke", "app.ts", cwd=folder)) == "/!5"
    # From elsewhere, and a name that would mean something to esbuild or a shell.
    (folder / "app.ts").rename(folder / "a=$(b) c.ts")
    assert body(isere("invoke", folder / "a=$(b) c.ts")) == "/!5"


@pytest.mark.parametrize(
    "source",
    [
        "exports.handler = async () => ({ body: 'fine' })",
        "module.exports = { handler: () => 'fine' }",
        "const { fine } = require('./lib/common')\nexports.handler = () => fine()",
    ],
)
def test_common_js(isere, project, source):
    folder = project(
        {"fn.js": source, "lib/common.js": "exports.fine = () => 'fine'"}
    )
    assert body(isere("invoke", "fn.js", cwd=folder)) == "fine"


def test_package(isere, project):
    folder = project(
        {
            "fn.js": "import twice from 'twice'\n"
            "export const handler = () => twice(process.env.NODE_ENV) + global.A\n"
            "globalThis.A = 1"
        }
    )
    install(folder, "twice", "module.exports = (x) => x + x")
    assert body(isere("invoke", "fn.js", cwd=folder)) == "productionproduction1"
    env = ("--env", "NODE_ENV=test")
    assert body(isere("invoke", "fn.js", *env, cwd=folder)) == "testtest1"


NODE = """import { createHash } from 'node:crypto'
import { EventEmitter } from 'events'
import util from 'node:util'
import path from 'path'
const events = new EventEmitter()
const seen = []
events.on('x', (x) => seen.push(x))
export const handler = async () => {
  events.emit('x', path.join('a', '..', 'b'))
  await new Promise((done) => setImmediate(done))
  await new Promise((done) => process.nextTick(done))
  return [createHash('sha256').update('a').digest('hex').slice(0, 8),
    util.format('%s', { a: 1 }), Buffer.from('\u00e9').toString('base64url'), seen]
}
"""


def test_modules_and_globals_of_node(isere, project, tmp_path):
    folder = project({"fn.js": NODE})
    (tmp_path / "temporary").mkdir()
    env = {"TMPDIR": str(tmp_path / "temporary"), "PATH": "/usr/bin:/bin"}
    result = isere("invoke", "fn.js", cwd=folder, env=env)
    assert json.loads(body(result)) == ["ca978112", "{ a: 1 }", "w6k", ["b"]]
    # The folder of a run is gone, and nothing in the bundle depends on its name.
    assert list((tmp_path / "temporary").iterdir()) == []
    codes = set()
    for _ in range(2):
        result = isere("build", "fn.js", "-o", "fn.bin", cwd=folder, env=env)
        assert result.returncode == 0, result.stderr
        codes.add((folder / "fn.bin").read_bytes())
    assert len(codes) == 1
    assert b"temporary" not in codes.pop()
    env["TMPDIR"] = "/none"
    result = isere("invoke", "fn.js", cwd=folder, env=env)
    assert result.returncode == 1
    assert "cannot write temporary files: No such file" in result.stderr


def test_global_of_node_in_plain_modules(isere, project):
    """Only a file that is imported names it; without esbuild it is as it was."""
    folder = project({"fn.js": "import { a } from './a.js'\nexport default () => a()"})
    (folder / "a.js").write_text("export const a = () => Buffer.from('x').length")
    assert body(isere("invoke", "fn.js", cwd=folder)) == "1"
    (folder / "node_modules" / ".bin" / "esbuild").unlink()
    result = isere("invoke", "fn.js", cwd=folder, env={"PATH": "/nowhere"})
    assert result.returncode == 1
    assert "'Buffer' is not defined" in result.stderr


def test_what_a_package_can_do_without(isere, project):
    """It fails when it is used; what the user's own files import fails at once."""
    folder = project(
        {
            "fn.js": "import { load, more, Sub } from 'maybe'\n"
            "export const handler = async () => {\n"
            "  const failed = (e) => e.message\n"
            "  return [await load().catch(failed), await more().catch(failed),"
            " typeof Sub]\n}",
        }
    )
    install(
        folder,
        "maybe",
        "const fs = require('fs')\nconst { Agent } = require('node:https')\n"
        "exports.Sub = class extends Agent {}\n"
        "exports.load = async () => fs.readFileSync('x')\n"
        "exports.more = async () => import('not-there')",
    )
    assert json.loads(body(isere("invoke", "fn.js", cwd=folder))) == [
        "cannot call fs.readFileSync: handlers have no files: import what you "
        "need, as JSON or text",
        "cannot import 'not-there': there is no such package: run "
        "`npm install not-there`",
        "function",
    ]
    (folder / "fn.js").write_text("import 'maybe'\nimport 'fs'")
    result = isere("invoke", "fn.js", cwd=folder)
    assert result.returncode == 1
    assert "cannot import 'fs'" in result.stderr


THROWS = {
    "app.ts": "import { deep } from './lib/deep'\n\ninterface A { n: number }\n"
    "export const handler = () => {\n  const a: A = { n: 1 }\n"
    "  return deep(a.n)\n}\n",
    "lib/deep.ts": "// a comment\n\nexport function deep(n: number): never {\n"
    "  throw new Error('on purpose ' + n)\n}\n",
}


def test_places_are_those_of_the_sources(isere, serve, project):
    folder = project(THROWS)
    result = isere("invoke", "app.ts", cwd=folder)
    assert result.returncode == 1
    assert "at deep (lib/deep.ts:4:" in result.stderr
    assert "at handler (app.ts:6:" in result.stderr
    assert "bundle" not in result.stderr
    server = serve(None, folder / "app.ts", "--log-format", "json")
    assert server.get("/").status == 500
    server.wait_log("on purpose")
    lines = [line for line in server.log().splitlines() if "on purpose" in line]
    assert f"at deep ({folder}/lib/deep.ts:4:" in json.loads(lines[0])["message"]
    # In the init phase, where it is a fault.
    (folder / "app.ts").write_text("import { deep } from './lib/deep'\n\ndeep(2)\n")
    for command in ("invoke", "serve"):
        result = isere(command, "app.ts", cwd=folder)
        assert result.returncode == 1
        assert result.stderr.startswith("lib/deep.ts:4:"), result.stderr
        assert "(app.ts:3:" in result.stderr


def test_esbuild_on_the_path(isere, tmp_path, esbuild):
    write_function(tmp_path, PROJECT)
    env = {"PATH": f"{esbuild.parent}:/usr/bin:/bin"}
    assert body(isere("invoke", "app.ts", env=env)) == "/!5"


def test_plain_modules_do_without(isere, project):
    folder = project({"fn.js": "import { a } from './a.js'\nexport default () => a"})
    (folder / "a.js").write_text("export const a = 'plain'")
    tool = folder / "node_modules" / ".bin" / "esbuild"
    tool.unlink()
    tool.write_text("#!/bin/sh\ntouch ran\n")
    tool.chmod(0o755)
    assert body(isere("invoke", "fn.js", cwd=folder)) == "plain"
    assert not (folder / "ran").exists()


def test_build_and_depfile(isere, project):
    folder = project(PROJECT)
    result = isere("build", "app.ts", "--depfile", "d", cwd=folder)
    assert result.returncode == 0, result.stderr
    rule, files = (folder / "d").read_text().split(":")
    assert rule == "app.bin"
    assert sorted(files.split()) == ["app.ts", "data.json", "lib/util.ts"]
    assert body(isere("invoke", "app.bin", cwd=folder)) == "/!5"
    # A source must not be overwritten.
    result = isere("build", "app.ts", "-o", "lib/util.ts", cwd=folder)
    assert result.returncode == 1
    assert "is a source file" in result.stderr


def test_deploy(isere, project, stored):
    folder = project(PROJECT)
    server = stored()
    to = ("--to", server.url, "--token-file", server.store / "token")
    result = isere("deploy", "app.ts", *to, cwd=folder)
    assert result.returncode == 0, result.stderr
    assert server.get("/app").text == "/app!5"
    (folder / "app.ts").write_text("const x: = 1")
    result = isere("deploy", "app.ts", *to, cwd=folder)
    assert result.returncode == 1
    assert "app.ts:1:10: Unexpected" in result.stderr
    assert result.stderr.count("    const x: = 1\n             ^\n") == 1
    assert result.stderr.count("const x") == 1


def test_watch(serve, project):
    folder = project(PROJECT)
    server = serve(None, folder / "app.ts", "--watch")

    def until(text):
        end = time.monotonic() + 20 * SLOW
        while (found := server.get().text) != text:
            assert time.monotonic() < end, (found, server.log())
            time.sleep(0.02)

    until("/!5")
    (folder / "lib" / "util.ts").write_text(UTIL.replace("!", "?"))
    until("/?5")
    (folder / "data.json").write_text('{"n": 6}')
    until("/?6")
    (folder / "lib" / "util.ts").write_text("export const = 1")
    server.wait_log("lib/util.ts:1:14: Expected identifier")
    until("/?6")
    (folder / "lib" / "util.ts").write_text(UTIL)
    until("/!6")
    assert server.stop() == 0


ERRORS = {
    "syntax": ("let x: = 1", "1:8: Unexpected \"=\"", "    let x: = 1\n           ^"),
    "package": (
        "import _ from 'lodash'\nexport default () => _",
        "1:15: cannot import 'lodash': there is no such package: "
        "run `npm install lodash`",
        "    import _ from 'lodash'\n                  ~~~~~~~~",
    ),
    "scope": (
        "import _ from '@a/b/c'\nexport default () => _",
        "run `npm install @a/b`\n",
        "",
    ),
    "file": (
        "import { x } from './none'\nexport default () => x",
        "1:19: cannot import './none': no such file",
        "",
    ),
    "node": (
        "import fs from 'node:fs'\nexport default () => fs",
        "1:16: cannot import 'node:fs': it is a module of Node: handlers have no",
        "",
    ),
    "unknown of node": (
        "import x from 'node:none'\nexport default () => x",
        "1:15: cannot import 'node:none': it is a module of Node: it is not in",
        "",
    ),
    "two": (
        "import { x } from './none'\nimport y from 'y'\nexport default () => x + y",
        "1:19: cannot import './none'",
        'app.ts:2:15: Could not resolve "y"',
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error(isere, project, name):
    source, message, more = ERRORS[name]
    folder = project({"app.ts": source})
    for command in ("invoke", "build", "serve"):
        result = isere(command, "app.ts", cwd=folder)
        assert result.returncode == 1
        assert result.stderr.startswith("app.ts:1:"), result.stderr
        assert message in result.stderr
        assert more in result.stderr


MISSING = {
    "app.ts": ("let x: number = 1", "TypeScript", "app.ts: "),
    "app.tsx": ("let x = <p/>", "TypeScript", "app.tsx: "),
    "app.jsx": ("let x = <p/>", "JSX", "app.jsx: "),
    "package.js": ("import 'lodash'", "packages need esbuild", "package.js:1:8: "),
    "data.js": (
        "import x from './data.json' with { type: 'json' }",
        "importing JSON needs esbuild",
        "data.js:1:29: ",
    ),
    "json.js": ("import x from './data.json'", "importing JSON needs", "data.json:1:"),
}


@pytest.mark.parametrize("name", MISSING)
def test_without_esbuild(isere, tmp_path, name):
    source, message, place = MISSING[name]
    write_function(tmp_path, {name: source, "data.json": '{"a": 1}'})
    result = isere("invoke", name, env={"PATH": "/nowhere"})
    assert result.returncode == 1
    assert result.stderr.startswith(place), result.stderr
    assert message in result.stderr
    assert "npm install --save-dev esbuild" in result.stderr


def test_import_without_its_extension(isere, tmp_path):
    """Plain JavaScript, so the answer is the file's name."""
    files = {"fn.js": "import u from './lib/util'", "lib/util.js": "export default 1"}
    write_function(tmp_path, files)
    result = isere("invoke", "fn.js", env={"PATH": "/nowhere"})
    assert "fn.js:1:15: SyntaxError: cannot import 'lib/util'" in result.stderr
    assert "(there is lib/util.js)" in result.stderr


@pytest.mark.parametrize(
    "script, message",
    [
        ("echo no bundle", "printed no bundle with a source map"),
        ("echo wrong >&2; exit 1", "esbuild failed: wrong"),
        ("kill -9 $$", "esbuild failed: "),
        ("head -c 50000000 /dev/zero", "cannot run "),
        ("head -c 50000000 /dev/zero >&2; exit 1", "cannot run "),
    ],
)
def test_an_esbuild_that_is_none(isere, project, script, message):
    folder = project(PROJECT)
    tool = folder / "node_modules" / ".bin" / "esbuild"
    tool.unlink()
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    result = isere("invoke", "app.ts", cwd=folder)
    assert result.returncode == 1
    assert message in result.stderr
