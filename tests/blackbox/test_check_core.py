"""scripts/check-core: which folder may include which, and that core/ knows no
operating system. Each test breaks one rule in a copy of the sources."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PARTS = ("core", "include", "ports", "apps", "examples", "samples")


@pytest.fixture
def copy(tmp_path):
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part)
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/floor-plan", tmp_path / "scripts")
    return tmp_path


def check(root):
    done = subprocess.run(
        [ROOT / "scripts/check-core", root], capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def add(root, path, text):
    with open(root / path, "a", encoding="utf-8") as file:
        file.write(text)


def test_project_holds(copy):
    assert check(copy) == (0, "")


# (file, what is added to it, what is said)
BROKEN = {
    "upwards": (
        "core/http/response.c",
        '#include "core/server/server.h"\n',
        "includes core/server/server.h: core/http may include core/util",
    ),
    "port": (
        "core/util/text.c",
        '#include "ports/linux/out.h"\n',
        "includes ports/linux/out.h: core/util may include",
    ),
    "engine": (
        "core/store/store.c",
        '#include "quickjs.h"\n',
        "includes quickjs.h: core/store may include core/util",
    ),
    "private": (
        "examples/embed.c",
        '#include "core/util/text.h"\n',
        "includes core/util/text.h: examples may include linux",
    ),
    "program": (
        "ports/linux/port.c",
        '#include "apps/isere/args/args.h"\n',
        "includes apps/isere/args/args.h: ports/linux may include",
    ),
    "relative": (
        "core/util/text.c",
        '#include "text.h"\n',
        "includes text.h: headers are named from the root",
    ),
    "public": (
        "include/isere/isere.h",
        '#include "quickjs.h"\n',
        "includes quickjs.h: public headers include only public ones",
    ),
    "system": (
        "core/util/text.c",
        "#include <unistd.h>\n",
        "includes <unistd.h>: core knows no operating system",
    ),
    "macro": (
        "core/util/text.c",
        "#ifdef __linux__\n#endif\n",
        "uses __linux__: core knows no operating system",
    ),
    "malloc": (
        "core/util/text.c",
        "void *x(void) { return malloc(1); }\n",
        "calls malloc(): memory comes from the port or a heap",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_rule_is_told(copy, name):
    path, added, said = BROKEN[name]
    line = len((copy / path).read_text("utf-8").splitlines()) + 1
    add(copy, path, added)
    code, out = check(copy)
    assert code == 1
    assert out.startswith(f"{path}:{line} {said}")
    assert out.count("\n") == 1


def test_comments_may_say_anything(copy):
    add(copy, "core/util/text.c", '/*\n#include "core/server/x.h"\nmalloc() */\n')
    assert check(copy) == (0, "")


def test_folder_without_a_line(copy):
    (copy / "core/cellar").mkdir()
    add(copy, "core/cellar/wine.c", "/* Wine. */\n")
    code, out = check(copy)
    assert code == 1
    assert out.startswith("core/cellar/wine.c:1 is in a folder that is not in")


def test_line_without_a_folder(copy):
    shutil.rmtree(copy / "ports/template")
    code, out = check(copy)
    assert code == 1
    assert "has a line for ports/template, which is gone" in out
    assert out.count("\n") == 1


def test_picture_is_what_is_drawn():
    done = subprocess.run(
        [ROOT / "scripts/draw-floor-plan", "--check"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_old_picture_is_told(tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "scripts/draw-floor-plan", tmp_path / "scripts")
    plan = (ROOT / "scripts/floor-plan").read_text("utf-8")
    (tmp_path / "scripts/floor-plan").write_text("core/cellar:\n" + plan, "utf-8")
    shutil.copy(ROOT / "docs/floor-plan.svg", tmp_path / "docs")
    done = subprocess.run(
        [tmp_path / "scripts/draw-floor-plan", "--check"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "docs/floor-plan.svg is not what scripts/draw-floor-plan draws" in done.stdout


def test_table_has_no_circle(copy):
    plan = copy / "scripts/floor-plan"
    text = plan.read_text("utf-8")
    plan.write_text(text.replace("core/util:", "core/util: core/http", 1), "utf-8")
    code, out = check(copy)
    assert code == 1
    assert "core/util names core/http, which is not above it" in out


def test_the_list_of_files_is_up_to_date(tmp_path):
    done = subprocess.run(
        [ROOT / "scripts/list-files", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (tmp_path / "scripts").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "core").mkdir()
    shutil.copy(ROOT / "scripts/list-files", tmp_path / "scripts")
    (tmp_path / "core/a.c").write_text("/* Adds. And more. */\n")
    listing = [tmp_path / "scripts/list-files"]
    subprocess.run(listing, check=True)
    page = (tmp_path / "docs/files.md").read_text()
    assert "| [a.c](../core/a.c) | Adds. |" in page
    (tmp_path / "core/a.c").write_text("/* Subtracts. */\n")
    done = subprocess.run([*listing, "--check"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "docs/files.md is out of date" in done.stderr
