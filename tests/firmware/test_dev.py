"""`isere dev --to` a board: what is saved is deployed, and served by it."""

import subprocess
import time

from conftest import SLOW
from device import linux

SOURCE = "export const handler = () => ({ body: '%s' })\n"


def test_deploys_on_save(mps2, tmp_path):
    device = mps2(None)
    token = tmp_path / "token"
    token.write_text(device.token + "\n")
    url = f"http://{device.host}:{device.port}"
    main = tmp_path / "pets.js"
    main.write_text(SOURCE % "v0")
    process = subprocess.Popen(
        linux.command("dev", main, "--to", url, "--token-file", token),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        for number in range(3):
            end = time.monotonic() + 60 * SLOW
            main.write_text(SOURCE % f"v{number}")
            while device.get("/pets").text != f"v{number}":
                assert time.monotonic() < end, device.log()
                time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
