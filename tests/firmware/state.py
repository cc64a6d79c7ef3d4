"""What a running firmware has in use, read out of its memory by symbol.

    before = usage(device)
    ...
    settle(device, before)  # or fail and name what is still in use
"""

import time

# A structure, and a function whose source file knows it.
ARENA = ("isere_arena", "isere_arena_init")
SLAB = ("k_mem_slab", "k_mem_slab_free")
POOL = ("net_buf_pool", "net_buf_unref")
FILE = ("fd_entry", "zvfs_reserve_fd")
FILL = 0xAA  # of stacks, with CONFIG_INIT_STACKS
GUARD = 64  # bytes: two of the MPU's regions, as it aligns them


class Struct:
    """A structure in the device's memory."""

    def __init__(self, device, kind, address):
        self._layout = device.target.image.layout(*kind)
        self._bytes = device.read_memory(address, self._layout[""].size)

    def __getitem__(self, member):
        offset, size = self._layout[member]
        return int.from_bytes(self._bytes[offset : offset + size], "little")


def structs(device, kind, name):
    """{variable: Struct} of all that an iterable section holds."""
    image = device.target.image
    first = image.symbol(f"_{name}_list_start").address
    end = image.symbol(f"_{name}_list_end").address
    size = image.layout(*kind)[""].size
    return {
        image.at(address): Struct(device, kind, address)
        for address in range(first, end, size)
    }


def arena(device, region):
    """The arena at the start of "heap_region" or "server_region"."""
    return Struct(device, ARENA, device.target.image.symbol(region).address)


def usage(device):
    """{what: how much of it is in use}."""
    found = {
        region: arena(device, region)["used"]
        for region in ("heap_region", "server_region")
    }
    found["heap_region"] += places(device)
    if device.target.name == "mps2":  # native_sim has no network of its own
        for name, slab in structs(device, SLAB, "k_mem_slab").items():
            found[name] = slab["info.num_used"]
        for name, pool in structs(device, POOL, "net_buf_pool").items():
            found[name] = pool["buf_count"] - pool["avail_count"]
        found["files"] = files(device)
    return found


def places(device):
    """Bytes of the places of heaps that are taken, where heaps have places."""
    taken = device.target.image.symbol("places_taken")
    if not taken:
        return 0
    size = device.target.image.symbol("heap_places").size // taken.size
    bytes_taken = device.read_memory(taken.address, taken.size)
    return size * sum(1 for byte in bytes_taken if byte)


def files(device):
    """How many file descriptors are open, sockets among them."""
    image = device.target.image
    table = image.symbol("fdtable")
    step = image.layout(*FILE)[""].size
    return sum(
        Struct(device, FILE, table.address + offset)["refcount"] > 0
        for offset in range(0, table.size, step)
    )


def differences(device, before, now, exact):
    """What is in use now that was not before. The server may keep a few send
    buffers for the next connections: how many is chance, so they don't count.
    Unless `exact`, it may also keep one receive buffer and tables that have
    grown, and let go of an instance that has nothing to do.
    An arena's blocks have 16 bytes at least (MIN_BLOCK in core/heap/arena.c):
    less is what a block has more than was asked for, as the rest would have
    been too small for one."""
    config = device.target.config
    send = config("ISERE_OUT_FIRST") + 8
    sends = config("ISERE_EVENTS") * send
    buffer = config("ISERE_IN_FIRST") + sends + 1024
    found = {}
    for name, value in now.items():
        more = value - before[name]
        if name == "server_region" and exact:
            if abs(more) <= sends:
                more -= round(more / send) * send
        region = name.endswith("_region")
        most = buffer if name == "server_region" else 0
        slack = 15 if region else 0
        if more > most if region and not exact else abs(more) > slack:
            found[name] = (before[name], value)
    return found


def settle(device, before, patience=120, exact=False):
    """Waits until only as much is in use as before: connections that were
    closed live on for a while, instances that have nothing to do too."""
    end = time.monotonic() + patience
    while more := differences(device, before, usage(device), exact):
        assert time.monotonic() < end, f"before, now: {more}\n{device.log()}"
        time.sleep(0.1)


def rest(device, patience=30):
    """The usage once nothing changes any more for as long as closed
    connections live on (NET_TCP_TIME_WAIT_DELAY)."""
    end = time.monotonic() + patience
    last, since = usage(device), time.monotonic()
    while time.monotonic() - since < 2.5:
        assert time.monotonic() < end, "never at rest"
        time.sleep(0.1)
        if (now := usage(device)) != last:
            last, since = now, time.monotonic()
    return last


def stacks(device):
    """{stack: (bytes that were used at most, its size)}; native_sim runs on
    the host's stacks."""
    found = {}
    if device.target.name == "mps2":
        image = device.target.image
        # Where an MPU guards a stack, its first bytes are the guard's.
        guard = GUARD if device.target.config("MPU_STACK_GUARD") else 0
        for name, symbol in image.objects(r"\w*stacks?(\.\d+)?").items():
            if symbol.size >= 256:
                data = device.read_memory(symbol.address, symbol.size)[guard:]
                unused = len(data) - len(data.lstrip(bytes([FILL])))
                found[name] = (len(data) - unused, len(data))
    return found
