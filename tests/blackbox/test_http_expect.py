"""Expect: 100-continue, RFC 9110 section 10.1.1."""

import socket

import pytest

from wire import Wire, refused, request

HANDLER = "export const handler = ({ rawBody }) => rawBody ?? 'none'"
EXPECT = {"Expect": "100-continue"}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def test_body_is_asked_for(serve):
    with Wire(serve(HANDLER)) as wire:
        for expectation in ["100-continue", "100-Continue"]:
            data = request("POST", "/", "body", {"Expect": expectation})
            wire.send(data[:-4])
            assert wire.sock.recv(100) == CONTINUE
            assert wire.ask(b"body").text == "body"


def test_chunked_body_is_asked_for(serve):
    with Wire(serve(HANDLER)) as wire:
        headers = {**EXPECT, "Transfer-Encoding": "chunked"}
        wire.send(request("POST", "/", None, headers))
        assert wire.sock.recv(100) == CONTINUE
        assert wire.ask(b"2\r\nhi\r\n0\r\n\r\n").text == "hi"


def test_body_that_is_there_already(serve):
    with Wire(serve(HANDLER)) as wire:
        answer = wire.ask(request("POST", "/", "body", EXPECT))
        assert answer.text == "body" and answer.interim in ([], [100])
        # No body is to come: nobody waits to be asked.
        answer = wire.ask(request("GET", "/", None, EXPECT))
        assert (answer.text, answer.interim) == ("none", [])
        answer = wire.ask(request("POST", "/", "", EXPECT))
        assert (answer.text, answer.interim) == ("none", [])


def test_asked_once(serve):
    with Wire(serve(HANDLER)) as wire:
        data = request("POST", "/", "0123456789", EXPECT)
        wire.send(data[:-10])
        assert wire.sock.recv(100) == CONTINUE
        for i in range(9):
            wire.send(b"%d" % i)
        assert wire.ask(b"9").text == "0123456789"


def test_old_clients_do_not_know_it(serve):
    with Wire(serve(HANDLER)) as wire:
        data = request("POST", "/", "body", EXPECT, "1.0")
        wire.send(data[:-4])
        wire.sock.settimeout(0.2)
        with pytest.raises(socket.timeout):
            wire.sock.recv(1)
        wire.sock.settimeout(5)
        answer = wire.ask(b"body")
        assert (answer.text, answer.interim) == ("body", [])


def test_too_large_is_said_before_the_body(serve):
    server = serve(HANDLER, "--max-body", "1K")
    headers = {**EXPECT, "Content-Length": "1025"}
    refused(server, request("POST", "/", None, headers), 413)


def test_other_expectations(serve):
    server = serve(HANDLER)
    for expectation in ["200-ok", "100-continue, x", "100-continue=1"]:
        data = request("POST", "/", "b", {"Expect": expectation})
        refused(server, data, 417)
