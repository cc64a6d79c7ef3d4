"""The addresses that the device gives to hosts, with a real DHCP client."""

import signal
import time

import pytest

from dhcp_support import (
    DEVICE,
    MASK,
    Wire,
    build,
    events,
    skip_without_tools,
)

POOL = [f"192.0.2.{n}" for n in range(2, 6)]


@pytest.fixture(scope="session")
def tap_image():
    skip_without_tools()
    return build()


@pytest.fixture
def wire(tap_image, tmp_path):
    wire = Wire(tap_image, tmp_path)
    yield wire
    alive = wire.alive()
    wire.end()
    assert alive, wire.log.read_text(errors="replace")


def test_lease(wire):
    lease = wire.host().get_lease()
    assert lease["ip"] == POOL[0]
    assert lease["mask"] == MASK
    assert lease["serverid"] == DEVICE
    assert lease["lease"] == "86400"


def test_takes_no_route_and_no_dns(wire):
    """The host keeps its way to the rest of the world."""
    host = wire.host()
    lease = host.get_lease()
    assert "router" not in lease and "dns" not in lease
    assert "staticroutes" not in lease
    assert host.ip("route", "show", "default") == ""
    assert "192.0.2.0/24 dev eth0" in host.ip("route")


def test_serves_the_host(wire):
    host = wire.host()
    host.get_lease()
    answer = host.curl()
    assert answer.startswith("HTTP/1.1 200 "), answer
    for _ in range(20):
        assert host.curl().startswith("HTTP/1.1 200 ")


def test_renews(wire):
    """A client keeps the address that it has; here it is told to ask again
    before it would by itself."""
    host = wire.host()
    with host.running_client("-x", "lease:600") as client:
        client.send_signal(signal.SIGUSR1)
        time.sleep(3)
        assert host.curl().startswith("HTTP/1.1 200 ")
    got = events(client.output)
    assert got["bound"]["lease"] == got["renew"]["lease"] == "600"
    assert got["renew"]["ip"] == got["bound"]["ip"] == POOL[0]


def test_hosts_get_different_addresses(wire):
    hosts = [wire.host(), wire.host()]
    addresses = [host.get_lease()["ip"] for host in hosts]
    assert len(set(addresses)) == 2 and set(addresses) <= set(POOL)
    for host in hosts:
        assert host.curl().startswith("HTTP/1.1 200 ")


def test_remembers_a_host(wire):
    first, second = wire.host(), wire.host()
    address = first.get_lease()["ip"]
    second.get_lease()
    assert first.get_lease()["ip"] == address


def test_does_not_give_away_an_address_in_use(wire):
    """Someone set up by hand has the pool's first address."""
    first, second = wire.host(), wire.host()
    first.set_address(POOL[0])
    assert second.get_lease()["ip"] == POOL[1]


def test_pool_ends(wire):
    addresses = {wire.host().get_lease()["ip"] for _ in POOL}
    assert addresses == set(POOL)
    late = wire.host()
    assert late.try_lease("-t", "2", "-T", "2") is None
    leaving = wire.hosts[0]
    with leaving.running_client() as client:
        client.send_signal(signal.SIGUSR2)  # gives its lease back
        time.sleep(1)
        leaving.unplug()
    assert late.get_lease()["ip"] in POOL


def test_lease_expires(wire):
    """An address whose host is gone is free again."""
    for _ in POOL:
        host = wire.host()
        host.get_lease("-x", "lease:15")
        host.unplug()
    time.sleep(16)
    assert wire.host().get_lease()["ip"] in POOL


BAD_MESSAGES = """
import random, socket, sys
generator = random.Random(int(sys.argv[1]))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
head = bytes([1, 1, 6, 0]) + bytes(24) + bytes([2, 0, 0, 0, 0, 9])
head += bytes(202) + bytes([99, 130, 83, 99])
good = head + bytes([53, 1, 1, 55, 2, 1, 3, 61, 7, 1, 2, 3, 4, 5, 6, 7, 255])
for i in range(300):
    data = bytearray(good)
    for _ in range(generator.randrange(6)):
        data[generator.randrange(len(data))] = generator.randrange(256)
    kind = i % 3
    if kind == 1:
        del data[generator.randrange(len(data)):]
    elif kind == 2:
        options = generator.randbytes(generator.randrange(1000))
        data[240:] = bytes([53, 1, generator.randrange(9)]) + options
    s.sendto(data, ("255.255.255.255", 67))
"""


def test_bad_messages(wire):
    """Whatever is sent to it, the server goes on."""
    attacker = wire.host()
    attacker.set_address("192.0.2.200")
    host = wire.host()
    before = host.get_lease()["ip"]
    for seed in range(5):
        attacker.python(BAD_MESSAGES, seed)
        time.sleep(0.5)
        assert host.curl().startswith("HTTP/1.1 200 ")
    assert host.get_lease("-r", before)["ip"] == before


MDNS_QUERY = """
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
             socket.inet_aton(sys.argv[1]))
s.settimeout(3)
name = b"".join(bytes([len(p)]) + p for p in sys.argv[2].encode().split(b"."))
query = struct.pack(">6H", 0, 0, 1, 0, 0, 0) + name + b"\\0\\0\\1\\0\\1"
for _ in range(3):
    s.sendto(query, ("224.0.0.251", 5353))
    try:
        answer = s.recv(1500)
    except TimeoutError:
        continue
    print(struct.unpack(">6H", answer[:12])[3], socket.inet_ntoa(answer[-4:]))
    break
"""


def test_name(wire):
    """isere.local, as every host's resolver asks for it."""
    host = wire.host()
    own = host.get_lease()["ip"]
    assert host.python(MDNS_QUERY, own, "isere.local").split() == ["1", DEVICE]
    assert host.python(MDNS_QUERY, own, "other.local") == ""
