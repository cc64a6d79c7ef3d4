"""The machine, the build that is measured, and small things all parts use."""

import json
import os
import pathlib
import platform
import resource
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"


class Broken(Exception):
    """Something does not work: a server, an answer, a tool. Never a figure
    that is worse than hoped."""


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def output(words, **more):
    """What a program printed, as one stripped text; "" when it can't run."""
    try:
        done = subprocess.run(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, timeout=30, **more
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace").strip()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def raise_limits():
    """As many open files as we may have; servers inherit it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def two_cpus():
    """(the server's, the load generator's): two that are no threads of one
    core; the same one twice where there is no second."""
    allowed = sorted(os.sched_getaffinity(0))
    first = allowed[0]
    topology = pathlib.Path(f"/sys/devices/system/cpu/cpu{first}/topology")
    siblings = {first}
    try:
        for part in (topology / "thread_siblings_list").read_text().split(","):
            low, _, high = part.strip().partition("-")
            siblings |= set(range(int(low), int(high or low) + 1))
    except (OSError, ValueError):
        pass
    others = [cpu for cpu in allowed if cpu not in siblings]
    others = others or [cpu for cpu in allowed if cpu != first] or [first]
    return first, others[0]


def cpu_model():
    try:
        for line in open("/proc/cpuinfo", encoding="utf-8"):
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def describe():
    """The machine, for the head of the table and the JSON."""
    cpus = len(os.sched_getaffinity(0))
    commit = output(["git", "describe", "--always", "--dirty"], cwd=ROOT)
    return {
        "cpu": cpu_model(),
        "cpus": cpus,
        "kernel": f"{platform.system()} {platform.release()}",
        "commit": commit,
        "load": round(os.getloadavg()[0], 2),
    }


def find_binary(build):
    """The program that is measured: the release build where there is one."""
    release, plain = build / "release" / "isere", build / "host" / "isere"
    if not release.is_file():
        return plain
    if plain.is_file() and release.stat().st_mtime < plain.stat().st_mtime:
        say(f"{release} is older than {plain}: is it what you want to measure?")
    return release


def build_flags(binary):
    """How the core was compiled, less what says only where files are."""
    try:
        text = (binary.parent / "compile_commands.json").read_text()
    except OSError:
        return "unknown"
    for entry in json.loads(text):
        if entry["file"].endswith("core/server/server.c"):
            words = entry["command"].split()
            flags = [w for w in words[1:] if w.startswith(("-O", "-f", "-m"))]
            return " ".join([os.path.basename(words[0]), *flags])
    return "unknown"


def describe_binary(binary):
    if not binary.is_file():
        raise Broken(f"{binary} is missing: run make first")
    shown = binary
    if binary.is_relative_to(ROOT):
        shown = binary.relative_to(ROOT)
    return {
        "path": str(shown),
        "version": output([binary, "--version"]).partition("\n")[0],
        "flags": build_flags(binary),
        "bytes": binary.stat().st_size,
    }
