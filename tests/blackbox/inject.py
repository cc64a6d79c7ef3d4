"""Faults, injected into a running program at instructions of the engine.

A thread is stopped with ptrace, wherever it is; when that is in the engine's
code, its next instruction becomes one at an address where nothing is, and it
goes on. So the fault is one of the thread's own, at a random instruction.
"""

import bisect
import ctypes
import functools
import os
import pathlib
import platform
import random
import subprocess
import time

import pytest
from conftest import BINARY, PREFIX

SEIZE, INTERRUPT, GETREGS, SETREGS, DETACH = 0x4206, 0x4207, 12, 13, 17
WALL = 0x40000000
ADDRESS = 0x10  # where nothing is

# struct user_regs_struct of x86-64.
NAMES = (
    "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs"
    " eflags rsp ss fs_base gs_base ds es fs gs"
).split()


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in NAMES]


libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long

# Code that runs for an engine's sake, whatever it is called in.
ENGINE = ("JS_", "js_", "lre_", "bf_", "libunicode_", "cr_", "unicode_")


def why_not():
    """None, or why faults can't be injected here."""
    if platform.machine() != "x86_64":
        return "the registers are those of x86-64"
    if PREFIX:
        return "the program runs in another one"
    if not engine_code():
        return "the program has no symbols"
    return None


needs_injection = pytest.mark.skipif(
    "inject.why_not() is not None", reason="no faults can be injected"
)


@functools.cache
def engine_code():
    """Sorted (start, end) of the engine's functions in the program's file."""
    out = subprocess.run(
        ["nm", "--defined-only", "-S", BINARY], capture_output=True, text=True, check=True
    ).stdout
    spans = []
    for line in out.splitlines():
        words = line.split()
        if len(words) == 4 and words[2] in "tT" and words[3].startswith(ENGINE):
            start = int(words[0], 16)
            spans.append((start, start + int(words[1], 16)))
    return sorted(spans)


def load_base(pid):
    """Where the program's file begins in memory."""
    name = os.readlink(f"/proc/{pid}/exe")
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        if line.endswith(name):
            return int(line.split("-")[0], 16)
    raise AssertionError(f"{name} is not mapped")


def is_engine(offset):
    spans = engine_code()
    i = bisect.bisect(spans, (offset, 1 << 62)) - 1
    return i >= 0 and spans[i][0] <= offset < spans[i][1]


def ptrace(request, tid, data=None):
    if libc.ptrace(request, tid, None, data) == 0:
        return True
    error = ctypes.get_errno()
    if request == SEIZE and error == 1:
        pytest.skip("this system permits no ptrace")
    return False


def inject_one(tid, base):
    """Stops the thread; true when it got a fault."""
    registers = Registers()
    at = ctypes.byref(registers)
    if not ptrace(SEIZE, tid):
        return False
    done = False
    if ptrace(INTERRUPT, tid):
        os.waitpid(tid, WALL)
        ptrace(GETREGS, tid, at)
        if is_engine(registers.rip - base):
            registers.rip = ADDRESS
            done = ptrace(SETREGS, tid, at)
    ptrace(DETACH, tid)
    return done


def inject(pid, count=1, patience=60):
    """Injects so many faults into threads of the process, at moments when they
    are in the engine. Returns how many there were in time."""
    base = load_base(pid)
    end = time.monotonic() + patience
    done = 0
    while done < count and time.monotonic() < end:
        threads = os.listdir(f"/proc/{pid}/task")
        done += inject_one(int(random.choice(threads)), base)
        time.sleep(random.random() * 0.002)
    return done
