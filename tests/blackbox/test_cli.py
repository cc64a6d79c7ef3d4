"""The command line: options, exit codes, output, signals."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest
from conftest import BINARY, ROOT, SLOW

HELLO = "export const handler = () => 'hello'\n"
SLEEP = """
export const handler = async () => {
  await new Promise((done) => setTimeout(done, 500))
  return 'slept'
}
"""


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# ---- help, version, usage ----


def test_version_and_help(isere):
    version = isere("--version")
    assert version.returncode == 0
    assert re.fullmatch(r"isere \d+\.\d+\.\d+\n", version.stdout)
    top = isere("--help")
    assert top.returncode == 0 and top.stderr == ""
    for name in (
        "serve invoke build deploy list logs invoke-remote rollback release remove"
    ).split():
        assert f"isere {name}" in top.stdout
        of = isere(name, "--help")
        assert of.returncode == 0 and of.stderr == ""
        assert f"Usage: isere {name}" in of.stdout


def test_serve_help_names_every_option_of_the_contract(isere):
    text = isere("serve", "--help").stdout
    for option in (
        "host port workers memory stack timeout init-timeout instances queue "
        "env payload watch log-level log-format max-head max-body "
        "header-timeout request-timeout idle-timeout max-connections"
    ).split():
        assert f"--{option}" in text


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["fly"],
        ["--fly"],
        ["serve", "--fly"],
        ["serve", "a.js", "b.js"],
        ["serve", "--port"],
        ["serve", "--port", "99999"],
        ["serve", "--memory", "lots"],
        ["serve", "--timeout", "3"],
        ["serve", "--store", "s", "--allow-host", "http://x"],
        ["serve", "--store", "s", "--allow-host", "x:80"],
        ["serve", "--env", "=x"],
        ["serve", "--payload", "3.0"],
        ["invoke"],
        ["invoke", "x.js", "--port", "1"],
        ["build"],
        ["deploy"],
        ["deploy", "x.js", "--route"],
        ["deploy", "x.js"],  # to which server?
        ["deploy", "x.js", "--to", "localhost:8080"],
        ["list", "x", "--to", "http://x"],
        ["logs", "X", "--to", "http://x"],
        ["logs", "--level", "loud"],
        ["invoke-remote", "--to", "http://x"],
        ["rollback", "a", "b"],
        ["remove", "../x"],
    ],
)
def test_usage_errors(isere, args):
    result = isere(*args)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("isere")
    assert result.stderr.count("\n") == 1
    assert "--help)" in result.stderr


def test_full_output_is_an_error():
    with open("/dev/full", "w") as full:
        result = subprocess.run([BINARY, "--help"], stdout=full)
    assert result.returncode == 1


# ---- serve ----


def test_listening_line(serve):
    server = serve(HELLO)
    assert re.fullmatch(
        r"isere listening on http://127\.0\.0\.1:\d+\n", server.line
    )
    assert server.get().text == "hello"
    assert server.stop() == 0
    assert server.process.stdout.read() == b""


def test_sample_is_the_default(serve):
    server = serve(ROOT / "js" / "handler.js")
    answer = server.get("/some/where")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.text)["path"] == "/some/where"


def test_default_module(serve, tmp_path):
    write(tmp_path, "js/handler.js", HELLO)
    process = subprocess.Popen(
        [BINARY, "serve", "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout.readline().startswith(b"isere listening")
    finally:
        process.terminate()
        assert process.wait(10 * SLOW) == 0
        process.stdout.close()


def test_ipv6(serve):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    server = serve(HELLO, "--host", "::1")
    assert server.line.startswith("isere listening on http://[::1]:")
    assert server.get().text == "hello"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it(serve, number):
    server = serve(HELLO)
    server.get()
    server.signal(number)
    assert server.wait() == 0


def test_running_request_is_finished(serve):
    server = serve(SLEEP)
    with server.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        server.signal(signal.SIGTERM)
        answer = b""
        while chunk := sock.recv(4096):
            answer += chunk
    assert answer.endswith(b"slept")
    assert server.wait() == 0


def test_second_signal_ends_at_once(serve):
    server = serve(
        "export const handler = () => new Promise((d) => setTimeout(d, 1e5))",
        "--timeout",
        "60s",
    )
    with server.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        server.signal(signal.SIGTERM)
        time.sleep(0.3)
        assert server.process.poll() is None
        server.signal(signal.SIGTERM)
        assert server.wait() == -signal.SIGTERM


def test_address_in_use(serve, isere, tmp_path):
    server = serve(HELLO)
    write(tmp_path, "h.js", HELLO)
    second = isere("serve", "h.js", "--port", server.port)
    assert second.returncode == 1
    assert second.stdout == ""
    assert "in use" in second.stderr
    assert str(server.port) in second.stderr
    assert server.get().text == "hello"


def test_no_such_address(isere, tmp_path):
    write(tmp_path, "h.js", HELLO)
    result = isere("serve", "h.js", "--host", "192.0.2.1", "--port", "0")
    assert result.returncode == 1
    assert "192.0.2.1" in result.stderr


def test_several_workers(serve):
    server = serve(HELLO, "--workers", "4")
    threads = len(list(pathlib.Path(f"/proc/{server.pid}/task").iterdir()))
    assert threads == 5
    for _ in range(20):
        assert server.get().text == "hello"
    assert server.stop() == 0


def test_workers_are_not_more_than_instances(serve):
    server = serve(HELLO, "--workers", "8", "--instances", "2")
    threads = len(list(pathlib.Path(f"/proc/{server.pid}/task").iterdir()))
    assert threads == 3
    assert server.get().text == "hello"


# ---- faults ----


@pytest.mark.parametrize("command", ["serve", "invoke", "build"])
def test_missing_module(isere, command):
    result = isere(command, "js/none.js")
    assert result.returncode == 1
    assert result.stdout == ""
    assert "cannot read js/none.js: No such file" in result.stderr


@pytest.mark.parametrize("command", ["serve", "invoke", "build"])
def test_syntax_error(isere, tmp_path, command):
    write(tmp_path, "js/h.js", "let a = 1\nlet b = ;\n")
    result = isere(command, "js/h.js")
    assert result.returncode == 1
    assert result.stdout == ""
    assert re.search(r"^js/h\.js:2:\d+: SyntaxError: ", result.stderr, re.M)


@pytest.mark.parametrize("command", ["serve", "invoke"])
def test_init_error(isere, tmp_path, command):
    write(tmp_path, "h.js", "\n\nthrow new TypeError('no luck')\n")
    result = isere(command, "h.js")
    assert result.returncode == 1
    assert result.stdout == ""
    assert re.search(r"^h\.js:3:\d+: TypeError: no luck$", result.stderr, re.M)


def test_error_in_an_imported_file(isere, tmp_path):
    write(tmp_path, "h.js", "import './lib/x.js'\n" + HELLO)
    write(tmp_path, "lib/x.js", "\nthrow new Error('inner')\n")
    result = isere("serve", "h.js")
    assert result.returncode == 1
    assert re.search(r"^lib/x\.js:2:\d+: Error: inner$", result.stderr, re.M)


def test_init_that_does_not_end(isere, tmp_path):
    write(tmp_path, "h.js", "while (true) {}\n")
    begin = time.monotonic()
    result = isere("serve", "h.js", "--init-timeout", "200ms")
    assert result.returncode == 1
    assert time.monotonic() - begin < 5 * SLOW
    assert "h.js" in result.stderr or "init" in result.stderr


def test_import_from_outside_the_folder(isere, tmp_path):
    write(tmp_path, "secret.js", "export default 1\n")
    write(tmp_path, "js/h.js", "import './link.js'\n" + HELLO)
    os.symlink("../secret.js", tmp_path / "js" / "link.js")
    result = isere("serve", "js/h.js")
    assert result.returncode == 1
    assert re.search(r"^js/h\.js:1:\d+: .*link\.js", result.stderr, re.M)


# ---- invoke ----

ECHO = "export const handler = (event) => event\n"


def test_invoke(isere, tmp_path):
    write(
        tmp_path,
        "h.js",
        """
        export const handler = (event) => {
          console.log('for the log')
          return {
            statusCode: 201,
            headers: { 'X-A': 1, 'X-B': ['1', '2'] },
            body: { path: event.path, method: event.httpMethod },
          }
        }
        """,
    )
    result = isere("invoke", "h.js")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("\n") == 1
    answer = json.loads(result.stdout)
    assert answer["statusCode"] == 201
    assert answer["headers"]["X-A"] == "1"
    assert answer["headers"]["X-B"] == ["1", "2"]
    assert answer["isBase64Encoded"] is False
    assert json.loads(answer["body"]) == {"path": "/", "method": "GET"}
    assert "for the log" in result.stderr


def test_invoke_with_event(isere, tmp_path):
    write(
        tmp_path,
        "h.js",
        "export const handler = (e) => ({ body: [e.path, e.body, e.method] })",
    )
    event = json.dumps({"httpMethod": "POST", "path": "/é", "body": {"a": 1}})
    write(tmp_path, "event.json", event)
    for result in (
        isere("invoke", "h.js", "--event", "event.json"),
        isere("invoke", "h.js", "--event=-", input=event),
    ):
        assert result.returncode == 0, result.stderr
        body = json.loads(json.loads(result.stdout)["body"])
        assert body[:2] == ["/é", {"a": 1}]


def test_invoke_with_bytes(isere, tmp_path):
    write(
        tmp_path,
        "h.js",
        "export const handler = () => ({ body: new Uint8Array([0, 255, 1]) })",
    )
    answer = json.loads(isere("invoke", "h.js").stdout)
    assert (answer["body"], answer["isBase64Encoded"]) == ("AP8B", True)


@pytest.mark.parametrize(
    "event, place",
    [
        ("", "1:1"),
        ("[1]", "1:1"),
        ('{\n  "a": 1,\n}\n', "3:1"),
        ('{"a": 1} x', "1:10"),
    ],
)
def test_invoke_with_bad_event(isere, tmp_path, event, place):
    write(tmp_path, "h.js", HELLO)
    write(tmp_path, "event.json", event)
    result = isere("invoke", "h.js", "--event", "event.json")
    assert result.returncode == 1
    assert result.stdout == ""
    assert f"event.json:{place}: " in result.stderr


def test_invoke_with_an_event_in_line(isere, tmp_path):
    """As a file that has it, and before one that has such a name."""
    write(tmp_path, "h.js", "export const handler = (e) => e.path")
    write(tmp_path, "{}", "{}")
    for event, path in [
        ('{"path":"/x"}', "/x"),
        (' \n\t{"path": "/\u00e9"}\n', "/\u00e9"),
        ("{}", "/"),
    ]:
        for args in [("--event", event), (f"--event={event}",)]:
            result = isere("invoke", "h.js", *args)
            assert result.returncode == 0, result.stderr
            assert json.loads(result.stdout)["body"] == path


@pytest.mark.parametrize(
    "event, place",
    [
        ("{", "1:2"),
        ('{"a":1,}', "1:8"),
        ("[]", "1:1"),
        ('"text"', "1:1"),
        ("{}\n{}", "2:1"),
    ],
)
def test_invoke_with_a_bad_event_in_line(isere, tmp_path, event, place):
    write(tmp_path, "h.js", ECHO)
    result = isere("invoke", "h.js", "--event", event)
    assert (result.returncode, result.stdout) == (1, "")
    assert f"isere: --event:{place}: the event is not a JSON obj" in result.stderr


def test_invoke_with_missing_event(isere, tmp_path):
    write(tmp_path, "h.js", HELLO)
    result = isere("invoke", "h.js", "--event", "none.json")
    assert result.returncode == 1
    assert "cannot read none.json: No such file" in result.stderr


@pytest.mark.parametrize(
    "code, status, word, reason",
    [
        ("throw new Error('broken')", 500, "exception", "broken"),
        ("return { statusCode: 99 }", 502, "malformed", ""),
        ("while (true) {}", 504, "timeout", ""),
        ("[].includes.call({ length: 2 ** 53 - 1 }, 1)", 504, "timeout", ""),
        ("const f = () => f() + 1; f()", 500, "stack", ""),
        ("const a = []; for (;;) a.push('x'.repeat(999))", 500, "memory", ""),
    ],
)
def test_invoke_failing(isere, tmp_path, code, status, word, reason):
    write(tmp_path, "h.js", f"export const handler = () => {{ {code} }}\n")
    result = isere(
        "invoke", "h.js", "--timeout", "300ms", "--memory", "1M"
    )
    assert result.returncode == 1
    answer = json.loads(result.stdout)
    assert answer["statusCode"] == status
    assert answer["headers"]["Isere-Error"] == word
    assert "message" in json.loads(answer["body"])
    assert " ERROR " in result.stderr and reason in result.stderr


def test_large_stack(isere, tmp_path):
    """--stack is there, whatever the stack of the main thread is."""
    write(
        tmp_path,
        "h.js",
        """
        const depth = () => {
          try {
            return 1 + depth()
          } catch {
            return 1
          }
        }
        export const handler = () => ({ body: depth() })
        """,
    )
    small = isere("invoke", "h.js", "--stack", "256K")
    assert small.returncode == 0, small.stderr[:500]
    large = isere("invoke", "h.js", "--stack", "64M", "--memory", "256M")
    assert large.returncode == 0, large.stderr[:500]
    depths = [int(json.loads(r.stdout)["body"]) for r in (small, large)]
    assert depths[1] > 200 * depths[0]


# ---- build ----


def test_invoke_prints_header_values_as_they_are(isere, tmp_path):
    (tmp_path / "h.js").write_text(
        "export const handler = () => ({ headers: { Location: '/\u00e9' } })"
    )
    result = isere("invoke", "h.js")
    assert json.loads(result.stdout)["headers"]["Location"] == "/\u00e9"


@pytest.mark.parametrize("output", ["h.js", "./lib.js", "link.js"])
def test_build_never_overwrites_a_source(isere, tmp_path, output):
    sources = {
        "h.js": "import './lib.js'\nexport const handler = () => 1\n",
        "lib.js": "export const one = 1\n",
    }
    for name, source in sources.items():
        (tmp_path / name).write_text(source)
    (tmp_path / "link.js").symlink_to("h.js")
    result = isere("build", "h.js", "-o", output)
    assert result.returncode == 1
    assert "source file" in result.stderr
    for name, source in sources.items():
        assert (tmp_path / name).read_text() == source


def test_build_and_serve(serve, isere, tmp_path):
    write(
        tmp_path,
        "src/h.js",
        "import { text } from './lib/text.js'\n"
        "export const handler = () => text\n",
    )
    write(tmp_path, "src/lib/text.js", "export const text = 'from lib'\n")
    built = isere("build", "src/h.js", "-o", "out.bin")
    assert built.returncode == 0 and built.stdout == ""
    size = (tmp_path / "out.bin").stat().st_size
    assert f"out.bin, {size} bytes" in built.stderr
    assert isere("build", "src/h.js").returncode == 0
    default = (tmp_path / "src/h.bin").read_bytes()
    assert default == (tmp_path / "out.bin").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == [
        "out.bin"
    ]
    server = serve(tmp_path / "out.bin")
    assert server.get().text == "from lib"


def test_damaged_bytecode(isere, tmp_path):
    write(tmp_path, "h.js", HELLO)
    assert isere("build", "h.js").returncode == 0
    whole = (tmp_path / "h.bin").read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for damaged in (bytes(flipped), whole[:-1], whole + b"x", b"", b"junk"):
        (tmp_path / "h.bin").write_bytes(damaged)
        result = isere("serve", "h.bin")
        assert result.returncode == 1
        assert "h.bin" in result.stderr


def test_build_of_bytecode_or_to_nowhere(isere, tmp_path):
    write(tmp_path, "h.js", HELLO)
    assert isere("build", "h.js").returncode == 0
    again = isere("build", "h.bin")
    assert again.returncode == 1 and "bytecode already" in again.stderr
    nowhere = isere("build", "h.js", "-o", "none/h.bin")
    assert nowhere.returncode == 1
    assert "cannot write none/h.bin: No such file" in nowhere.stderr


# ---- environment, payload, logs ----


def test_env(serve):
    server = serve(
        "export const handler = () => ({ body: process.env })",
        "--env",
        "A=1",
        "--env=B=x=y",
        "--env",
        "A=2",
    )
    body = json.loads(server.get().text)
    assert (body["A"], body["B"]) == ("2", "x=y")
    assert body["NODE_ENV"] == "production"
    assert "PATH" not in body


@pytest.mark.parametrize(
    "payload, field", [("isere", "path"), ("1.0", "path"), ("2.0", "rawPath")]
)
def test_payload(serve, payload, field):
    server = serve(
        "export const handler = (e) => ({ body: e })", "--payload", payload
    )
    event = json.loads(server.get("/a/b").text)
    assert event[field] == "/a/b"
    assert event.get("version") == {"isere": None}.get(payload, payload)


LOGGING = """
export const handler = () => {
  console.debug('a debug line')
  console.info('two\\nlines')
  console.error('an error')
  return 'ok'
}
"""


def test_text_log(serve):
    server = serve(LOGGING)
    server.get()
    log = server.wait_log("an error")
    line = next(x for x in log.splitlines() if "two" in x)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO  "
        r"\[[0-9a-f-]{36}\] two\\nlines",
        line,
    )
    assert "a debug line" not in log


def test_json_log(serve):
    server = serve(LOGGING, "--log-format=json", "--log-level=debug")
    server.get()
    log = server.wait_log("an error")
    records = [json.loads(line) for line in log.splitlines()]
    by_message = {r["message"]: r for r in records}
    record = by_message["two\nlines"]
    assert record["level"] == "info"
    assert record["function"] == "handler"
    assert re.fullmatch(r"[0-9a-f-]{36}", record["requestId"])
    assert by_message["a debug line"]["level"] == "debug"
    assert by_message["an error"]["level"] == "error"


def test_closed_stderr_does_not_matter(tmp_path):
    write(tmp_path, "h.js", LOGGING)
    process = subprocess.Popen(
        [BINARY, "serve", "h.js", "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        process.stderr.close()
        port = int(process.stdout.readline().rsplit(b":", 1)[1])
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", port), 10) as sock:
                sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
                assert b" 200 " in sock.recv(4096)
    finally:
        process.terminate()
        assert process.wait(10 * SLOW) == 0
        process.stdout.close()


# ---- watch ----


def until(server, text, patience=5):
    """Waits until the server answers with `text`."""
    end = time.monotonic() + patience * SLOW
    while (found := server.get().text) != text:
        assert time.monotonic() < end, (found, server.log())
        time.sleep(0.02)


def test_watch(serve):
    server = serve(
        {
            "handler.js": "import { t } from './lib/t.js'\n"
            "export const handler = () => t\n",
            "lib/t.js": "export const t = 'one'\n",
        },
        "--watch",
    )
    main = server.module
    part = main.parent / "lib" / "t.js"
    assert server.get().text == "one"
    part.write_text("export const t = 'two'\n")
    until(server, "two")
    # As editors do it: a new file takes the place of the old one.
    new = main.parent / ".handler.js.swp"
    new.write_text("export const handler = () => 'three'\n")
    new.rename(main)
    until(server, "three")
    server.wait_log("reloaded ", count=2)
    # A mistake is reported with its place; the version before stays.
    main.write_text("export const handler = () => 'four'\nlet = = 1\n")
    log = server.wait_log("not reloaded")
    assert re.search(r"ERROR .*handler\.js:2:\d+: SyntaxError", log)
    assert server.get().text == "three"
    main.write_text("throw new Error('init fails')\n")
    log = server.wait_log("not reloaded", count=2)
    assert re.search(r"ERROR .*handler\.js:1:\d+: Error: init fails", log)
    assert server.get().text == "three"
    main.unlink()
    server.wait_log("No such file")
    assert server.get().text == "three"
    main.write_text("export const handler = () => 'five'\n")
    until(server, "five")
    assert server.stop() == 0


def test_watch_under_load(serve):
    server = serve(
        {"handler.js": "export const handler = () => 'v0'\n"},
        "--watch",
        "--workers",
        "2",
    )
    for version in range(1, 6):
        server.module.write_text(
            f"export const handler = () => 'v{version}'\n"
        )
        end = time.monotonic() + 5 * SLOW
        while server.get().text != f"v{version}":
            assert time.monotonic() < end, server.log()
    server.wait_log("reloaded", count=5)
    for _ in range(20):
        assert server.get().text == "v5"
    assert server.stop() == 0


def test_stop_while_a_watched_init_hangs(serve):
    server = serve({"handler.js": HELLO}, "--watch")
    server.module.write_text("while (true) {}\n")
    time.sleep(0.5)
    begin = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begin < 4 * SLOW


# ---- the example program ----


def test_embed_example():
    program = BINARY.parent / "examples" / "embed"
    if not program.exists():
        pytest.skip("the example was not built")
    result = subprocess.run([program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        "invoked: 200 hello Ada, call 1",
        "invoked: 200 hello Ada, call 1",
        "served: HTTP/1.1 200 OK hello Grace, call 1",
    ]
