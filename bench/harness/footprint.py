"""`make bench-footprint`: memory of the program; flash and RAM by part."""

import json
import re
import shutil
import subprocess
import sys

from harness import machine
from harness.linux import WAITING
from harness.load import Load
from harness.machine import ROOT, Broken, free_port, output, say
from harness.rows import exact, row
from harness.servers import Isere, Server

CONNECTIONS = 1000
SMALL = 2048  # bytes


class Program:
    """build/isere with one worker, started anew for each question."""

    def __init__(self, binary, load):
        self.isere = Isere(binary)
        self.load = load

    def start(self, module="handler.js"):
        port = free_port()
        return Server(self.isere.command(port, module), port)

    def at_start(self):
        with self.start() as server:
            return server.resident() / 1e6

    def per_connection(self):
        """Idle ones, each of which was answered once."""
        with self.start() as server:
            before = server.resident()
            with self.load.hold(server, CONNECTIONS):
                return (server.resident() - before) / CONNECTIONS

    def per_waiting(self):
        with self.start("wait.js") as server:
            before = server.resident()
            self.load.burst(server, WAITING)
            return (server.peak() - before) / WAITING / 1000


def program_rows(build, binary):
    program = Program(binary, Load(build / "host" / "bench" / "load", 0))
    say("memory of the program ...")
    return [
        row("memory.start", "RSS with one worker, after the first answer", "MB",
            exact(program.at_start())),
        row("memory.connection",
            f"RSS of each of {CONNECTIONS:,} idle connections", "bytes",
            exact(program.per_connection()), target=("<=", 2048)),
        row("memory.waiting", f"RSS of each of {WAITING:,} waiting invocations",
            "KB", exact(program.per_waiting()), target=("<=", 200)),
        row("memory.binary", "the program's code and constants", "KB",
            exact(code_size(binary, "size") / 1024)),
    ]


def code_size(file, tool):
    """Its text and data, in bytes."""
    lines = output([tool, file]).splitlines()
    if len(lines) < 2:
        raise Broken(f"{tool} can't read {file}")
    text, data = lines[1].split()[:2]
    return int(text) + int(data)


# ---- flash and RAM of the firmware ----


def find_python():
    """One that can read ELF files, which scripts/footprint wants."""
    for python in (sys.executable, "python3", "/usr/bin/python3"):
        path = shutil.which(python)
        if path and not subprocess.run([path, "-c", "import elftools"],
                                       stderr=subprocess.DEVNULL).returncode:
            return path
    return None


def parts(elf):
    """[(part, flash, RAM)] from scripts/footprint; the last one is the
    total. Why not, as a text, where that can't be."""
    python = find_python()
    if not elf.is_file():
        return f"skipped: no {elf.relative_to(elf.parents[3])}, make firmware"
    if not python:
        return "skipped: no Python with pyelftools here"
    text = output([python, ROOT / "scripts" / "footprint", elf], cwd=ROOT)
    found = re.findall(r"^(\S.*?) +(-?\d+) +(-?\d+)$", text, re.M)
    if not found or found[-1][0] != "total":
        raise Broken(f"scripts/footprint {elf}: {text[-300:]}")
    return [(name, int(flash), int(ram)) for name, flash, ram in found]


def firmware_rows(build):
    elf = build / "firmware" / "pico2" / "zephyr" / "zephyr.elf"
    found = parts(elf)
    board = "Pico 2"
    if isinstance(found, str):
        return [row("pico.flash", f"{board}: flash", "KB", None,
                    target=("<=", 1024), missing=found)]
    return part_rows(board, found) + instance_rows(build, elf, board)


def part_rows(board, found):
    """Flash and RAM by part; parts below SMALL together."""
    rows = []
    for kind, column, limit in (("flash", 1, 1024), ("RAM", 2, 520)):
        small = 0
        for part in found[:-1]:
            if part[column] >= SMALL:
                rows.append(row(f"pico.{kind}.{part[0]}",
                                f"{board}: {kind}, {part[0]}", "KB",
                                exact(part[column] / 1024)))
            else:
                small += part[column]
        rows.append(row(f"pico.{kind}.small", f"{board}: {kind}, small parts",
                        "KB", exact(small / 1024)))
        rows.append(row(f"pico.{kind}", f"{board}: {kind}, all of it", "KB",
                        exact(found[-1][column] / 1024), target=("<=", limit)))
    return rows


def instance_rows(build, elf, board):
    """Instances in flight, and what is left in each for the handler's data."""
    text = (elf.parent / ".config").read_text()

    def config(name):
        return int(re.search(rf"^CONFIG_{name}=(\d+)", text, re.M)[1])

    memory, reserve = config("ISERE_MEMORY"), config("ISERE_ARENA_RESERVE")
    what = f"{board}: left of an instance's heap for the handler's data"
    rows = [row("pico.instances", f"{board}: instances in flight", "",
                exact(config("ISERE_INSTANCES")), target=(">=", 2))]
    counted = build / "bench" / "arm.json"
    if not counted.is_file():
        return rows + [row("pico.room", what, "KB", None, target=(">=", 64),
                           missing="run make bench-arm first")]
    figures = json.loads(counted.read_text(encoding="utf-8"))["rows"]
    heap = next(r for r in figures if r["id"] == "arm.heap")["ours"]["median"]
    return rows + [row("pico.room", what, "KB",
                       exact(memory - reserve / 1024 - heap), target=(">=", 64),
                       note=f"{memory} KB less the globals and the reserve")]


def arm_rows(build):
    program = build / "arm" / "bench" / "bench_arm"
    if not program.is_file():
        return [row("arm.code", "the core without a system", "KB", None,
                    missing="skipped: make bench-arm builds it")]
    return [row("arm.code", "the core, QuickJS and a C library, no system: code "
                "and constants", "KB",
                exact(code_size(program, "arm-none-eabi-size") / 1024))]


def measure(build, folder):
    binary = machine.find_binary(build)
    about = {**machine.describe(), "ours": machine.describe_binary(binary)}
    machine.raise_limits()
    results = program_rows(build, binary) + arm_rows(build)
    results += firmware_rows(build)
    return "footprint", "isère's memory", about, results
