"""QEMU's monitor, over a socket in the file system."""

import json
import os
import socket
import threading
import time


class Monitor:
    def __init__(self, path, alive, patience=10):
        """Connects as soon as QEMU listens, as long as `alive()`."""
        self._lock = threading.Lock()
        self._folder = os.path.dirname(path)
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.settimeout(30)
        end = time.monotonic() + patience
        while True:
            try:
                self._sock.connect(path)
                break
            except OSError:
                assert alive() and time.monotonic() < end, "no monitor"
                time.sleep(0.02)
        self._file = self._sock.makefile("rwb", buffering=0)
        self._file.readline()
        self.call("qmp_capabilities")

    def call(self, command, **arguments):
        line = {"execute": command, "arguments": arguments}
        with self._lock:
            self._file.write(json.dumps(line).encode() + b"\n")
            while True:
                answer = json.loads(self._file.readline())
                if "event" in answer:
                    continue
                assert "return" in answer, (command, answer)
                return answer["return"]

    def human(self, line):
        return self.call("human-monitor-command", **{"command-line": line})

    def read(self, address, size):
        """Memory as the processor sees it."""
        path = os.path.join(self._folder, f"memory-{address:x}")
        self.call("memsave", val=address, size=size, filename=path)
        with open(path, "rb") as file:
            data = file.read()
        os.unlink(path)
        return data

    def close(self):
        self._file.close()
        self._sock.close()
