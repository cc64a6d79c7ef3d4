"""scripts/check-dialect: each test writes a file that breaks one of its rules."""

import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts/check-dialect"
GOOD = """/* What it is. */
#include "core/util/text.h"

static int helper(int error)
{
    /* why */
    return error;
}

__attribute__((format(printf, 1, 2))) int isere_text_put(const char *format, ...)
{
    return helper(0);
}

void isere__util_note(void)
{
}
"""


def check(root):
    done = subprocess.run([SCRIPT, root], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def write(root, path, text):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, "utf-8")


def test_good_code(tmp_path):
    write(tmp_path, "core/util/text_more.c", GOOD)
    assert check(tmp_path) == (0, "")


# (file, its content, the line and the rule that are reported)
BROKEN = {
    "comment": ("core/util/a.c", "/* A. */\n// b\n", "2", "comment"),
    "url": ("core/util/a.c", '/* A. */\nconst char *url = "http://b";\n', None, None),
    "error": ("tests/unit/a.c", "int err;\n", "1", "error"),
    "member of others": ("tests/unit/a.c", "int b = urb->err;\n", None, None),
    "resize": (
        "core/util/a.c",
        "/* A. */\nvoid *b = port->resize(port->ctx, 0, 1);\n",
        "2",
        "resize",
    ),
    "blank": (
        "core/util/a.c",
        "/* A. */\nvoid isere_a(void)\n{\n    int b;\n\n    b = 1;\n}\n",
        "5",
        "blank",
    ),
    "opening": ("core/util/a.c", '#include "core/util/a.h"\n', "1", "opening"),
    "prefix": (
        "core/util/a.c",
        "/* A. */\nvoid isere_http_b(void)\n{\n}\n",
        "2",
        "prefix",
    ),
    "header": ("core/util/a.h", "int b;\n" * 201, "1", "header"),
    "struct": (
        "core/util/a.h",
        "typedef struct a {\n" + "    int b, c;\n" * 10 + "    int d;\n} a_t;\n",
        "1",
        "struct",
    ),
    "struct of 20": (
        "core/util/a.h",
        "typedef struct a {\n" + "    int b, c;\n" * 10 + "} a_t;\n",
        None,
        None,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_rule(tmp_path, name):
    path, text, line, rule = BROKEN[name]
    write(tmp_path, path, text)
    code, out = check(tmp_path)
    if rule is None:
        assert (code, out) == (0, "")
    else:
        assert code == 1
        assert out.startswith(f"{path}:{line} ")
        assert out.endswith(f"[{rule}]\n")
        assert out.count("\n") == 1


def test_full_folder(tmp_path):
    for i in range(21):
        write(tmp_path, f"core/util/a{i}.h", "int b;\n")
    code, out = check(tmp_path)
    assert code == 1
    assert out == "core/util:1 21 files in one folder: more than 20 [folder]\n"
