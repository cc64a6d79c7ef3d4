"""The words that were given up are gone: docs/glossary.md has the ones in use.

Everything that people read is searched: code, messages, docs, tests, scripts.
CHANGELOG.md may name old words, and the engine's patches follow its authors.
"""

import re
import subprocess

import pytest
from conftest import ROOT

# What is looked for, and what is said instead.
STALE = {
    r"control[ -]plane": "admin",
    r"isere_control|ISERE_CONTROL|core/control": "the registry, core/deploy, core/admin",
    r"isere__?plane|\bplane_\w|_plane_|_plane\b": "admin",
    r"isere_+document|normalised documents?|a function's document": "package",
    r"isere_store_head|store's? heads?\b": "manifest",
    r"isere_+share_|server/share|test_share\b": "steal",
    r"isere_server_group|isere_+group_|ISERE_GROUP_": "limits",
    r"isere_server_replace|isere_server_create_platform|isere_+platform": "a catalog, always",
    r"isere_work_t|isere_job_work|pieces? of work": "job",
    r"core/(js|api)\b|ports/train": "core/heap, core/code, core/isolate, core/web, apps/train",
    r"ISERE_(PLANE|SHARE_MOST|SHARE_POLL)": "admin, steal",
    # What no engineer says.
    r"\bthat is no(ne)? (fault|function|name|port)\b": "what it is",
    r"\bno name of a\b": "invalid",
    r"\bwho waits gets\b": "queued requests get",
    r"\bwhen memory ends\b": "when out of memory",
    r"\bNot copied what\b": "borrowed",
}
SKIPPED = (
    "CHANGELOG.md",
    "tests/blackbox/test_words.py",
    "third_party/quickjs/patches/",
    "third_party/quickjs/HISTORY.md",
    "tests/fuzz/corpus/",
    "tests/test262/",
)


def texts():
    """The files of the project that are text, as (name, text)."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True
    )
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if name and not name.startswith(SKIPPED) and path.is_file():
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def found(pattern, files):
    stale = re.compile(pattern)
    for name, text in files:
        if stale.search(name):
            yield name
        for number, line in enumerate(text.splitlines(), 1):
            if stale.search(line):
                yield f"{name}:{number}: {line.strip()[:100]}"


@pytest.fixture(scope="module")
def files():
    return list(texts())


@pytest.mark.parametrize("pattern", STALE)
def test_a_word_that_was_given_up_is_gone(pattern, files):
    assert list(found(pattern, files)) == [], f"say {STALE[pattern]}"


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (r"control[ -]plane", "A call of the control plane"),
        (r"\bwhen memory ends\b", "NULL when memory ends"),
    ],
)
def test_a_word_would_be_found(pattern, line):
    assert pattern in STALE
    assert list(found(pattern, [("docs/x.md", line)])) == [f"docs/x.md:1: {line}"]
