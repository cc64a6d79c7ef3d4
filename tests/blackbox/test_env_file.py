"""--env-file: variables of a file, as docker and Node read them."""

import json

import pytest

HANDLER = "export const handler = () => process.env"


def variables(result):
    assert result.returncode == 0, result.stderr
    found = json.loads(json.loads(result.stdout)["body"])
    del found["NODE_ENV"]
    return found


@pytest.mark.parametrize(
    "line, value",
    [
        ("A=1", "1"),
        ("  export A = x y \t\r", "x y"),
        ("A=", ""),
        ("A=a#b # c", "a#b"),
        ("A=# c", ""),
        ("A=\"a # 'b' \" # c", "a # 'b' "),
        ("A='a\"b='", 'a"b='),
        ("A=x=y", "x=y"),
        ("# B=2\n\n \nA=1\n", "1"),
        ("A=1\nA=2", "2"),
    ],
)
def test_line(isere, tmp_path, line, value):
    (tmp_path / "h.js").write_text(HANDLER)
    (tmp_path / "env").write_text(line)
    result = isere("invoke", "h.js", "--env-file", "env")
    assert variables(result) == {"A": value}


def test_order(isere, tmp_path):
    """--env overrides files wherever it stands, a later file an earlier one."""
    (tmp_path / "h.js").write_text(HANDLER)
    (tmp_path / "one").write_text("A=1\nB=1\nC=1\n")
    (tmp_path / "two").write_text("B=2\nC=2\n")
    files = ("--env-file", "one", "--env-file", "two")
    result = isere("invoke", "h.js", "--env", "C=3", *files)
    assert variables(result) == {"A": "1", "B": "2", "C": "3"}


@pytest.mark.parametrize("line", ["A", "=1", "1A=1", "A='x", "A='x' y", "a b=1"])
def test_refused(isere, tmp_path, line):
    (tmp_path / "h.js").write_text(HANDLER)
    (tmp_path / "env").write_text("B=1\n" + line)
    result = isere("invoke", "h.js", "--env-file", "env")
    assert result.returncode == 2
    assert "isere invoke: env:2: this is no line NAME=VALUE" in result.stderr


def test_no_file(isere, tmp_path):
    (tmp_path / "h.js").write_text(HANDLER)
    result = isere("build", "h.js", "--env-file", "none")
    assert result.returncode == 2
    assert "cannot read none: No such file" in result.stderr
