"""Images of heaps in flash: functions take turns in the memory that there is,
and a start makes nothing."""

import pytest

from test_store import metric, names

MANY = 20


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
    device.reboot()
    ask_in_turn(device, MANY)
    assert device.get("/none").text == "built in"
    assert is_all_from_images(device)
    assert metric(device, "isere_images_made_total")[""] == 0


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
