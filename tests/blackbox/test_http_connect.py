"""CONNECT: no tunnel is ever opened, RFC 9110 section 9.3.6."""

import pytest

from wire import Wire, refused, request

HELLO = "export const handler = ({ method, path, headers }) => "
ECHO = HELLO + "({ statusCode: 404, body: `${method} ${path} ${headers.host}` })"
TARGETS = ["example.com:443", "127.0.0.1:80", "[::1]:22", "h:1"]


def connect(target, *more, version="1.1"):
    lines = [f"CONNECT {target} HTTP/{version}", "Host: isere.test", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.parametrize("target", TARGETS)
def test_one_function_has_no_route_for_it(serve, target):
    server = serve("export const handler = () => 'tunnel'")
    for version in ["1.1", "1.0"]:
        refused(server, connect(target, version=version), 501)
    # What follows is no request: it would be the tunnel's.
    refused(server, connect(target) + request(), 501)
    assert server.get("/").text == "tunnel"


def test_other_forms_of_targets(serve, stored):
    for server in [serve(ECHO), stored()]:
        for target in ["/", "*", "example.com", "http://h:80/", "h:443/", "h:",
                       ":80", "a@h:80", "h:x", "/_isere/health", "h:65536"]:
            refused(server, connect(target), 400)


def test_the_body_is_not_read(serve, stored):
    for server in [serve(ECHO), stored()]:
        head = connect("h:443", "Content-Length: 1000000")
        refused(server, head, 501)
        head = connect("h:443", "Transfer-Encoding: chunked",
                       "Expect: 100-continue")
        with Wire(server) as wire:
            answer = wire.ask(head).is_error(501)
            assert answer.interim == [] and answer.closes and wire.ended()


@pytest.mark.parametrize("route", [None, "ANY /", "ANY /{path+}", "$default", "GET /"])
def test_only_a_route_that_names_it(stored, route):
    server = stored()
    if route:
        server.deploy("f", {"main": "f.js", "files": {"f.js": ECHO}, "routes": [route]})
    refused(server, connect("h:443"), 501)
    assert server.get("/_isere/health").status == 200


def test_with_a_route(stored):
    server = stored()
    server.deploy("f", {"main": "f.js", "files": {"f.js": ECHO},
                        "routes": ["CONNECT /", "ANY /{path+}"]})
    with Wire(server) as wire:
        answer = wire.ask(connect("h:443"), "CONNECT")
        assert (answer.status, answer.text) == (404, "CONNECT / h:443")
        assert answer.closes and wire.ended()
    assert server.get("/a").text.startswith("GET /a")


def answering(status):
    return f"export const handler = () => ({{ statusCode: {status}, body: 'x' }})"


def test_never_2xx(stored):
    server = stored()
    for status in [200, 201, 204, 206, 299, "null", "undefined"]:
        server.deploy("f", {"main": "f.js", "files": {"f.js": answering(status)},
                            "routes": ["CONNECT /"]})
        with Wire(server) as wire:
            answer = wire.ask(connect("h:443"), "CONNECT")
            assert answer.is_error(502, "malformed").closes and wire.ended()
    server.wait_log("a 2xx to CONNECT would open a tunnel", count=7)
    metrics = server.api("GET", "/_isere/metrics")[2].decode()
    assert 'isere_errors_total{function="f",kind="malformed"} 7' in metrics
    for status in [300, 404, 501, 599]:
        server.deploy("f", {"main": "f.js", "files": {"f.js": answering(status)},
                            "routes": ["CONNECT /"]})
        with Wire(server) as wire:
            answer = wire.ask(connect("h:443"), "CONNECT")
            assert (answer.status, answer.text) == (status, "x")
