"""A fault in C code resets the device: it comes back, says whose code ran, and
after the second time does without that function.

JavaScript can't do that, so the code of a built-in of the engine is overwritten
in the running device; a reset puts it back. Math.clz32 is that built-in: the
engine itself does not need it.
"""

import json
import os
import re
import struct
import subprocess
import time

import pytest

from device import RETAINED, find_tool

GOOD = "export const handler = () => 'good'"
BAD = """export const handler = (e) =>
    e.query === 'safe' ? 'safe' : String(Math.clz32(1))"""
INIT = "if (Math.clz32(1) !== 31) throw new Error('no')\n" + GOOD
FUNCTIONS = "/_isere/v1/functions"
# Thumb: b .; ldr r0, =address and bx r0, or str r0, [r0]
LOOP = b"\xfe\xe7"
UNDEFINED = b"\x00\xde"


def store_to(address):
    return b"\x00\x48\x00\x60" + struct.pack("<I", address)


def jump_to(address):
    return b"\x00\x48\x00\x47" + struct.pack("<I", address | 1)


# What is done, and what the log calls it. Each is code for an address that is a
# multiple of 4, made for an image.
FAULTS = {
    "undefined": (lambda image: UNDEFINED, "usage fault"),
    "unmapped": (lambda image: store_to(0xE8000000), "bus fault"),
    "code": (
        lambda image: store_to(image.symbol("main").address & ~3),
        "memory fault",
    ),
    "data": (lambda image: jump_to(0x38000000), "memory fault"),
    "stack": (lambda image: b"\xff\xb4\xfd\xe7", "stack overflow"),
    "abort": (lambda image: jump_to(image.symbol("abort").address), "panic"),
}
# With interrupts off: cpsid i; b .
LOCKED = b"\x72\xb6" + LOOP


def overwrite(device, symbol, code):
    """Makes a function of the firmware do something else."""
    address = device.target.image.symbol(symbol).address & ~1
    assert address % 4 == 0, hex(address)
    with device.debugger() as debugger:
        debugger.write(address, code)


def break_it(device, code=UNDEFINED):
    overwrite(device, "js_math_clz32", code)


def ask(device, path):
    """Sends what ends the device: no answer ever comes."""
    wire = device.connect()
    wire.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    device.wires.append(wire)


def answer_of(device, path):
    answer = device.get(path)
    return answer.status, answer.headers["Isere-Error"]


def wait_restart(device, count, patience=60):
    """Until the device is there for the nth time; returns what it said of the
    fault before."""
    device.wait_match(
        r"(?s)(?:Booting Zephyr.*?){%d}isere listening on port" % count, patience
    )
    boot = device.log().rsplit("Booting Zephyr", 1)[1]
    found = re.search(r"<err> isere: (restarted after .*)", boot)
    return found and found[1]


def fault(device, path, count, code=UNDEFINED):
    """A request that ends the device, and its return."""
    break_it(device, code)
    ask(device, path)
    said = wait_restart(device, count)
    assert said, device.log()
    return said


def status(device, name):
    code, _, body = device.api("GET", f"{FUNCTIONS}/{name}")
    assert code == 200, body
    return json.loads(body)["status"]


def start(mps2, handler=GOOD):
    device = mps2(handler)
    device.may_crash = True
    device.wires = []
    return device


def with_functions(mps2):
    device = start(mps2)
    device.deploy("bad", BAD)
    device.deploy("well", GOOD)
    assert device.get("/bad").text == "31"
    return device


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_names_the_function(mps2, kind):
    make, name = FAULTS[kind]
    device = with_functions(mps2)
    said = fault(device, "/bad", 2, make(device.target.image))
    assert f"function 'bad' version 1 ({name}" in said, said
    assert device.get("/well").text == "good"
    assert device.get("/").text == "good"
    assert status(device, "bad") == "ok"
    assert device.get("/bad").text == "31"


def test_the_second_fault_quarantines(mps2):
    device = with_functions(mps2)
    fault(device, "/bad", 2)
    fault(device, "/bad", 3)
    device.wait_match(r"quarantined bad, version 1")
    assert answer_of(device, "/bad?safe") == (503, "quarantined")
    assert status(device, "bad") == "quarantined"
    assert device.get("/well").text == "good"
    _, _, lines = device.api("GET", "/_isere/v1/logs")
    assert b"restarted after a fault in function 'bad' version 1" in lines
    _, _, metrics = device.api("GET", "/_isere/metrics")
    assert re.search(rb"^isere_restarts_total 2$", metrics, re.M), metrics
    # The flash keeps it, whatever becomes of the memory.
    device.write_memory(RETAINED, bytes(1024))
    device.reboot()
    assert device.get("/bad?safe").status == 503
    assert device.get("/well").text == "good"


def quarantine(mps2):
    device = with_functions(mps2)
    fault(device, "/bad", 2)
    fault(device, "/bad", 3)
    assert device.get("/bad?safe").status == 503
    return device


def release(device, name):
    done = subprocess.run(
        [find_tool(), "release", name, "--to", f"http://127.0.0.1:{device.port}"],
        env=dict(os.environ, ISERE_TOKEN=device.token),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_release_ends_it(mps2):
    device = quarantine(mps2)
    release(device, "bad")
    assert device.get("/bad").text == "31"
    # What was before is forgotten.
    fault(device, "/bad", 4)
    assert device.get("/bad").text == "31"


def test_a_deploy_ends_it(mps2):
    device = quarantine(mps2)
    device.deploy("bad", GOOD)
    assert device.get("/bad").text == "good"
    assert status(device, "bad") == "ok"


def test_two_functions_with_one_fault_each(mps2):
    device = with_functions(mps2)
    device.deploy("worse", BAD)
    fault(device, "/bad", 2)
    said = fault(device, "/worse", 3)
    assert "function 'worse' version 1" in said, said
    assert device.get("/bad").text == "31"
    assert device.get("/worse").text == "31"


def forget_images(device):
    """Erases the directory of what the device made of functions (the third MB
    of its flash, where erased bytes are zero): it is made again."""
    device.write_flash(1 << 20, bytes(128 * 1024))


def test_the_init_phase(mps2):
    """What a deploy runs is not served yet: nobody is to be quarantined, and
    what is served stays. Once it is served, it counts."""
    device = start(mps2)
    break_it(device)
    with pytest.raises(OSError):
        device.deploy("bad", INIT)
    assert "function 'bad' version 1 (usage fault" in wait_restart(device, 2)
    assert device.api("GET", f"{FUNCTIONS}/bad")[0] == 404
    device.deploy("bad", INIT)
    device.reboot()
    break_it(device)
    assert device.get("/bad").text == "good"  # of its image: nothing was run
    for count in (3, 4):
        forget_images(device)
        device.reboot()
        break_it(device)
        ask(device, "/bad")
        said = wait_restart(device, 2 * count - 1)
        assert "function 'bad' version 1 (usage fault" in said, said
    assert device.get("/bad").status == 503
    assert device.get("/").text == "good"


def test_the_built_in_function(mps2):
    device = start(mps2, BAD)
    device.deploy("well", GOOD)
    said = fault(device, "/", 2)
    assert "in the built-in function (usage fault at 0x" in said, said
    assert device.get("/").text == "31"
    fault(device, "/", 3)
    assert answer_of(device, "/?safe") == (503, "quarantined")
    assert device.get("/well").text == "good"
    release(device, "$built-in")
    assert device.get("/").text == "31"


@pytest.mark.long
@pytest.mark.parametrize("how", ["locked", "held"])
def test_the_watchdog_counts_the_same(mps2, how):
    """Code that never comes back, where no time limit can end it."""
    device = with_functions(mps2)
    for count in (2, 3):
        if how == "locked":
            break_it(device, LOCKED)
            path = "/bad"
        else:
            device.deploy("bad", "export const handler = (e) => {"
                          " if (e.query !== 'safe') console.log('x') }")
            overwrite(device, "isere_zephyr_log", LOOP)
            path = "/bad"
        ask(device, path)
        said = wait_restart(device, count, 90)
        assert "function 'bad' version" in said, said
        assert "(the watchdog at 0x" in said, said
        if how == "held":
            return
    assert device.get("/bad?safe").status == 503
    assert device.get("/well").text == "good"


def test_a_loop_is_ended_without_a_reset(mps2):
    """Where a time limit can end it, it costs the invocation."""
    device = start(mps2)
    device.deploy("bad", {"main": "a.js", "files": {"a.js": BAD},
                          "timeout": "300ms"})
    break_it(device, LOOP)
    for _ in range(3):
        assert answer_of(device, "/bad") == (504, "timeout")
    assert device.get("/").text == "good"
    assert device.log().count("Booting Zephyr") == 1


def test_power_cuts_do_not_count(mps2):
    """They take the memory along; and a button during an invocation is none of
    the function's faults."""
    device = with_functions(mps2)
    for count in (2, 4, 6):
        fault(device, "/bad", count)
        device.write_memory(RETAINED, os.urandom(1024))
        device.reboot()
        assert wait_restart(device, count + 1) is None
        assert device.get("/bad?safe").text == "safe"
    device.deploy("slow", "export const handler = () => { for (;;); }")
    for count in (8, 9, 10):
        ask(device, "/slow")
        time.sleep(0.5)
        device.reboot()
        assert wait_restart(device, count) is None
    assert status(device, "slow") == "ok"


@pytest.mark.parametrize("offset", [4, 40, 268])
def test_a_damaged_record_is_ignored(mps2, offset):
    """Whatever of it is damaged: nobody is blamed for what is not certain."""
    device = with_functions(mps2)
    size = device.target.image.layout("isere_retained", "isere_retained_begin")
    offset = min(offset, size["runs"].offset)
    fault(device, "/bad", 2)
    break_it(device)
    # The fault is noted, and the device stands still before its reset.
    overwrite(device, "isere__zephyr_reset", LOOP)
    ask(device, "/bad")
    device.wait_log("fatal error: restarting", 30, 2)
    old = device.read_memory(RETAINED + offset, 4)
    device.write_memory(RETAINED + offset, bytes(b ^ 0x10 for b in old))
    device.reboot()
    device.wait_match("the record kept across the reset is damaged")
    assert device.get("/bad").text == "31"
    assert status(device, "bad") == "ok"


def test_a_fault_of_nobody(mps2):
    """In the server's own code: no function is to blame."""
    device = with_functions(mps2)
    for count in (2, 3, 4):
        overwrite(device, "isere_zephyr_accept", UNDEFINED)
        ask(device, "/bad")
        said = wait_restart(device, count)
        assert "a fault in no function (usage fault" in said, said
    assert device.get("/bad").text == "31"


def test_in_the_simulator_it_costs_the_invocation(boot):
    """There the host contains faults, as in the server for Linux."""
    if boot.target.name == "mps2":
        pytest.skip("a device is reset")
    device = boot(GOOD)
    device.deploy("bad", BAD)
    assert device.get("/bad").text == "31"
    symbol = device.target.image.symbol("js_math_clz32")
    device.write_memory(symbol.address, b"\x0f\x0b")  # ud2
    assert answer_of(device, "/bad") == (500, "crash")
    assert device.get("/").text == "good"
    assert answer_of(device, "/bad") == (500, "crash")
    assert answer_of(device, "/bad?safe") == (503, "quarantined")
    assert device.get("/").text == "good"
    device.reboot()
    assert device.get("/bad?safe").status == 503
    device.deploy("bad", BAD)
    assert device.get("/bad").text == "31"
