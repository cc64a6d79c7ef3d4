"""The dashboard of a device, in a browser: the tests are those of Linux."""

import os
import shutil
import subprocess

import pytest

from device import ROOT

NPM = ROOT / "build" / "downloads" / "dashboard"


@pytest.mark.long
def test_the_dashboard_in_a_browser(boot):
    if not shutil.which("node") or not shutil.which("chromium"):
        pytest.skip("no node or no chromium: scripts/setup test-dashboard")
    device = boot("export const handler = () => 'built in'")
    NPM.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [ROOT / "tests" / "dashboard" / "run_tests.sh", NPM],
        env={
            **os.environ,
            "ISERE_URL": f"http://127.0.0.1:{device.port}",
            "ISERE_TOKEN": device.token,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout
