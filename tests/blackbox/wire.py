"""HTTP on the wire: what the tests send and read byte by byte.

    with Wire(server) as wire:
        wire.send(request("GET", "/"))
        assert wire.read().text == "hi"
        assert wire.ended()

`read` is strict: an answer that breaks RFC 9112, has no Date or another
Server than isere fails the test that reads it, whatever it is about.
"""

import email.utils
import json
import re
import time

from conftest import SLOW

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) ([\t -~\x80-\xff]*)\Z")
UUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z"
)


def request(method="GET", target="/", body=None, headers=(), version="1.1"):
    """The bytes of a request, with Host and, for a body, Content-Length."""
    if isinstance(headers, dict):
        headers = headers.items()
    lines = [f"{method} {target} HTTP/{version}", "Host: isere.test"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None:
        body = body.encode() if isinstance(body, str) else body
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines) + "\r\n\r\n"
    return head.encode("latin-1") + (body or b"")


def chunked(pieces, target="/", extra=b"", trailers=b"", method="POST"):
    """A request whose body comes as these chunks."""
    head = request(method, target, None, {"Transfer-Encoding": "chunked"})
    chunks = b"".join(b"%x%s\r\n%s\r\n" % (len(p), extra, p) for p in pieces)
    return head + chunks + b"0\r\n" + trailers + b"\r\n"


class Answer:
    """A response; fields in the order they came, names as sent."""

    def __init__(self, head):
        lines = head.split(b"\r\n")
        found = STATUS_LINE.match(lines[0])
        assert found, f"bad status line: {lines[0]!r}"
        self.line = lines[0].decode("latin-1")
        self.status = int(found[1])
        self.fields = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            assert colon and TOKEN.match(name), f"bad field: {line!r}"
            assert not re.search(rb"[\0\r\n]", value), f"bad field: {line!r}"
            self.fields.append(
                (name.decode(), value.strip(b" \t").decode("latin-1"))
            )
        self.body = b""

    def all(self, name):
        """The values of all fields of this name."""
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def get(self, name):
        """The value of the only field of this name; None without one."""
        values = self.all(name)
        assert len(values) < 2, f"{name} more than once: {values}"
        return values[0] if values else None

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.get("Isere-Error")

    @property
    def closes(self):
        return (self.get("Connection") or "").lower() == "close"

    def check(self):
        """What every final answer of isere must have."""
        assert self.get("Server") == "isere", self.fields
        assert is_uuid(self.get("Isere-Request-Id")), self.fields
        date = self.get("Date")
        assert date, self.fields
        then = email.utils.parsedate_to_datetime(date)
        assert abs(then.timestamp() - time.time()) < 60 * SLOW
        assert email.utils.format_datetime(then, usegmt=True) == date
        assert self.get("Transfer-Encoding") is None
        return self

    def is_error(self, status, word=None):
        """An error answer in the form of the contract."""
        assert (self.status, self.error) == (status, word), self
        assert self.get("Content-Type") == "application/json"
        message = self.json
        assert list(message) == ["message"] and message["message"]
        return self

    def __repr__(self):
        return f"<{self.line} {self.fields} {self.body[:200]!r}>"


class Wire:
    """A raw connection to a server, with a buffer of what was received."""

    def __init__(self, server, timeout=10):
        self.sock = server.connect(timeout)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)
        return self

    def half_close(self):
        self.sock.shutdown(1)
        return self

    def _more(self):
        try:
            chunk = self.sock.recv(1 << 18)
        except ConnectionResetError:
            chunk = b""
        self.buffer += chunk
        return chunk != b""

    def _head(self):
        while b"\r\n\r\n" not in self.buffer:
            assert self._more(), f"closed within a head: {self.buffer!r}"
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return Answer(head)

    def read(self, method="GET"):
        """The next final answer; interim ones are in .interim."""
        interim = []
        answer = self._head()
        while answer.status < 200:
            assert answer.fields == [], "an interim answer with fields"
            interim.append(answer.status)
            answer = self._head()
        answer.interim = interim
        answer.check()
        length = answer.get("Content-Length")
        if answer.status in (204, 304):
            assert length is None
        elif method == "HEAD":
            assert length is None or length.isdigit()
        elif method == "CONNECT" and answer.status < 300:
            assert length is None
        else:
            assert length is not None and length.isdigit(), answer
            left = int(length)
            while len(self.buffer) < left:
                assert self._more(), f"closed within a body: {answer}"
            answer.body = self.buffer[:left]
            self.buffer = self.buffer[left:]
        return answer

    def ask(self, data, method="GET"):
        return self.send(data).read(method)

    def ended(self):
        """True when the server closes without another byte."""
        while self._more():
            pass
        assert self.buffer == b"", f"unexpected: {self.buffer!r}"
        return True


def refused(server, data, status):
    """Sends bytes that must be answered with this status and a close."""
    with Wire(server) as wire:
        answer = wire.ask(data).is_error(status)
        assert answer.closes, answer
        assert wire.ended()
        return answer


def is_uuid(text):
    return UUID.match(text) is not None


def rss_kb(pid, name="VmRSS"):
    """Resident memory of a process in KB; its peak with "VmHWM"."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(name + ":"):
                return int(line.split()[1])
    raise AssertionError(f"no {name}")


def has_not_grown(server, before, limit):
    """Whether resident memory grew by less than `limit` KB. Sanitizers keep
    what was freed, so with them there is nothing to see."""
    return SLOW != 1 or rss_kb(server.pid) - before < limit


def cpu_seconds(pid):
    """Processor time that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
