"""A server whose answers are a script, for the commands that talk to one."""

import json
import os
import re
import socket
import threading

import pytest

TOKEN = "0123456789abcdef" * 4
HELLO = "export const handler = () => 'hello'\n"
VERSION = {
    "name": "hello",
    "version": 3,
    "sha256": "0" * 64,
    "bytes": 37,
    "routes": ["ANY /hello", "ANY /hello/{path+}"],
}
# As list has it.
FUNCTION = {
    "name": "hello",
    "version": 3,
    "previous": 2,
    "status": "ok",
    "message": "",
    "routes": ["ANY /hello", "ANY /hello/{path+}"],
    "memory": 16 << 20,
}


def answer(status, body=b"", fields="", kind="application/json"):
    """An answer as bytes; `body`: bytes, text, or what is sent as JSON."""
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{fields}"
    if status != 204:
        head += f"Content-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


def line(**members):
    return json.dumps(members).encode() + b"\n"


class Script:
    """A server that gives the same answer to all: bytes, or a function that
    is called with the socket. .requests: (head, body) as text and bytes."""

    def __init__(self, reply, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.reply = reply
        self.requests = []
        self.listener = socket.create_server((host, 0), family=family)
        port = self.listener.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with sock:
                try:
                    self.requests.append(self._receive(sock))
                    if callable(self.reply):
                        self.reply(sock)
                    else:
                        sock.sendall(self.reply)
                except OSError:
                    pass

    @staticmethod
    def _receive(sock):
        data = b""
        while b"\r\n\r\n" not in data:
            more = sock.recv(65536)
            if not more:
                return data.decode(), b""
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        head = head.decode()
        length = re.search(r"^content-length: (\d+)", head, re.M | re.I)
        while length and len(body) < int(length.group(1)):
            body += sock.recv(65536)
        return head, body

    def close(self):
        # Closing alone does not wake accept().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


@pytest.fixture
def script():
    servers = []

    def start(reply, **options):
        servers.append(Script(reply, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def fails(result, *texts):
    """Exit code 1, nothing on stdout, and that on stderr."""
    assert result.returncode == 1, result
    assert result.stdout == ""
    for text in texts:
        assert text in result.stderr, result.stderr
    assert TOKEN not in result.stderr


def write(folder, files):
    for name, source in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source if isinstance(source, bytes) else source.encode())


def read_terminal(ours):
    """All that was written to a terminal whose other side is closed: the kernel
    may hand it over in pieces."""
    shown = b""
    try:
        while more := os.read(ours, 65536):
            shown += more
    except OSError:  # the other side is closed, and all was read
        pass
    os.close(ours)
    return shown
