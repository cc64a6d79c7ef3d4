"""What `isere deploy` names a function, and what it says of one that it
replaces."""

import json

import pytest

from test_deploy_platform import remote, succeeds, write  # noqa: F401

HI = "export const handler = () => 'hi'\n"


def names(run):
    answer = json.loads(succeeds(run("list", "--json")))
    return [f["name"] for f in answer["functions"]]


def test_common_names_are_their_folders(remote, tmp_path):  # noqa: F811
    write(tmp_path, {f"{d}/{f}.js": HI for d in "ab" for f in
                     ["index", "handler", "main"]})
    for path in ["a/index.js", "b/index.js"]:
        assert succeeds(remote("deploy", path)).startswith(f"{path[0]} version 1 ")
    assert names(remote) == ["a", "b"]
    assert "a version 2" in succeeds(remote("deploy", "./a/handler.js"))
    assert "b version 2" in succeeds(remote("deploy", "a/../b/main.js"))
    assert "a version 3" in succeeds(remote("deploy", tmp_path / "a/main.js"))
    result = remote("deploy", "index.js", cwd=tmp_path / "b")
    assert "b version 3" in succeeds(result)
    write(tmp_path, {"a/in/index.js": HI})
    result = remote("deploy", "../index.js", cwd=tmp_path / "a/in")
    assert "a version 4" in succeeds(result)


@pytest.mark.parametrize(
    "folder, name",
    [
        ("My App_v2.x", "my-app-v2-x"),
        ("_--été--", "t"),
        ("x" * 40, "x" * 32),
        ("y" * 31 + "-z", "y" * 31),
        ("default", "default"),
    ],
)
def test_folders_that_are_no_names(remote, tmp_path, folder, name):  # noqa: F811
    write(tmp_path, {f"{folder}/index.js": HI})
    assert f"{name} version 1 " in succeeds(remote("deploy", f"{folder}/index.js"))


def test_no_name_is_left(remote, tmp_path):  # noqa: F811
    write(tmp_path, {"日本/index.js": HI})
    result = remote("deploy", "日本/index.js")
    assert (result.returncode, result.stdout) == (2, "")
    assert "is no name for a function" in result.stderr
    assert "--name" in result.stderr
    succeeds(remote("deploy", "日本/index.js", "--name", "japan"))
    assert names(remote) == ["japan"]
    result = remote("deploy", "none/index.js")
    assert result.returncode == 1 and "none/index.js" in result.stderr


def test_other_names_are_the_files(remote, tmp_path):  # noqa: F811
    write(tmp_path, {"a/indexes.js": HI, "a/index.v2.js": HI, "a/pets.js": HI})
    for path in ["a/indexes.js", "a/pets.js"]:
        succeeds(remote("deploy", path))
    assert names(remote) == ["indexes", "pets"]
    succeeds(remote("deploy", "a/index.v2.js"))
    assert names(remote) == ["a", "indexes", "pets"]


def test_what_is_replaced(remote, tmp_path):  # noqa: F811
    write(tmp_path, {"one.js": HI, "two.js": HI, "fn/index.js": HI})
    for path, replaced in [
        ("one.js", None),
        ("one.js", None),
        ("two.js", "replaces version 2 of 'x', whose main file was one.js"),
        ("two.js", None),
        ("fn/index.js", "replaces version 4 of 'x', whose main file was two.js"),
    ]:
        result = remote("deploy", path, "--name", "x")
        succeeds(result)
        if replaced:
            assert result.stderr == f"isere: {replaced}\n"
        else:
            assert result.stderr == ""
    result = remote("deploy", "one.js", "--name", "x", "--json")
    answer = json.loads(succeeds(result))
    assert answer["replaced"] == {"version": 5, "main": "index.js"}
    assert "replaces version 5" in result.stderr
    succeeds(remote("rollback", "x"))
    succeeds(remote("remove", "x"))
    assert succeeds(remote("deploy", "two.js", "--name", "x"))
