"""Functions in flash: deployed over the network, still there after a reboot,
whatever else goes wrong."""

import itertools
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from device import find_tool

GOOD = "export const handler = () => 'good'"
FUNCTIONS = "/_isere/v1/functions"
# The flash of tests has 1 MB for the store, and behind it 2 MB for what is made
# of functions.
SIZE = 1 << 20


def answer(text):
    return f"export const handler = () => '{text}'"


def put(device, name, source, **more):
    """A deploy that may fail: (status, answer)."""
    status, _, body = device.api(
        "PUT",
        f"{FUNCTIONS}/{name}",
        source,
        {"Content-Type": "text/javascript"},
        timeout=60,
        **more,
    )
    return status, json.loads(body)


def names(device):
    status, _, body = device.api("GET", FUNCTIONS)
    assert status == 200, body
    return {f["name"]: f for f in json.loads(body)["functions"]}


def metric(device, name):
    """{labels: value} of one metric."""
    status, _, body = device.api("GET", "/_isere/metrics")
    assert status == 200, body
    lines = re.findall(rf"^{name}({{.*?}})? (\S+)$", body.decode(), re.M)
    return {labels: float(value) for labels, value in lines}


def test_flash_for_images(boot):
    """A directory of extents is begun where there is none, and stays."""
    device = boot(GOOD)
    begun = b"iSH1" + (1).to_bytes(4, "little")
    assert device.read_flash(SIZE, 8) == begun
    device.reboot()
    assert device.read_flash(SIZE, 8) == begun
    assert "can't be used" not in device.log()


def test_deploy_and_ask(boot):
    device = boot(GOOD)
    assert device.get("/hello").text == "good"  # the built-in one
    first = device.deploy("hello", answer("one"))
    assert (first["version"], first["routes"][0]) == (1, "ANY /hello")
    assert device.get("/hello").text == "one"
    assert device.deploy("hello", answer("two"))["version"] == 2
    assert device.get("/hello/there").text == "two"
    assert device.api("POST", f"{FUNCTIONS}/hello/rollback")[0] == 200
    assert device.get("/hello").text == "one"
    assert device.api("DELETE", f"{FUNCTIONS}/hello")[0] == 204
    assert device.get("/hello").text == "good"


def long_module(size, text="long"):
    """A module of so many bytes, most of which are a comment."""
    begin = answer(text) + "\n/*"
    return begin + "." * (size - len(begin) - 2) + "*/"


def send_deploy(device, name, length, body):
    """A connection that has sent a deploy, or a part of one."""
    client = device.connect()
    client.sendall(
        f"PUT {FUNCTIONS}/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {device.token}\r\n"
        "Content-Type: text/javascript\r\n"
        f"Content-Length: {length}\r\n\r\n".encode() + body
    )
    return client


def test_a_module_of_64_kb(boot):
    """It goes to flash while it arrives: memory has no room for it."""
    device = boot(GOOD)
    source = long_module(64 * 1024)
    assert put(device, "long", source)[0] == 201
    assert device.get("/long").text == "long"
    status, answer = put(device, "long", source + "\n")
    assert (status, answer) == (
        413, {"message": "a module may have at most 64K"})
    assert device.get("/long").text == "long"


def code(size):
    """A module of many small functions, nearly all of which is code."""
    text = ""
    for n in itertools.count():
        if len(text) > size:
            return text + "export const handler = () => order0([1, 2])"
        text += (
            f"function order{n}(items, table = {{}}) {{\n"
            f"  let total = {n};\n"
            "  for (const item of items.filter((i) => i > 0)) {\n"
            f"    total += (table[item] ?? {n}.5) * item;\n"
            "    if (total > 1000) return { total, why: 'too much' };\n"
            "  }\n"
            "  return { total, names: items.map((i) => i + 1).join() };\n"
            "}\n"
        )


def modules():
    """The project's own modules, as (name, text without imports and exports):
    code as people write it, with its comments."""
    root = Path(__file__).resolve().parents[2]
    for path in sorted(root.glob("dashboard/*.js")):
        lines = path.read_text().splitlines(keepends=True)
        yield path.name, "".join(
            line.removeprefix("export ") for line in lines
            if not line.startswith("import "))


def ordinary(size):
    """They in one file, as bundlers put them together."""
    text = "export const handler = () => format()\n"
    for n, (name, module) in enumerate(modules()):
        part = f"/* {name} */\nfunction part{n}() {{\n{module}}}\n"
        if len(text) + len(part) < size - 100:
            text += part
    return text + "const format = () => [typeof part0, typeof part1].join()\n"


def test_ordinary_code_of_64_kb(mps2):
    """Beside eight functions; it is there after a reset."""
    device = mps2(GOOD)
    for n in range(8):
        device.deploy(f"small{n}", answer(f"small {n}"))
    source = ordinary(64 * 1024)
    assert 60 * 1024 < len(source) <= 64 * 1024
    status, answered = put(device, "large", source)
    assert status == 201, answered
    for _ in range(2):
        assert device.get("/large").text == "function,function"
        assert device.get("/small3").text == "small 3"
        assert device.get("/large").text == "function,function"
        device.reboot()


def test_a_package_of_ordinary_modules(mps2):
    """64 KB of them, and as many comments again."""
    device = mps2(GOOD)
    files = {}
    for name, module in modules():
        if len(json.dumps(files)) + len(module) < 64 * 1024:
            files[name] = f"export function part() {{\n{module}}}\n"
    used = len(json.dumps(files))
    assert len(files) > 8 and used > 56 * 1024
    files["entry.js"] = "".join(
        f"import {{ part as part{n} }} from './{name}'\n"
        for n, name in enumerate(files)
    ) + "export const handler = () => part8.name\n/*"
    files["entry.js"] += "\n" * 30000 + "*/"
    package = {"main": "entry.js", "files": files}
    assert 118 * 1024 < len(json.dumps(package)) < 128 * 1024
    device.deploy("modules", package)
    for _ in range(2):
        assert device.get("/modules").text == "part"
        device.reboot()


def minified(count):
    """Functions in functions, as a minifier leaves them: 150 bytes of source
    make 300 of bytecode."""
    return "export const handler = () => 1\n" + "".join(
        f"export function f{n}(a,b){{let c=0;for(const d of a.filter((e)=>e>0))"
        "{c+=(b[d]??.5)*d;if(c>9)return{c,w:'x'}}"
        "return{c,n:a.map((e)=>e+1).join()}}\n" for n in range(count))


def test_code_that_an_instance_has_no_room_for(mps2):
    """The compiler gets more memory than an instance has, its code goes to
    flash without memory for all of it, and what is too much is refused."""
    device = mps2(GOOD)
    device.deploy("more", code(20000))
    assert json.loads(device.get("/more").text) == {"total": 1.5, "names": "2,3"}
    status, answer = put(device, "much", minified(440))
    assert status == 413, answer
    found = re.fullmatch(r"not enough memory to compile: the limit is (\d+)K",
                         answer["message"])
    assert found and int(found[1]) > 134, answer
    assert device.get("/more").status == 200
    assert device.get("/").text == "good"


def test_a_package_of_128_kb(boot):
    """Two files of nearly 64 KB; after a reset it is compiled from flash
    again."""
    device = boot(GOOD)
    package = {
        "main": "a.js",
        "files": {
            "a.js": "import { b } from './b.js'\n"
                    "export const handler = () => b\n/*" + "\n" * 60000 + "*/",
            "b.js": "export const b = 'both'\n//",
        },
        "env": {"K": "V"},
    }
    room = 128 * 1024 - len(json.dumps(package))
    package["files"]["b.js"] += "b" * room
    body = json.dumps(package)
    assert len(body) == 128 * 1024
    assert device.deploy("large", package)["bytes"] == sum(
        map(len, package["files"].values()))
    assert device.get("/large").text == "both"
    package["files"]["b.js"] += "b"
    status, _, answer = device.api("PUT", f"{FUNCTIONS}/large", package)
    assert (status, json.loads(answer)) == (
        413, {"message": "a package may have at most 128K"})
    device.reboot()
    assert list(names(device)) == ["large"]
    status, _, files = device.api("GET", f"{FUNCTIONS}/large/files")
    package["files"]["b.js"] = package["files"]["b.js"][:-1]
    assert (status, json.loads(files)) == (200, package)
    assert device.get("/large").text == "both"
    assert device.api("POST", f"{FUNCTIONS}/large/rollback")[0] == 409


def test_a_deploy_that_stops_in_the_middle(boot):
    """Others are served meanwhile, and nothing is left of it."""
    device = boot(GOOD)
    source = long_module(64 * 1024).encode()
    for _ in range(40):  # more than flash has room for at once
        client = send_deploy(device, "long", len(source), source[:9000])
        assert device.get("/").text == "good"
        client.close()
    client = send_deploy(device, "long", len(source), source[:30000])
    assert put(device, "other", long_module(30000, "other"))[0] == 201
    assert device.get("/other").text == "other"
    client.sendall(source[30000:])
    assert b"201 Created" in client.recv(4096)
    client.close()
    assert device.get("/long").text == "long"


def test_default_function_goes_before_the_built_in_one(boot):
    device = boot(GOOD)
    device.deploy("default", answer("mine"))
    assert device.get("/").text == "mine"
    device.api("DELETE", f"{FUNCTIONS}/default")
    assert device.get("/").text == "good"


def test_a_reboot_keeps_functions_and_token(boot):
    device = boot(GOOD)
    token = device.token
    device.deploy("hello", answer("one"))
    device.deploy("hello", answer("two"))
    device.deploy("other", {"main": "a.js", "files": {
        "a.js": "import { b } from './b.js'; export const handler = () => b",
        "b.js": "export const b = 'imported'",
    }, "routes": ["GET /other"], "env": {"K": "V"}})
    before = names(device)
    device.reboot()
    assert device.token == token
    assert names(device) == before
    assert device.get("/hello").text == "two"
    assert device.get("/other").text == "imported"
    assert device.api("POST", f"{FUNCTIONS}/hello/rollback")[0] == 200
    device.reboot()
    assert device.get("/hello").text == "one"


def test_eight_functions(boot):
    """There is no room for eight heaps: the least recently used ones are
    built again, and what is in use stays."""
    device = boot(GOOD)
    for i in range(8):
        device.deploy(f"f{i}", answer(f"f{i}"))
    for _ in range(3):
        for i in range(8):
            assert device.get(f"/f{i}").text == f"f{i}"
    starts = metric(device, "isere_instance_starts_total")
    again = metric(device, "isere_instance_restarts_total")
    assert sum(starts.values()) >= 8
    if device.target.name == "mps2":
        assert sum(again.values()) >= 8, (starts, again)
    # One that is asked again and again is there.
    before = metric(device, "isere_instance_starts_total")
    for _ in range(20):
        assert device.get("/f3").text == "f3"
    key = '{function="f3"}'
    after = metric(device, "isere_instance_starts_total")
    assert after[key] - before[key] <= 1, (before, after)
    hits = metric(device, "isere_instance_hits_total")
    assert hits[key] >= 19, hits


BAD = {
    "throws": "throw new Error('not today')",
    "loops": "for (;;) {}",
    "eats memory": "const a = []; for (;;) a.push(new Array(100).fill(0))",
    "does not compile": "const const",
    "exports nothing": "0",
}


@pytest.mark.parametrize("what", BAD)
def test_a_deploy_that_fails_changes_nothing(boot, what):
    device = boot(GOOD)
    device.deploy("hello", answer("one"))
    device.deploy("other", answer("other"))
    export = "" if what == "exports nothing" else "\n" + GOOD
    status, said = put(device, "hello", "\n" + BAD[what] + export)
    assert status == 400 and said["message"], said
    if what in ("throws", "does not compile"):
        assert (said["file"], said["line"]) == ("hello.js", 2), said
    assert device.get("/hello").text == "one"
    assert device.get("/other").text == "other"
    device.reboot()
    assert device.get("/hello").text == "one"
    assert names(device)["hello"]["version"] == 1


def test_who_may_not(boot):
    device = boot(GOOD)
    for token in (False, "", "0" * 64, device.token[:-1], device.token + "0"):
        status, headers, _ = device.api("GET", FUNCTIONS, token=token)
        assert status == 401 and "Bearer" in str(headers), token
    status, _ = put(device, "hello", GOOD, token=False)
    assert status == 401
    host = {"Host": "attacker.example"}
    assert device.api("GET", FUNCTIONS, headers=host)[0] == 403
    assert device.api("GET", "/_isere/health", headers=host)[0] == 403
    assert device.request("GET", "/", None, host, 10).status == 200
    assert names(device) == {}


def test_the_token_is_not_in_the_log(boot):
    device = boot(GOOD)
    device.deploy("hello", answer("one"))
    device.get("/hello")
    _, _, lines = device.api("GET", "/_isere/v1/logs")
    assert device.token.encode() not in lines


def fill(device):
    """Deploys until it says that the store is full. Comments need no memory
    but that of the flash."""
    pad = "/*" + "x" * 15000 + "*/\n"
    for i in range(200):
        status, said = put(device, f"big{i}", pad + answer(f"big{i}"))
        if status == 507:
            return i, said
        assert status == 201, (i, status, said)
    raise AssertionError("the store is never full")


def test_full_store(boot):
    if boot.target.name == "mps2":
        # There the server's memory is full of functions before the flash is.
        pytest.skip("has more flash than memory")
    device = boot(GOOD)
    count, said = fill(device)
    assert count > 20 and "full" in said["message"], (count, said)
    assert len(names(device)) == count
    assert device.get("/big0").text == "big0"
    assert device.api("DELETE", f"{FUNCTIONS}/big0")[0] == 204
    assert device.api("DELETE", f"{FUNCTIONS}/big1")[0] == 204
    assert put(device, "hello", GOOD)[0] == 201
    device.reboot()
    assert len(names(device)) == count - 1
    assert device.get("/big2").text == "big2"


def test_memory_full_of_functions(boot):
    """They leave enough for requests, and for being managed."""
    if boot.target.name == "native_sim":
        pytest.skip("has more memory than flash")
    device = boot(GOOD)
    pad = "".join(f"export const f{i} = (a) => a + {i}\n" for i in range(20))
    count = 0
    while (found := put(device, f"f{count}", pad + answer(f"f{count}")))[0] != 507:
        assert found[0] == 201, found
        count += 1
    assert count > 8 and "kept for requests" in found[1]["message"], found

    def manage():
        assert len(names(device)) == count
        assert metric(device, "isere_requests_total")
        assert device.api("GET", f"{FUNCTIONS}/f0/files")[0] == 200

    manage()
    for _ in range(2):
        for i in range(count):
            assert device.get(f"/f{i}").text == f"f{i}"
        manage()
    device.reboot()
    manage()
    for i in range(count):
        assert device.get(f"/f{i}").text == f"f{i}"
        assert device.api("DELETE", f"{FUNCTIONS}/f{i}")[0] == 204
    assert names(device) == {}
    assert put(device, "again", GOOD)[0] == 201


def test_damaged_store(boot):
    """The device says so, leaves the flash alone, and serves its handler."""
    device = boot(GOOD)
    device.deploy("hello", answer("one"))
    device.write_flash(0, bytes([0x5A]) * 8192)
    device.reboot()
    device.wait_match(r"<err> isere: store: .*damaged")
    assert device.get("/hello").text == "good"
    assert device.get("/_isere/health").text == "good"
    if device.target.name == "mps2":
        return  # a whole megabyte takes the debugger a minute
    device.write_flash(0, b"\xff" * SIZE)
    device.reboot()
    device.wait_match(r"(?s)damaged.*formatted")
    assert names(device) == {}


def test_built_in_handler_that_throws(boot):
    """The store is served without it."""
    device = boot("throw new Error('not today')\n" + GOOD)
    device.wait_match(r"not serving: .*not today")
    assert device.get("/").status == 404
    device.deploy("default", answer("repaired"))
    assert device.get("/").text == "repaired"


def test_the_command_line_deploys_to_a_device(boot, tmp_path):
    device = boot(GOOD)
    (tmp_path / "hello.js").write_text(
        "import { name } from './name.js'\n"
        "export const handler = () => { console.log('asked'); return name }\n"
    )
    (tmp_path / "name.js").write_text("export const name = 'a device'\n")

    def run(*words):
        return subprocess.run(
            [find_tool(), *words],
            cwd=tmp_path,
            env={
                **os.environ,
                "ISERE_URL": f"http://127.0.0.1:{device.port}",
                "ISERE_TOKEN": device.token,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
        )

    def isere(*words):
        done = run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    # What a heap may have is the device's to say.
    most = f"{device.target.config('ISERE_MEMORY')}K"
    refused = run("deploy", "hello.js", "--memory", "3G")
    assert refused.returncode == 1, refused
    assert f"K to {most} (400)" in refused.stderr, refused
    deployed = isere("deploy", "hello.js", "--memory", most)
    assert deployed.startswith("hello version 1 at http://")
    assert names(device)["hello"]["memory"] == int(most[:-1]) << 10
    assert device.get("/hello").text == "a device"
    assert isere("deploy", "hello.js").startswith("hello version 2 at http://")
    assert device.get("/hello").text == "a device"
    assert "hello" in isere("list")
    assert "asked" in isere("logs", "hello")
    assert json.loads(isere("invoke-remote", "hello"))["body"] == "a device"
    isere("remove", "hello")
    assert device.get("/hello").text == "good"
