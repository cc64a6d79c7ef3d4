"""Runs tests/corpus; its README.md describes the files."""

import re

import pytest

from conftest import ROOT
from wire import Wire

CORPUS = ROOT / "tests" / "corpus"
CASES = sorted(p.parent for p in CORPUS.glob("*/handler.js"))

MARKS = {
    "uuid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "number": r"[0-9]+",
    "ip": r"[0-9a-f.:]+",
    "date": r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT",
    "any": r"[^\n]*",
}


def pattern(text):
    """A regular expression of text with marks in it."""
    parts = re.split(r"\{\{([a-z]+)\}\}", text)
    for i, part in enumerate(parts):
        parts[i] = MARKS[part] if i % 2 else re.escape(part)
    return re.compile("".join(parts), re.DOTALL)


def split(data):
    """Head (with its empty line) and body of a file of the corpus."""
    end = data.index(b"\n\n") + 2
    return data[:end], data[end:].removesuffix(b"\n")


def load_request(path):
    head, body = split(path.read_bytes())
    return head.replace(b"\n", b"\r\n") + body


class Expected:
    def __init__(self, path):
        head, body = split(path.read_bytes())
        lines = head.decode("latin-1").splitlines()
        self.line = lines[0]
        self.fields = {}
        for line in filter(None, lines[1:]):
            name, colon, value = line.partition(":")
            values = self.fields.setdefault(name.lstrip("!"), [])
            if not name.startswith("!"):
                assert colon, f"{path}: no field: {line}"
                values.append(value.strip())
        self.body = pattern(body.decode("latin-1"))

    def check(self, answer):
        assert answer.line == self.line, answer
        for name, values in self.fields.items():
            found = answer.all(name)
            assert len(found) == len(values), (name, found, answer)
            for value, text in zip(values, found):
                assert pattern(value).fullmatch(text), (name, text)
        body = answer.body.decode("latin-1")
        assert self.body.fullmatch(body), (self.body.pattern, answer.body)


def pairs(case):
    """The requests and what is expected, in their order."""
    yield load_request(case / "request"), Expected(case / "expected")
    number = 2
    while (case / f"request-{number}").exists():
        request = load_request(case / f"request-{number}")
        yield request, Expected(case / f"expected-{number}")
        number += 1


def load_flags(case):
    flags = case / "flags"
    lines = flags.read_text().splitlines() if flags.exists() else []
    return [part for line in lines for part in line.split(" ", 1)]


def load_log(case):
    log = case / "log"
    return log.read_text().splitlines() if log.exists() else []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(serve, case):
    server = serve(case / "handler.js", *load_flags(case), "--workers", 1)
    wire = Wire(server)
    for data, expected in pairs(case):
        answer = wire.ask(data, data.split(b" ", 1)[0].decode())
        expected.check(answer)
        if answer.closes:
            assert wire.ended()
            wire.sock.close()
            wire = Wire(server)
    wire.sock.close()
    assert server.stop() == 0
    log = server.log()
    for line in load_log(case):
        assert pattern(line).search(log), f"not logged: {line}\n{log}"


def test_the_cases_fit_a_device():
    for case in CASES:
        for path in case.glob("request*"):
            head, body = split(path.read_bytes())
            fits = len(head) <= 4096 and len(body) <= 16384
            assert fits or case.name.startswith("limit-"), path
