"""`make bench-arm`: instructions on a Cortex-M33, counted by QEMU.

The program is bench/arm, the core without a system. It runs twice; a count
that is not the same both times means that counting does not work.
"""

import os
import subprocess

from harness import firmware, machine
from harness.machine import ROOT, Broken, output, say
from harness.rows import exact, row

SHOWN = 1024  # bytes in a KB


def run(program):
    """{name: value} of what it prints; of three numbers, the first."""
    try:
        done = subprocess.run(
            [ROOT / "tests" / "arm" / "run-qemu", program],
            env={**os.environ, "ISERE_ICOUNT": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Broken(f"QEMU: {error}") from None
    if done.returncode or "\ndone 1" not in done.stdout:
        raise Broken(f"{program} in QEMU: {done.stdout[-500:].strip()}")
    lines = [line.split() for line in done.stdout.splitlines()]
    return {words[0]: int(words[1]) for words in lines if len(words) > 1}


def run_twice(program):
    first, second = run(program), run(program)
    for name, value in first.items():
        if second.get(name) != value:
            raise Broken(
                f"{name} is {value}, then {second.get(name)}: not repeatable"
            )
    return first


def invocation_rows(f):
    unit = "instructions"
    own, shared = "isolated invocation", "the same, in a second instance"
    rows = [
        row("arm.invocation", own, unit, exact(f["invocation"]),
            target=("<=", 25000)),
        row("arm.begin", f"{own}: event, handler, answer taken out", unit,
            exact(f["invocation_begin"])),
        row("arm.restore", f"{own}: heap restored", unit,
            exact(f["invocation_restore"])),
        row("arm.guarded", f"{own}, guarded by the memory protection unit",
            unit, exact(f["invocation_guarded"]),
            note="without a system; Zephyr keeps the unit for itself"),
        row("arm.guarded.restore",
            f"{own}, guarded: heap restored", unit,
            exact(f["invocation_restore_guarded"])),
        row("arm.shared", f"{shared} that shares its snapshot", unit,
            exact(f["invocation_shared"]),
            note="how the firmware is configured: two instances, one copy"),
        row("arm.fetch", "isolated invocation of a handler with `fetch`, JSON",
            unit, exact(f["invocation_fetch"]), target=("<=", 20000)),
        row("arm.fetch.restore", "the same: heap restored", unit,
            exact(f["invocation_restore_fetch"])),
        row("arm.shared.restore", f"{shared}: heap restored", unit,
            exact(f["invocation_restore_shared"])),
    ]
    rows.append(row("arm.fresh", own, unit, exact(f["invocation"]),
                    exact(f["fresh_engine"]),
                    "a fresh engine, the original's way", target=("<=", 0.04),
                    note="25 times fewer is 0.04"))
    rows.append(row("arm.fresh.heap", own, unit, exact(f["invocation"]),
                    exact(f["fresh_isolate"]), "a fresh heap with all globals"))
    return rows


def server_rows(f):
    unit = "instructions"
    return [
        row("arm.http", "last request byte in to last byte out", unit,
            exact(f["http_latency"]), target=("<=", 32000)),
        row("arm.http.whole", "a request, until the next one can come", unit,
            exact(f["http"])),
        row("arm.http.connection", "the same with a connection of its own",
            unit, exact(f["http_connection"])),
        row("arm.boot", "boot to ready, bytecode", unit, exact(f["boot"]),
            target=("<=", 1200000)),
    ]


def memory_rows(f):
    def kb(name):
        return exact(f[name] / SHOWN)

    return [
        row("arm.heap", "heap of an instance with all globals", "KB",
            kb("heap"), target=("<=", 80)),
        row("arm.heap.fetch", "what a handler with `fetch` has beyond that",
            "KB", exact((f["heap_fetch"] - f["heap"]) / SHOWN),
            target=("<=", 8)),
        row("arm.snapshot", "RAM for the snapshot and what else an instance "
            "has beside its heap", "KB", kb("beside_arena"), target=("<=", 0),
            note="the target holds where the image can lie in flash"),
        row("arm.snapshot.shared", "the same for a second instance", "KB",
            kb("beside_arena_shared")),
        row("arm.server", "all memory of a server with one instance", "KB",
            kb("server_memory"),
            note="136 KB of it are the instance's heap, used or not"),
    ]


def measure(build, folder):
    program = build / "arm" / "bench" / "bench_arm"
    if not program.is_file():
        raise Broken(f"{program} is missing: make bench-arm builds it")
    about = {**machine.describe(), "tools": {
        "compiler": output(["arm-none-eabi-gcc", "--version"]).partition("\n")[0],
        "emulator": output(["qemu-system-arm", "--version"]).partition("\n")[0],
    }}
    say("the core on QEMU's mps2-an505, twice ...")
    figures = run_twice(program)
    results = invocation_rows(figures) + server_rows(figures)
    results += memory_rows(figures)
    results.append(firmware.pico_row("pico.core", "the core alone",
                                     figures["http"]))
    results += firmware.measure(build, build / "for-arm" / "bench.bin")
    return "arm", "isère against its targets: Cortex-M33", about, results
