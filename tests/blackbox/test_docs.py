"""The documentation is true: its examples run, its names exist.

The examples of the files in EXAMPLES are run section by section (a heading
begins a new one) in a folder that looks like the repository; those in WHOLE as
one, from the top to the end. What counts is the word behind the language of a
fenced block:

    ```js handler.js    a file is written (any language, any name); a server
                        with --watch reloads, one with --store does not care,
                        another one is stopped
    ```console          lines after "$ " are run, the others are their output
    ```log              lines that the running server has logged

`isere serve`, `isere dev` and `make run` start a server on a free port, all other commands
run to their end. A command that asks http://127.0.0.1:8080 in a section
without a server gets one for the handler.js written last. In the output `…`
stands for anything within a line, and alone on a line for any lines.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import time
import zlib

import pytest
from conftest import BINARY, PATIENCE, ROOT, SLOW

EXAMPLES = ["README.md", "docs/handler.md", "docs/porting.md"]
WHOLE = ["docs/api.md", "docs/deploy.md"]
PAGES = sorted(
    p.relative_to(ROOT).as_posix()
    for p in [
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "examples" / "README.md",
        ROOT / "tests" / "README.md",
        *ROOT.glob("docs/*.md"),
    ]
)
ADDRESS = "127.0.0.1:8080"
COMMANDS = (
    "new dev serve invoke build deploy list logs invoke-remote rollback release remove".split()
)

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)
HEADING = re.compile(r"^#{1,6} +([^\n]+)$", re.M)


def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


def without_fences(text):
    return FENCE.sub("", text)


# ---- the examples ----


def sections(page):
    """(heading, [(information, content), ...]) of each section."""
    result = [("", [])]
    pieces = re.compile(f"{FENCE.pattern}|{HEADING.pattern}", re.M | re.S)
    for m in pieces.finditer(read(page)):
        if m.group(3) is not None:
            result.append((m.group(3), []))
        else:
            result[-1][1].append((m.group(1).split(), m.group(2)))
    return result


def examples():
    for page in EXAMPLES:
        for heading, blocks in sections(page):
            if any(info[:1] == ["console"] for info, _ in blocks):
                yield pytest.param(blocks, id=f"{page}:{heading}")
    for page in WHOLE:
        blocks = [block for _, part in sections(page) for block in part]
        yield pytest.param(blocks, id=page)


def commands(transcript):
    """(command, expected output) of a console block."""
    result = []
    lines = iter(transcript.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command = command[:-1] + next(lines)
            result.append((command, []))
        else:
            assert result, f"output before any command: {line}"
            result[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in result]


def pattern_of(expected):
    """The expected text as a regular expression."""
    pattern = ""
    for line in expected.splitlines(keepends=True):
        if line.strip() == "…":
            pattern += "(?:.*\n)*"
        else:
            pattern += ".*".join(map(re.escape, line.split("…")))
    return pattern


def same(expected, actual):
    # curl's header lines end with CR LF, bodies often without a newline.
    actual = actual.replace("\r\n", "\n").rstrip("\n") + "\n"
    return re.fullmatch(pattern_of(expected.rstrip("\n") + "\n"), actual)


def is_assignment(words):
    words = words[words[0] == "export" :]
    return len(words) == 1 and re.match(r"[A-Z_]+=", words[0])


class Example:
    def __init__(self, folder, serve):
        self.folder = folder
        self.serve = serve
        self.server = None
        self.watching = False
        self.store = False
        self.variables = {}
        for name in ("include", "core", "ports", "third_party", "examples"):
            (folder / name).symlink_to(ROOT / name)
        (folder / "build").mkdir()
        (folder / "build" / "isere").symlink_to(BINARY)
        (folder / "build" / "host").symlink_to(BINARY.parent)
        shutil.copytree(ROOT / "js", folder / "js")

    def run(self, blocks):
        for info, content in blocks:
            if info[:1] == ["console"]:
                for command, expected in commands(content):
                    self.command(command, expected)
            elif info[:1] == ["log"]:
                self.expect_log(content)
            elif len(info) > 1:
                self.write(info[1], content)

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = self.server.log().count("reloaded") if self.watching else 0
        path.write_text(content, encoding="utf-8")
        if self.watching:
            self.server.wait_log("reloaded", count=before + 1)
        elif self.server and not self.store:
            self.server.stop()  # the next request gets one for the new file
            self.server = None

    def command(self, command, expected):
        command = re.sub(r"^make run\b(?: ARGS=)?", "build/isere serve ", command)
        words = shlex.split(command)
        if words[0] == "build/isere" and "listening" in expected:
            self.start(words[2:], expected, words[1])
            return
        if is_assignment(words):
            self.assign(command)
            return
        if words[:2] == ["build/isere", "serve"]:
            command += " --port 0"
        if ADDRESS in command and not self.server:
            self.start(["handler.js"], f"isere listening on http://{ADDRESS}")
        command, expected = map(self.with_address, (command, expected))
        if words[0] == "cc":
            command += " -std=c11 -Wall -Wextra -Werror"
            if b"__asan_init" in BINARY.read_bytes():
                command += " -fsanitize=address,undefined"
        # curl draws a progress meter where it sees no terminal.
        apart = words[0] == "curl"
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env={**os.environ, **self.variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if apart else subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=30 * SLOW,
        )
        output = done.stdout.decode()
        if apart:
            assert done.returncode == 0, f"{command}\n{done.stderr.decode()}"
        assert same(expected, output), (
            f"$ {command}\n{output}\n---- the documentation says:\n{expected}"
        )

    def with_address(self, text):
        """The port that the server really has."""
        if self.server:
            address = self.server.url.removeprefix("http://")
            text = text.replace(ADDRESS, address)
        return text

    def assign(self, command):
        """NAME=VALUE, as a shell understands it."""
        name = re.match(r"(?:export )?([A-Z_]+)=", command)[1]
        done = subprocess.run(
            ["sh", "-c", f'{self.with_address(command)}; printf %s "${name}"'],
            cwd=self.folder,
            env={**os.environ, **self.variables},
            capture_output=True,
            check=True,
        )
        self.variables[name] = done.stdout.decode()

    def start(self, args, expected, verb="serve"):
        if self.server:
            self.server.stop()
        module = None if "--store" in args else pathlib.Path("js/handler.js")
        if args and not args[0].startswith("-"):
            module, args = pathlib.Path(args[0]), args[1:]
        args = [a for words in args for a in words.split()]
        self.server = self.serve(module, *args, cwd=self.folder, verb=verb)
        self.store = "--store" in args
        self.watching = "--watch" in args or verb == "dev"
        line = expected.replace(ADDRESS, self.server.url.removeprefix("http://"))
        assert same(line, self.server.line)

    def expect_log(self, content):
        end = time.monotonic() + PATIENCE * SLOW
        for line in content.splitlines():
            pattern = re.compile(f"^{pattern_of(line)}$", re.M)
            while not pattern.search(self.server.log()):
                assert time.monotonic() < end, (
                    f"not logged: {line}\n{self.server.log()}"
                )
                time.sleep(0.02)


@pytest.mark.parametrize("blocks", examples())
def test_example(blocks, tmp_path, serve):
    folder = tmp_path / "repository"
    folder.mkdir()
    Example(folder, serve).run(blocks)


def test_newcomers_commands_are_there():
    readme = read("README.md")
    for command in ("make run", "make test", f"curl -i http://{ADDRESS}/"):
        assert command in readme


# ---- options ----


def help_of(isere, command):
    text = isere(command, "--help").stdout
    assert text.startswith("Usage:")
    return text


def options_of(text):
    return set(re.findall(r"--[a-z][a-z-]*", text))


def test_options_exist(isere):
    known = {
        f"isere {command}": options_of(help_of(isere, command))
        for command in COMMANDS
    }
    known["isere serve"].add("--isolation")  # for benchmarks, in no help text
    known["make run"] = known["isere serve"]
    anywhere = set.union(*known.values()) | {"--version"}
    for page in PAGES:
        text = read(page)
        for command, options in known.items():
            # The command's arguments, up to the end of the code or the line.
            for use in re.findall(rf"{command}( [^`\n|;]*)", text):
                unknown = options_of(use) - options
                assert not unknown, f"{page}: {command} has no {unknown}"
        for code in re.findall(r"`(--[^`]*)`", text):
            unknown = options_of(code) - anywhere
            assert not unknown, f"{page}: there is no {unknown}"


def test_options_are_documented(isere):
    """All of them, with the right default and in the right commands."""
    page = read("docs/handler.md")
    rows = dict(re.findall(r"^\| `--([a-z-]+)[^`]*` \| ([^|]*) \|", page, re.M))
    for command in ("serve", "invoke"):
        text = re.sub(r"\n {20,}", " ", help_of(isere, command))
        for line in text.splitlines():
            m = re.match(r"  (?:-., )?--([a-z-]+)", line)
            if not m or m.group(1) in ("help", "event", "output"):
                continue
            name = m.group(1)
            assert name in rows, f"docs/handler.md does not have --{name}"
            default = re.search(r"\(default:? ([^)]*)\)", line)
            if default:
                assert default.group(1) in rows[name], f"--{name}: {line}"


# ---- names ----


def slug(heading):
    """The anchor that GitHub makes of a heading."""
    text = re.sub(r"[`*]", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_links_resolve(page):
    text = without_fences(read(page))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        assert path.exists(), f"{page}: {target} does not exist"
        if anchor:
            headings = HEADING.findall(without_fences(path.read_text(encoding="utf-8")))
            assert anchor in map(slug, headings), f"{page}: {target}"


@pytest.mark.parametrize("page", PAGES)
def test_named_files_exist(page):
    """`core/heap/arena.c`, and `tests/unit/heap/test_arena.c::name` where the file
    contains that name."""
    # What lies in build/ or js/ is the user's, or an example.
    folders = sorted(
        p.name
        for p in ROOT.iterdir()
        if p.is_dir() and p.name not in ("build", "js")
    )
    path = rf"`((?:{'|'.join(map(re.escape, folders))})/[^`\s]*)`"
    for name in re.findall(path, without_fences(read(page))):
        if any(c.isupper() for c in name.split("::")[0]):
            continue  # examples/NAME.c
        file, _, test = name.partition("::")
        found = list(ROOT.glob(file.rstrip("/")))
        assert found, f"{page}: {file} does not exist"
        if test:
            assert re.search(rf"\b{test}\b", found[0].read_text(encoding="utf-8")), (
                f"{page}: {file} has no {test}"
            )


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z0-9-]+):", read("Makefile"), re.M))
    for page in PAGES:
        for code in re.findall(r"`make ([a-z0-9-]+)|^(?:\$ )?make ([a-z0-9-]+)",
                               read(page), re.M):
            name = code[0] or code[1]
            assert name in targets, f"{page}: make {name}"


def test_folders_are_in_the_readme():
    listing = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    folders = {n.split("/")[0] for n in listing.stdout.splitlines() if "/" in n}
    for folder in sorted(folders):
        if not folder.startswith("."):
            assert f"`{folder}/`" in read("README.md"), folder


def test_changelog_has_this_version(isere):
    version = isere("--version").stdout.split()[1]
    assert re.search(rf"^## {re.escape(version)}\b", read("CHANGELOG.md"), re.M)


# ---- the admin API ----


def test_api_has_the_calls_and_answers_of_the_description():
    paths = json.loads(read("docs/openapi.json"))["paths"]
    common = {"400", "401", "403", "413", "503"}  # in a table for all calls
    calls = set()
    for section in re.split(r"^## ", read("docs/api.md"), flags=re.M):
        named = re.findall(
            r"^(GET|PUT|POST|DELETE) (/_isere/[^?\s]*)", section, re.M
        )
        found = set(re.findall(r"^\| (\d{3}) \|", section, re.M))
        described = set()
        for method, path in named:
            described |= set(paths[path][method.lower()]["responses"])
        if named:
            assert found <= described and described - found <= common, section
        calls |= {(method.lower(), path) for method, path in named}
    assert calls == {
        (method, path)
        for path, item in paths.items()
        for method in item
        if method != "parameters"
    }


def test_api_has_the_metrics(stored):
    server = stored()
    server.deploy("hello", "export const handler = () => 'hi'")
    text = server.api("GET", "/_isere/metrics")[2].decode()
    page = read("docs/api.md")
    named = dict(re.findall(r"^\| `(isere_\w+)\S*` \| (\w+) \|", page, re.M))
    assert named == dict(re.findall(r"^# TYPE (\S+) (\w+)$", text, re.M))


# ---- the port ----


def port_functions():
    header = read("include/isere/port.h")
    table = header[header.index("typedef struct isere_port {") :]
    # Indented by one step; arguments that are functions are not.
    return re.findall(r"^    \S.*?\(\*(\w+)\)\(void \*ctx", table, re.M)


def test_porting_names_every_function():
    names = port_functions()
    assert 15 <= len(names) <= 40
    page = read("docs/porting.md")
    places = [page.find(f"`{name}`") for name in names]
    for name, place in zip(names, places):
        assert place >= 0, f"docs/porting.md does not have `{name}`"


def test_template_port_is_complete():
    template = read("ports/template/port.c")
    for name in port_functions():
        assert re.search(rf"^\s*\.{name} = \w+,$", template, re.M), name


# ---- the bytecode format ----


def u16(data, at):
    return int.from_bytes(data[at : at + 2], "little")


def u32(data, at):
    return int.from_bytes(data[at : at + 4], "little")


def read_bundle(data):
    """A reader written from docs/bytecode.md, not from the C code."""
    page = read("docs/bytecode.md")
    magic = re.search(r"`((?:[0-9a-f]{2} ){7}[0-9a-f]{2})`", page).group(1)
    engine = re.search(r"`(quickjs-[^`]+)`", page).group(1)
    assert data[:8] == bytes.fromhex(magic)
    assert f"format version {u16(data, 8)}" in page
    assert u32(data, 12) == zlib.crc32(engine.encode())
    assert u32(data, 16) == len(data)
    assert u32(data, 20) == zlib.crc32(data[24:])

    def padded(at, length):
        end = at + -(-length // 4) * 4
        assert data[at + length : end] == bytes(end - at - length)
        return data[at : at + length], end

    def text(at, length):
        value, at = padded(at, length)
        assert value[-1:] == b"\0"
        return value[:-1].decode(), at

    root, at = text(32, u16(data, 24))
    modules = []
    for _ in range(u16(data, 10)):
        name, at = text(at + 4, u32(data, at))
        modules.append(name)
    settings = {}
    for _ in range(u16(data, 26)):
        kind = u32(data, at)
        settings[kind], at = padded(at + 8, u32(data, at + 4))
    code, at = padded(at, u32(data, 28))
    assert at == len(data)
    return root, modules, settings, code


def test_bytecode_is_as_specified(isere, tmp_path):
    folder = tmp_path / "fn"
    (folder / "lib").mkdir(parents=True)
    (folder / "main.js").write_text(
        "import { one } from './lib/one.js'\nexport const handler = () => one\n"
    )
    (folder / "lib" / "one.js").write_text("export const one = 1\n")
    assert isere("build", "fn/main.js", "-o", "fn.bin").returncode == 0
    root, modules, settings, code = read_bundle((tmp_path / "fn.bin").read_bytes())
    assert root == ""
    assert modules == ["main.js", "lib/one.js"]
    assert settings == {1: b"main\0"}
    assert code

    flags = "--name fn --env A=1 --env B= --payload 2.0 --timeout 700ms"
    assert isere("build", "fn/main.js", "-o", "fn.bin", *flags.split()).returncode == 0
    _, _, settings, same = read_bundle((tmp_path / "fn.bin").read_bytes())
    assert same == code
    assert settings == {
        1: b"fn\0",
        2: b"A=1\0B=\0\0",
        3: (2).to_bytes(4, "little"),
        4: (700).to_bytes(4, "little"),
    }
