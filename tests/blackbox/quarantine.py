"""The blob of a store that says which functions crashed; docs/store.md."""

import struct
import zlib

BLOB = "quarantine.state"
WHERE = "SIGSEGV at address 0x10"
HEAD = struct.Struct("<4sHH")
ENTRY = struct.Struct("<32sIBBH8q80s")


def encode(entries):
    """entries: (name, version, quarantined), each with three crashes."""
    data = HEAD.pack(b"\x89isQ", 1, len(entries))
    for name, version, quarantined in entries:
        times = [1000, 1001, 1002, 0, 0, 0, 0, 0]
        data += ENTRY.pack(
            name.encode(), version, quarantined, 3, 0, *times, WHERE.encode()
        )
    return data + struct.pack("<I", zlib.crc32(data))


def decode(data):
    """(name, version, quarantined, crashes) of each entry."""
    assert zlib.crc32(data[:-4]) == struct.unpack("<I", data[-4:])[0]
    magic, form, count = HEAD.unpack_from(data)
    assert (magic, form) == (b"\x89isQ", 1)
    assert len(data) == HEAD.size + count * ENTRY.size + 4
    entries = []
    for i in range(count):
        fields = ENTRY.unpack_from(data, HEAD.size + i * ENTRY.size)
        name = fields[0].rstrip(b"\0").decode()
        entries.append((name, fields[1], bool(fields[2]), fields[3]))
    return entries


def write(store, entries):
    path = store / "functions" / BLOB
    path.write_bytes(encode(entries))
    path.chmod(0o600)


def read(store):
    path = store / "functions" / BLOB
    return decode(path.read_bytes()) if path.exists() else []
