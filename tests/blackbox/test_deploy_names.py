"""What `isere deploy` names a function, and what it says of one that it
replaces."""

import json
import re

import pytest

from test_deploy_store import remote, succeeds, write  # noqa: F401

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
    assert "is not a valid function name" in result.stderr
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


OTHER = "which was deployed from another folder (main file {})"


def test_another_folder(remote, tmp_path):  # noqa: F811
    files = ["g/foo.js", "h/foo.js", "a/index.js", "z/a/index.js", "b/index.js"]
    write(tmp_path, {f: HI for f in files})
    for args, replaced in [
        (["g/foo.js"], None),
        (["g/foo.js"], None),
        (["./h/../g/foo.js"], None),
        (["h/foo.js"], "version 3 of 'foo', " + OTHER.format("foo.js")),
        ([tmp_path / "h/foo.js"], None),
        (["a/index.js"], None),
        (["z/a/index.js"], "version 1 of 'a', " + OTHER.format("index.js")),
        (["b/index.js", "--name", "a"],
         "version 2 of 'a', " + OTHER.format("index.js")),
    ]:
        result = remote("deploy", *args)
        succeeds(result)
        said = f"isere: replaces {replaced}\n" if replaced else ""
        assert result.stderr == said, args
    # It is kept, also by a server that starts again: not the path itself.
    _, _, body = remote.server.api("GET", "/_isere/v1/functions/foo/files")
    assert re.fullmatch("[0-9a-f]{8}", json.loads(body)["source"])
    assert str(tmp_path) not in str(body)
    # Who does not say where it is from is not told.
    write(tmp_path, {"g/foo.js": HI})
    remote.server.deploy("foo", {"main": "foo.js", "files": {"foo.js": HI}})
    assert remote("deploy", "g/foo.js").stderr == ""


@pytest.mark.parametrize(
    "path, name",
    [
        ("f/Index.js", "f"),
        ("f/HANDLER.JS", "f"),
        ("app/src/index.js", "app"),
        ("app/dist/Src/main.js", "app"),
        ("app/build/handler.mjs", "app"),
        ("app/lib/index.js", "app"),
        ("app/srcs/index.js", "srcs"),
        ("app/src/pets.js", "pets"),
    ],
)
def test_folders_that_many_have(remote, tmp_path, path, name):  # noqa: F811
    write(tmp_path, {path: HI})
    assert f"{name} version 1 " in succeeds(remote("deploy", path))


def test_a_folder_is_given(remote, tmp_path):  # noqa: F811
    write(tmp_path, {"a/index.js": HI, "b/main.js": HI, "c/pets.js": HI})
    for path, main in [
        ("a", "a/index.js"), ("a/", "a/index.js"), ("b/", "b/main.js"),
        ("c", "such as c/index.js"), ("none/", "such as none/index.js"),
    ]:
        for more in [], ["--name", "x"]:
            result = remote("deploy", path, *more)
            assert (result.returncode, result.stdout) == (2, "")
            text = f"'{path}' is a folder: give its main module, {main} "
            assert text in result.stderr
    assert names(remote) == []
