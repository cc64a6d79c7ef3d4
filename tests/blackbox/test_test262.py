"""`make test262` judges right: what it says of a small checkout made here."""

import subprocess
import sys

import pytest
from conftest import BINARY, PREFIX, ROOT

PROGRAM = BINARY.parent / "test262" / "run262"
DRIVER = ROOT / "tests" / "test262" / "run.py"
HARNESS = {
    "assert.js": "function assert(x) { if (!x) throw new Test262Error('assertion') }",
    "sta.js": "function Test262Error(text) { this.message = text }\n"
    "Test262Error.prototype.toString = function () { return 'Test262Error: ' + this.message }",
    "doneprintHandle.js": "function $DONE(error) { print(error ? "
    "'Test262:AsyncTestFailure:' + error : 'Test262:AsyncTestComplete') }",
    "more.js": "var more = 'here'",
}
SLOPPY = "assert((function () { return this })() !== undefined)"
STRICT = "assert((function () { return this })() === undefined)"

pytestmark = [
    pytest.mark.skipif(bool(PREFIX), reason="not the program"),
    pytest.mark.skipif(not PROGRAM.is_file(), reason=f"no {PROGRAM}"),
]


def negative(phase, error):
    return f"negative:\n  phase: {phase}\n  type: {error}\n"


# front matter, text, and which of its cases fail: "" is the sloppy one or the only one
CASES = {
    "passes": ("", "assert(1)", []),
    "fails": ("", "assert(0)", ["", " strict"]),
    "throws-no-error": ("", "throw null", ["", " strict"]),
    "both-modes": ("", SLOPPY, [" strict"]),
    "only-strict": ("flags: [onlyStrict]", STRICT, []),
    "no-strict": ("flags:\n  - noStrict", SLOPPY, []),
    "raw": ("flags: [raw]", "if (typeof assert !== 'undefined') throw 1", []),
    "include": ("includes: [more.js]", "assert(more === 'here')", []),
    "include-list": ("includes:\n  - more.js", "assert(more === 'here')", []),
    "include-absent": ("includes: [none.js]", "", ["", " strict"]),
    "module": ("flags: [module]", "import { x } from './x_FIXTURE.js'; assert(x === 5)", []),
    "module-absent": ("flags: [module]", "import { x } from './none.js'", [""]),
    "module-throws": ("flags: [module]", "await 1; assert(0)", [""]),
    "async": ("flags: [async]", "Promise.resolve().then(() => $DONE())", []),
    "async-fails": ("flags: [async]", "Promise.reject('no').catch($DONE)", ["", " strict"]),
    "async-forgets": ("flags: [async]", "", ["", " strict"]),
    "parse": (negative("parse", "SyntaxError"), "var var", []),
    "parse-but-runs": (negative("parse", "SyntaxError"), "", ["", " strict"]),
    "parse-at-run": (negative("parse", "SyntaxError"), "throw new SyntaxError", ["", " strict"]),
    "runtime": (negative("runtime", "Test262Error"), "assert(0)", []),
    "runtime-at-parse": (negative("runtime", "SyntaxError"), "var var", ["", " strict"]),
    "runtime-other": (negative("runtime", "RangeError"), "assert(0)", ["", " strict"]),
    "resolution": (
        "flags: [module]\n" + negative("resolution", "SyntaxError"),
        "import { y } from './x_FIXTURE.js'",
        [],
    ),
    "resolution-at-run": (
        "flags: [module]\n" + negative("resolution", "SyntaxError"),
        "throw new SyntaxError",
        [""],
    ),
    "left-out": ("features: [old, absent-feature]", "assert(0)", []),
    "host": ("", "assert($262.global === this && $262.createRealm().global !== this)", []),
}


@pytest.fixture
def checkout(tmp_path):
    for name, text in HARNESS.items():
        path = tmp_path / "harness" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    folder = tmp_path / "test" / "language"
    folder.mkdir(parents=True)
    (folder / "x_FIXTURE.js").write_text("export const x = 5")
    for name, (front, text, _) in CASES.items():
        (folder / f"{name}.js").write_text(f"/*---\n{front}\n---*/\n{text}\n")
    (tmp_path / "skipped.txt").write_text("# none\nabsent-feature  it is absent\n")
    return tmp_path


def run(checkout, known, *words):
    (checkout / "known-failures.txt").write_text("".join(f"{name}\n" for name in known))
    result = subprocess.run(
        [sys.executable, DRIVER, PROGRAM, checkout, "--lists", checkout, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout.splitlines(), result.stderr


def failing():
    return [f"language/{name}.js{mode}" for name, case in CASES.items() for mode in case[2]]


def test_what_fails_is_listed(checkout):
    status, lines, errors = run(checkout, [], "language")
    assert errors == ""
    assert sorted(line.split(": ")[0] for line in lines[:-1]) == sorted(failing())
    assert "1 files left out" in lines[-1]
    assert status == 1


def test_known_failures_are_no_failures(checkout):
    status, lines, _ = run(checkout, ["# a comment", *failing()], "language")
    assert len(lines) == 1 and lines[0].endswith(f"{len(failing())} cases fail, all known")
    assert status == 0


def test_what_passes_comes_off_the_list(checkout):
    known = [*failing(), "language/passes.js strict", "language/gone.js", "built-ins/x.js"]
    status, lines, _ = run(checkout, known, "language")
    assert lines[:-1] == [
        "language/passes.js strict: passes, take it off the list",
        "language/gone.js: is no test that is run, take it off the list",
    ]
    assert status == 1


def test_a_part_is_judged_by_its_part_of_the_list(checkout):
    status, lines, _ = run(checkout, failing(), "language/both-modes.js")
    assert lines == ["test262: 2 cases in language/both-modes.js, 0 files left out, "
                     "1 cases fail, all known"]
    assert status == 0


def test_reasons_are_said(checkout):
    _, lines, _ = run(checkout, [], "language")
    for line in (
        "language/fails.js: Test262Error: assertion",
        "language/async-forgets.js: $DONE was not called",
        "language/async-fails.js: no",
        "language/parse-but-runs.js: no error was thrown",
        "language/parse-at-run.js: the error came in phase runtime",
        "language/runtime-other.js: wrong error: Test262Error: assertion",
    ):
        assert line in lines


@pytest.mark.parametrize("where", ["", "nowhere"])
def test_without_a_checkout_it_says_what_to_do(where):
    result = subprocess.run([sys.executable, DRIVER, PROGRAM, where],
                            capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "make test262 TEST262=DIR" in result.stderr
