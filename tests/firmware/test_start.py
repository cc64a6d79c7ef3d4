"""A firmware that is started with a handler that can't be served: it says why
and stays as it is. It does not start again and again."""

import time

import pytest

from device import compile_handler

GOOD = "export const handler = () => 'the good one'"
BAD = {
    "throws": ("throw new Error('not today')", r"not today"),
    "rejects": ("await Promise.reject(new Error('no'))", r"\bno\b"),
    "never ends": ("for (;;) {}", r"did not end|time"),
    "never ends inside": (
        "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)",
        r"did not end|time",
    ),
    "never settles": ("await new Promise(() => {})", r"settle|never|pending"),
    "eats memory": (
        "const all = []; for (;;) all.push(new Array(100).fill(0))",
        r"memory",
    ),
    "recurses": ("const f = () => f() + 1; f()", r"stack|recursion"),
    "exports nothing": ("", r"export"),
}


def refuses(device, reason):
    """The device has said why it does not serve, and does nothing else."""
    device.wait_match(r"<err> isere: not serving: .*(" + reason + ")", 60)
    stays(device)


def stays(device):
    """It is still in its first start, a while later."""
    time.sleep(1)
    log = device.log()
    assert log.count("Booting Zephyr") == 1 and not device.crashed(), log


@pytest.mark.parametrize("name", BAD)
def test_init_phase(boot, name):
    code, reason = BAD[name]
    export = "" if name == "exports nothing" else GOOD
    refuses(boot(f"{code}\n{export}", ready=False), reason)


def test_what_to_do_about_memory(boot):
    """The option that is named is one that the firmware has."""
    code, _ = BAD["eats memory"]
    refuses(boot(f"{code}\n{GOOD}", ready=False), r"raise CONFIG_ISERE_MEMORY")


def test_a_file_that_is_not_there(boot, tmp_path):
    """native_sim: what was asked for, or nothing."""
    if boot.target.name == "native_sim":
        none = tmp_path / "none.bin"
        device = boot.target.device(boot.target, none, tmp_path, False)
        boot.devices.append(device)
        device.wait_match(r"<err> isere: cannot read .*none\.bin")
        refuses(device, "not a bytecode file")


def test_where_it_happened(boot):
    source = f"\nconst a = 1\nthrow new Error('here')\n{GOOD}"
    device = boot(source, ready=False)
    refuses(device, "here")
    device.wait_match(r"handler\.js:3\b")


def skips(device):
    """The partition is not used, and the firmware's own handler is served."""
    device.wait_match(r"<err> isere: the handler partition is not used: ", 60)
    assert "Hello from" in device.get("/").text
    stays(device)


@pytest.mark.parametrize("at", [9, 13, 21, 60, -1])
def test_damaged(mps2, tmp_path, at):
    """In the version, the engine, the checksum, the code."""
    code = bytearray(compile_handler(GOOD, tmp_path).read_bytes())
    code[at] ^= 0x10
    skips(mps2(bytes(code)))


@pytest.mark.parametrize("size", [0, 1, 31, 1 << 31, (1 << 32) - 1])
def test_damaged_size(mps2, tmp_path, size):
    code = bytearray(compile_handler(GOOD, tmp_path).read_bytes())
    code[16:20] = size.to_bytes(4, "little")
    skips(mps2(bytes(code)))


NEST = "() => " * 40 + "1"


def test_deeply_nested_functions(boot):
    """Reading them takes stack: that of handlers, not that of the caller."""
    device = boot(f"const f = {NEST}\nexport const handler = () => typeof f")
    assert device.get("/").text == "function"


def test_an_empty_partition(mps2):
    """What the firmware itself holds is served then."""
    for code in (None, b"\xff" * 4096, b"\0" * 4096):
        assert mps2(code).get("/").status == 200
