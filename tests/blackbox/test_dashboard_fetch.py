"""tests/dashboard/fetch.sh: several tests may want what it fetches at a time, and
any of them may be ended in the middle. Here it fetches packages made up for that."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tarfile
import time

import pytest
from conftest import PREFIX, ROOT, SLOW

FETCH = ROOT / "tests" / "dashboard" / "fetch.sh"
FILES = 400  # in each package: to unpack them takes a while
# An npm that takes its time, and says what it was asked for.
NPM = """#!/bin/sh
for spec; do :; done
echo "$spec" >>"$NPM_LOG"
sleep 0.3
cp "$NPM_FROM/${spec%@*}-${spec##*@}.tgz" .
"""

pytestmark = pytest.mark.skipif(bool(PREFIX), reason="a script, not the program")


class Fetch:
    """Fetch() starts one; all fetch into one folder."""

    def __init__(self, folder):
        self.to = folder / "to"
        self.log = folder / "asked"
        self.packages = folder / "packages"
        self.packages.mkdir()
        self.script = folder / "fetch.sh"
        text = FETCH.read_text(encoding="utf-8")
        found = re.findall(r"^([0-9a-f]{128})  (\S+)\.tgz$", text, re.MULTILINE)
        self.names = [name for _, name in found]
        for checksum, name in found:
            text = text.replace(checksum, self.make(name))
        self.script.write_text(text, encoding="utf-8")
        npm = folder / "bin" / "npm"
        npm.parent.mkdir()
        npm.write_text(NPM)
        npm.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{npm.parent}:{os.environ['PATH']}",
            "NPM_LOG": str(self.log),
            "NPM_FROM": str(self.packages),
        }

    def make(self, name):
        """Makes a package of that name; returns its checksum."""
        content = self.packages / name / "package"
        content.mkdir(parents=True)
        for i in range(FILES):
            (content / f"{i:03}").write_text(name * 50)
        archive = self.packages / f"{name}.tgz"
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(content, "package")
        return hashlib.sha512(archive.read_bytes()).hexdigest()

    def __call__(self):
        return subprocess.Popen(
            ["sh", self.script, self.to],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def check(self, process):
        said, _ = process.communicate(timeout=60 * SLOW)
        assert process.returncode == 0, said
        for name in self.names:
            got = self.to / "node_modules" / re.sub(r"-[\d.]+$", "", name)
            assert len(list(got.iterdir())) == FILES


@pytest.fixture
def fetch(tmp_path):
    return Fetch(tmp_path)


def test_two_at_a_time_fetch_once(fetch):
    both = [fetch(), fetch()]
    for process in both:
        fetch.check(process)
    asked = fetch.log.read_text().split()
    assert len(asked) == len(set(asked)) == len(fetch.names) == 2


def test_one_that_was_ended_leaves_no_half(fetch):
    """Ended while it unpacks: the next one does not take what it finds."""
    fetch.to.mkdir()
    for archive in fetch.packages.glob("*.tgz"):
        shutil.copy(archive, fetch.to)
    process = fetch()
    end = time.monotonic() + 60 * SLOW
    while not list(fetch.to.glob("node_modules*")):
        assert process.poll() is None and time.monotonic() < end
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    fetch.check(fetch())
