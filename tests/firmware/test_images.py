"""Images of heaps in flash: functions take turns in the memory that there is,
and a start makes nothing."""

import concurrent.futures
import os

import pytest

from corpus import DeviceWire
from state import rest, settle
from test_store import metric, names, put
from wire import request

MANY = 20
CLIENTS = 3
# 100,000 take some ten minutes.
REQUESTS = int(os.environ.get("ISERE_REQUESTS", "1000"))
FLASH = 3 << 20  # the store and the images


def deploy_many(device, count):
    for i in range(count):
        source = f"let n = 0; export const handler = () => 'f{i} ' + ++n"
        device.deploy(f"f{i}", source)


def ask_in_turn(device, count, rounds=2):
    for _ in range(rounds):
        for i in range(count):
            assert device.get(f"/f{i}").text == f"f{i} 1"


def is_all_from_images(device):
    """Each instance of each deployed function was made from its image."""
    starts = metric(device, "isere_instance_starts_total")
    loads = metric(device, "isere_instance_loads_total")
    return {f: (n, loads[f]) for f, n in starts.items() if n != loads[f]} == {}


def ask_on_one_connection(device, first, count):
    with DeviceWire(device) as wire:
        for n in range(first, first + count):
            answer = wire.ask(request("GET", f"/f{n % MANY}"))
            assert answer.body == b"f%d 1" % (n % MANY)


def hammer(device, count):
    """Clients at different functions: nearly each request changes one."""
    each = count // CLIENTS
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        jobs = [
            pool.submit(ask_on_one_connection, device, 7 * n, each)
            for n in range(CLIENTS)
        ]
        for job in jobs:
            job.result()


def uses_no_memory_and_no_flash(device, count):
    hammer(device, 60)
    before, flash = rest(device), device.read_flash(0, FLASH)
    loads = sum(metric(device, "isere_instance_loads_total").values())
    hammer(device, count)
    loads = sum(metric(device, "isere_instance_loads_total").values()) - loads
    print(f"{count} requests, {loads:.0f} changes of an instance's function")
    assert loads > count // 2
    assert device.read_flash(0, FLASH) == flash
    settle(device, before)


@pytest.mark.long
def test_functions_in_turn(boot):
    device = boot("export const handler = () => 'built in'")
    if boot.target.name == "native_sim":
        pytest.skip("padding of 64-bit values differs from run to run")
    deploy_many(device, MANY)
    assert len(names(device)) == MANY
    ask_in_turn(device, MANY)
    assert is_all_from_images(device)
    assert metric(device, "isere_images_made_total")[""] >= MANY
    uses_no_memory_and_no_flash(device, REQUESTS)
    device.reboot()
    ask_in_turn(device, MANY)
    assert device.get("/none").text == "built in"
    assert is_all_from_images(device)
    assert metric(device, "isere_images_made_total")[""] == 0


def test_flash_is_full(boot):
    """Functions whose images are large: the one that finds no room, and does
    not fit in memory without, is refused and told why. The others go on."""
    if boot.target.name == "native_sim":
        pytest.skip("the heap of a 64-bit machine has room for it")
    device = boot("export const handler = () => 'built in'")
    source = "".join(f"export const a{i} = (x) => x + {i}\n" for i in range(110))
    for count in range(MANY + 1):
        code = source + f"export const handler = () => 'f{count}'"
        status, answer = put(device, f"f{count}", code)
        if status != 201:
            break
    assert status == 400, (count, status)
    assert "out of memory" in answer["message"]
    assert "With an image in flash it would need less" in answer["message"]
    device.wait_match(r"no image of its heap in flash: there is no room for it")
    assert count >= 8
    for i in range(count):
        assert device.get(f"/f{i}").text == f"f{i}"


def damage(device, every):
    """Changes a word in each piece of the flash behind the images' directory
    that holds something; how many."""
    start, size = (1 << 20) + 64 * 1024, (2 << 20) - 64 * 1024
    content = device.read_flash(start, size)
    words = []
    for at in range(0, size, every):
        piece = content[at : at + every]
        used = next((i for i, byte in enumerate(piece) if byte), None)
        if used is not None:
            words.append(at + used // 4 * 4)
    for at in words:
        word = content[at : at + 4]
        device.write_flash(start + at, bytes([word[0] ^ 0x10]) + word[1:])
    return len(words)


def test_damaged_images(mps2):
    """The base, images and code, each in many places: they are made again of
    the sources, before and after a reset, and counted."""
    device = mps2("let n = 0; export const handler = () => 'built-in ' + ++n")
    deploy_many(device, 3)
    ask_in_turn(device, 3)
    for _ in range(2):
        assert damage(device, 32 * 1024) > 10
        device.reboot()
        assert device.get("/").text == "built-in 1"
        ask_in_turn(device, 3)
        assert metric(device, "isere_images_made_total")[""] >= 4
        assert is_all_from_images(device)
    device.reboot()
    ask_in_turn(device, 3)
    assert metric(device, "isere_images_made_total")[""] == 0


def test_each_deploy_outlasts_a_reset(mps2):
    """What was confirmed is served after a reset that comes at once: deploys,
    a replacement, a rollback and a removal."""
    device = mps2("export const handler = () => 'built-in'")
    source = "export const handler = () => '%s %d'"
    for i in range(4):
        name = f"f{i % 2}"
        device.deploy(name, source % (name, i))
        device.reboot()
        assert device.get(f"/{name}").text == f"{name} {i}"
    status, _, _ = device.api("POST", "/_isere/v1/functions/f1/rollback")
    assert status == 200
    device.reboot()
    assert (device.get("/f1").text, device.get("/f0").text) == ("f1 1", "f0 2")
    status, _, _ = device.api("DELETE", "/_isere/v1/functions/f0")
    assert status == 204
    device.reboot()
    assert sorted(names(device)) == ["f1"]
    assert device.get("/f1").text == "f1 1"


def test_one_outcome_of_the_init_phase(boot):
    """Time and randomness of an init phase are kept; those of a request are
    its own."""
    device = boot(
        "const kept = Math.random() + ' ' + Date.now();"
        "export const handler = (e) =>"
        " e.path === '/kept' ? kept : '' + Math.random()"
    )
    kept = device.get("/kept").text
    assert device.get("/kept").text == kept
    assert device.get("/").text != device.get("/").text
    device.reboot()
    if metric(device, "isere_images_made_total")[""] == 0:
        assert device.get("/kept").text == kept
