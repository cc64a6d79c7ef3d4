"""The load generators: wrk, and our own bench/load."""

import json
import math
import re
import subprocess

from harness.machine import Broken

CONNECTIONS = 64


class Load:
    """Both, on one processor (or all of them, with `cpus` None)."""

    def __init__(self, tool, cpu):
        self.tool = str(tool)
        self.cpu = cpu

    def _prefix(self, pinned):
        return ["taskset", "-c", str(self.cpu)] if pinned else []

    def wrk(self, server, seconds, path="/", pinned=True, connections=CONNECTIONS):
        """Requests/s of a closed loop, and how many there were. wrk counts in
        whole seconds."""
        seconds = max(1, math.ceil(seconds))
        words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
        words += ["--timeout", "10s", f"http://127.0.0.1:{server.port}{path}"]
        text = run([*self._prefix(pinned), *words], seconds + 30)
        for bad in ("Socket errors", "Non-2xx"):
            if bad in text:
                line = next(li for li in text.splitlines() if bad in li)
                raise Broken(f"{server.words[0]} under load: {line.strip()}")
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
        count = int(re.search(r"(\d+) requests in", text)[1])
        if count == 0:
            raise Broken(f"{server.words[0]} answered nothing under load")
        return rate, count

    def paced(self, server, rate, seconds, pinned=True, more=()):
        """What bench/load says of a constant rate."""
        words = [self.tool, "paced", "--port", server.port]
        words += ["--connections", CONNECTIONS, "--rate", f"{rate:.1f}"]
        words += ["--seconds", seconds, *more]
        result = json.loads(run([*self._prefix(pinned), *words], seconds + 30))
        if result["errors"]:
            raise Broken(f"{server.words[0]}: {result['errors']} errors")
        return result

    def burst(self, server, connections):
        words = [self.tool, "burst", "--port", server.port]
        words += ["--connections", connections]
        result = json.loads(run(words, 60))
        if result["errors"]:
            raise Broken(f"{server.words[0]}: {result['errors']} errors")
        return result["seconds"]

    def start(self, contender, port, cpu):
        """Milliseconds from the start of a program to its first answer, and
        of those, how many a processor worked for it."""
        words = [self.tool, "start", "--port", port, "--cpu", cpu, "--"]
        words += contender.command(port)
        result = json.loads(run([*self._prefix(True), *words], 60))
        return result["us"] / 1000, result["cpu_us"] / 1000

    def hold(self, server, connections):
        return Held(self.tool, server, connections)


class Held:
    """Idle keep-alive connections, each of which was answered once."""

    def __init__(self, tool, server, connections):
        words = [tool, "hold", "--port", server.port]
        words += ["--connections", connections]
        self.wanted = connections
        self.process = subprocess.Popen(
            [str(w) for w in words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __enter__(self):
        line = self.process.stdout.readline()
        if not line or json.loads(line)["open"] != self.wanted:
            self.process.kill()
            error = self.process.communicate()[1].decode(errors="replace")
            raise Broken(f"idle connections: {line.decode()}{error}")
        return self

    def __exit__(self, *_):
        """All of them must still be open."""
        if self.process.poll() is None:
            out = self.process.communicate(timeout=30)[0]
            still = json.loads(out)["still_open"]
            if still != self.wanted:
                raise Broken(f"only {still} of {self.wanted} stayed open")


def run(words, patience):
    try:
        done = subprocess.run(
            [str(w) for w in words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=patience,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Broken(str(error)) from None
    if done.returncode:
        error = done.stderr.decode(errors="replace").strip()
        raise Broken(f"{words[0]} failed: {error}")
    return done.stdout.decode()
