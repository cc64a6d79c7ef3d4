"""QEMU's server for debuggers, as much of it as changing memory takes.

    with Debugger(port) as debugger:  # the processor stands still meanwhile
        debugger.write(address, b"...")
"""

import socket


class Debugger:
    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), 10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._send("D")  # detaches: the processor goes on
        self._await(b"OK")
        self._socket.close()

    def write(self, address, data):
        self._send(f"M{address:x},{len(data):x}:{data.hex()}")
        self._await(b"OK")

    def _send(self, command):
        data = command.encode()
        self._socket.sendall(b"$%s#%02x" % (data, sum(data) % 256))

    def _await(self, reply):
        """Takes packets until one is this reply. It is told of the stop, too,
        which was not asked for."""
        found = b""
        while not found.endswith(b"$%s#%02x" % (reply, sum(reply) % 256)):
            more = self._socket.recv(1)
            assert more, f"the debugger's server said {found}"
            found += more
        self._socket.sendall(b"+")
