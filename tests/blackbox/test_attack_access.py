"""Who may use the admin API: tokens, hosts, origins, and the token's
file."""

import os
import re
import stat

import pytest
from attack import LONG

LIST = "/_isere/v1/functions"


def lines(server, *more, target=LIST, method="GET", version="1.1", host=None):
    """A request, byte for byte; the status and the whole answer."""
    head = [f"{method} {target} HTTP/{version}"]
    if host is not False:
        head.append(f"Host: {host or '127.0.0.1'}")
    head += [*more, "Connection: close", "", ""]
    answer = server.raw("\r\n".join(head).encode("latin-1"), end=False)
    return int(answer.split(b" ", 2)[1]), answer


def bearer(server):
    return f"Authorization: Bearer {server.token}"


def without_date_and_id(answer):
    return re.sub(rb"\r\n(Date|Isere-Request-Id): [^\r]*", b"", answer)


# ---- tokens ----


def wrong_fields(token):
    flipped = ("0" if token[0] != "0" else "1") + token[1:]
    last = token[:-1] + ("0" if token[-1] != "0" else "1")
    values = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Bearer\t",
        token,
        f"Bearer{token}",
        f"Basic {token}",
        f"Digest {token}",
        f"Bearer: {token}",
        f"Bearer {token[:-1]}",
        f"Bearer {token}0",
        f"Bearer {token} {token}",
        f"Bearer {token},",
        f'Bearer "{token}"',
        f"Bearer {token * 2}",
        f"Bearer {token[:32]}",
        f"Bearer {flipped}",
        f"Bearer {last}",
        f"Bearer {'0' * 64}",
        f"Bearer {token[::-1]}",
        f"Bearer\xa0{token}",
        f"Bearer {token}\xff",
        "Bearer " + "a" * 7000,
    ]
    fields = [[f"Authorization: {value}"] for value in values]
    good = f"Authorization: Bearer {token}"
    return [
        [],
        *fields,
        [good, good],
        [good, "Authorization: Basic YTpi"],
        ["Authorization: Bearer x", good],
        [f"X-Authorization: Bearer {token}"],
        [f"Cookie: token={token}"],
        [f"Proxy-Authorization: Bearer {token}"],
    ]


def test_only_the_token_opens(stored):
    server = stored()
    server.deploy("hello", "export const handler = () => 'hi'")
    answers = set()
    for fields in wrong_fields(server.token):
        status, answer = lines(server, *fields)
        assert status == 401, fields
        assert b"\r\nWWW-Authenticate: Bearer\r\n" in answer
        answers.add(without_date_and_id(answer))
    for target in (f"{LIST}?token={server.token}", f"{LIST}?access_token={server.token}"):
        status, answer = lines(server, target=target)
        assert status == 401
        answers.add(without_date_and_id(answer))
    assert len(answers) == 1, "one answer to all, which tells nothing"
    for value in (
        f"Bearer {server.token}",
        f"bearer {server.token}",
        f"BEARER   {server.token}  ",
    ):
        assert lines(server, f"Authorization: {value}")[0] == 200, value


def test_nothing_is_learned_without_the_token(stored):
    """Whether a function is there, which calls there are: all the same 401."""
    server = stored()
    server.deploy("hello", "export const handler = () => 'hi'")
    answers = set()
    for method, target in (
        ("GET", LIST),
        ("GET", f"{LIST}/hello"),
        ("GET", f"{LIST}/nothing"),
        ("GET", f"{LIST}/..%2f"),
        ("GET", f"{LIST}/hello/files"),
        ("POST", f"{LIST}/hello/rollback"),
        ("POST", f"{LIST}/hello/release"),
        ("POST", f"{LIST}/hello/invoke"),
        ("DELETE", f"{LIST}/hello"),
        ("PATCH", f"{LIST}/hello"),
        ("PUT", f"{LIST}/hello"),
        ("GET", "/_isere/metrics"),
        ("GET", "/_isere/v1/logs?follow=1"),
        ("GET", "/_isere/v1/logs?level=nothing"),
        ("GET", "/_isere/nothing"),
        ("OPTIONS", "/_isere/v1/functions"),
    ):
        status, answer = lines(server, target=target, method=method)
        assert status == 401, (method, target)
        answers.add(without_date_and_id(answer))
    assert len(answers) == 1
    assert server.get("/hello").text == "hi"


def test_guesses_do_not_lock_the_owner_out(stored):
    server = stored()
    count = 2000 if LONG else 200
    head = f"GET {LIST} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
    guesses = "".join(f"{head}{i:064x}\r\n\r\n" for i in range(count))
    answer = server.raw(guesses.encode())
    assert answer.count(b"HTTP/1.1 401 ") == count
    assert lines(server, bearer(server))[0] == 200


def test_a_head_beyond_the_limit(stored):
    server = stored()
    status, _ = lines(server, "Authorization: Bearer " + "a" * 9000)
    assert status == 431
    assert lines(server, bearer(server))[0] == 200


# ---- hosts ----


def test_foreign_hosts_are_refused(stored):
    server = stored("--allow-host", "isere.lan")
    answers = set()
    for host in (
        "evil.example",
        "evil.example:80",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "1.2.3.4.evil.com",
        "127.0.0.1.",
        "localhost.",
        "isere.lan.",
        "isere.lan.evil.example",
        "notisere.lan",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "127.1",
        "127.0.0.256",
        "127.0.0.0001",
        "1.2.3.4.5",
        "1..2.3",
        "[::1].evil.example",
        "[evil]",
    ):
        for target in (LIST, "/_isere/health", "/_isere/", "/_isere/metrics"):
            status, answer = lines(
                server, bearer(server), target=target, host=host
            )
            assert status in (400, 403), (host, target)
            answers.add((status, without_date_and_id(answer)))
    assert len(answers) <= 2, "one answer of each kind"
    # A function is not the admin API: it may have any name.
    server.deploy("hello", "export const handler = () => 'hi'")
    assert lines(server, target="/hello", host="evil.example")[0] == 200


def test_our_hosts_are_taken(stored):
    server = stored("--allow-host", "isere.lan", "--allow-host", "Other")
    for host in (
        "127.0.0.1",
        f"127.0.0.1:{server.port}",
        "127.0.0.1:1",
        "10.1.2.3",
        "255.255.255.255",
        "[::1]",
        f"[::1]:{server.port}",
        "[2001:DB8::1]",
        "localhost",
        "LocalHost",
        f"localhost:{server.port}",
        "isere.lan",
        "ISERE.LAN:8080",
        "other",
    ):
        assert lines(server, bearer(server), host=host)[0] == 200, host


def test_without_a_host(stored):
    server = stored()
    assert lines(server, bearer(server), version="1.0", host=False)[0] == 403
    assert lines(server, bearer(server), version="1.1", host=False)[0] == 400
    for target, expected in (
        (f"http://127.0.0.1:{server.port}{LIST}", 200),
        (f"http://localhost{LIST}", 200),
        (f"http://evil.example{LIST}", 403),
    ):
        # The target's authority counts, RFC 9112 section 3.2.2.
        for host in ("127.0.0.1", "evil.example"):
            status, _ = lines(server, bearer(server), target=target, host=host)
            assert status == expected, (target, host)
    both = server.raw(
        f"GET {LIST} HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n"
        f"{bearer(server)}\r\n\r\n".encode()
    )
    assert both.startswith(b"HTTP/1.1 400 ")


# ---- pages elsewhere ----


def test_pages_of_other_origins_are_refused(stored):
    server = stored()
    host = f"127.0.0.1:{server.port}"
    for origin in (
        "null",
        "",
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        f"https://{host}",
        f"http://{host}/",
        f"http://{host}.evil.example",
        f"http://evil.example http://{host}",
        "file://",
        "chrome-extension://abcdef",
    ):
        for method in ("GET", "POST", "OPTIONS", "PUT", "DELETE"):
            status, answer = lines(
                server,
                bearer(server),
                f"Origin: {origin}",
                "Access-Control-Request-Method: PUT",
                "Access-Control-Request-Headers: authorization",
                method=method,
                target=f"{LIST}/hello",
                host=host,
            )
            assert status == 403, (origin, method)
            assert b"access-control" not in answer.lower()
    for origin in (f"http://{host}", f"http://{host.upper()}"):
        status, answer = lines(
            server, bearer(server), f"Origin: {origin}", host=host
        )
        assert status == 200, origin
        assert b"access-control" not in answer.lower()


def test_a_preflight_gets_nothing(stored):
    server = stored()
    host = f"127.0.0.1:{server.port}"
    for fields in ([], [bearer(server)]):
        for target in ("/_isere/", LIST, "/_isere/health"):
            status, answer = lines(
                server, *fields, f"Origin: http://{host}",
                "Access-Control-Request-Method: PUT",
                method="OPTIONS", target=target, host=host,
            )
            assert status == (405 if fields else 401), target
            assert b"access-control" not in answer.lower()


def test_the_page_can_not_be_framed(stored):
    _, answer = lines(stored(), target="/_isere/")
    policy = re.search(rb"\r\nContent-Security-Policy: ([^\r]*)", answer)[1]
    assert b"frame-ancestors 'none'" in policy
    assert b"default-src 'none'" in policy
    assert b"unsafe" not in policy


# ---- the token's file ----


def test_the_token_is_made_once(stored):
    server = stored()
    path = server.store / "token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert re.fullmatch(r"[0-9a-f]{64}", server.token)
    server.wait_log(f"made a token for the admin API: {path}")
    assert server.token not in server.log()
    assert server.stop() == 0
    again = stored(store=server.store)
    assert again.token == server.token
    assert "made a token" not in again.log()
    assert again.stop() == 0
    assert stored().token != server.token


def test_a_token_file_is_used(stored, tmp_path):
    path = tmp_path / "secret"
    token = "0123456789abcdefABCDEF" + "7" * 42
    path.write_text(token)  # without a line's end
    path.chmod(0o400)
    store = tmp_path / "store"
    store.mkdir()
    (store / "token").write_text("not looked at")
    server = stored("--token-file", path, store=store)
    assert lines(server, f"Authorization: Bearer {token}")[0] == 200
    # The digits are a text: their case counts.
    assert lines(server, f"Authorization: Bearer {token.lower()}")[0] == 401


@pytest.mark.parametrize(
    "content, mode, why",
    [
        ("", 0o600, "64 hexadecimal digits"),
        ("\n", 0o600, "64 hexadecimal digits"),
        ("a" * 63, 0o600, "64 hexadecimal digits"),
        ("a" * 65, 0o600, "64 hexadecimal digits"),
        ("a" * 64 + "\n\n", 0o600, "64 hexadecimal digits"),
        ("g" * 64, 0o600, "64 hexadecimal digits"),
        ("a" * 63 + "\0", 0o600, "64 hexadecimal digits"),
        ("a" * 64, 0o604, "others can read it"),
        ("a" * 64, 0o640, "others can read it"),
        ("a" * 64, 0o660, "others can read it"),
    ],
)
def test_bad_token_files(isere, tmp_path, content, mode, why):
    path = tmp_path / "secret"
    path.write_text(content)
    path.chmod(mode)
    result = isere(
        "serve", "--store", tmp_path / "store", "--token-file", path,
        "--port", 0,
    )
    assert result.returncode != 0
    assert result.stdout == ""
    assert f"the token file {path}" in result.stderr and why in result.stderr
    assert path.read_text() == content
    if content.strip():
        assert content.strip() not in result.stderr


def test_token_files_that_can_not_be_made(isere, tmp_path):
    for path in (tmp_path / "missing" / "token", tmp_path):
        result = isere(
            "serve", "--store", tmp_path / "store", "--token-file", path,
            "--port", 0,
        )
        assert result.returncode != 0
        assert f"the token file {path}" in result.stderr
    assert sorted(os.listdir(tmp_path)) == ["store"]
