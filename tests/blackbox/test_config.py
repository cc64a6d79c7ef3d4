"""isere.json beside the main file says what options say; options win."""

import json

import pytest

HANDLER = """
export const handler = (event, context) => ({
  env: process.env, memory: context.memoryLimitInMB, version: event.version,
  left: context.getRemainingTimeInMillis(),
})
"""


@pytest.fixture
def invoke(isere, tmp_path):
    """invoke(CONFIG, options...) -> the result of `isere invoke`."""

    def run(config, *options):
        folder = tmp_path / "app"
        folder.mkdir(exist_ok=True)
        (folder / "main.js").write_text(HANDLER)
        text = config if isinstance(config, str) else json.dumps(config)
        (folder / "isere.json").write_text(text)
        return isere("invoke", "app/main.js", *options)

    return run


def answer(result):
    assert result.returncode == 0, result.stderr
    return json.loads(json.loads(result.stdout)["body"])


def test_all_members(invoke):
    said = answer(
        invoke(
            {
                "main": "main.js",
                "name": "app",
                "routes": ["GET /x"],
                "memory": "2M",
                "timeout": "1m",
                "payload": "1.0",
                "env": {"A": "b=c", "B": "é\n\U0001f600"},
            }
        )
    )
    assert said["memory"] == "2"
    assert said["left"] > 3000
    assert said["env"]["A"] == "b=c" and said["env"]["B"] == "é\n\U0001f600"


def test_numbers_are_bytes_and_milliseconds(invoke):
    said = answer(invoke({"memory": 1572864, "timeout": 60000}))
    assert said["memory"] == 1.5 and said["left"] > 3000


def test_options_win(invoke, tmp_path):
    (tmp_path / "more").write_text("B=file\n")
    said = answer(
        invoke(
            {"memory": "2M", "env": {"A": "1", "B": "1", "C": "1"}},
            *("--memory", "3M", "--env", "A=option", "--env-file", "more"),
        )
    )
    assert said["memory"] == 3
    assert [said["env"][name] for name in "ABC"] == ["option", "file", "1"]


@pytest.mark.parametrize(
    "config, message",
    [
        ('{"memory": 1,\n  }', "app/isere.json:2:"),
        ("[]", "app/isere.json:1:1:"),
        ('{\n"rout": []}', "isere.json:2: there is no such member; there are main,"),
        ('{"memory": 5}', "--memory must be from 256K to 2G, not 5"),
        ('{"timeout": "soon"}', "--timeout takes a time such as"),
        ('{"timeout": true}', "isere.json:1: a text or a whole number is expected"),
        ('{"timeout": -5}', "isere.json:1: a text or a whole number is expected"),
        ('{"payload": 2.0}', "isere.json:1: a text is expected"),
        ('{"env": []}', "an object of variables is expected"),
        ('{"env": {"A": 5}}', "the value of a variable is a text"),
        ('{"env": {"A B": "5"}}', "--env takes NAME=VALUE"),
        ('{"env": {"A": "\\u0000"}}', "no value can have a NUL"),
        ('{"a": "' + 65536 * "a" + '"}', "longer than 64 KB"),
    ],
)
def test_refused(invoke, config, message):
    result = invoke(config)
    assert result.returncode == 2
    assert message in result.stderr, result.stderr


def test_handler(isere, tmp_path):
    (tmp_path / "h.js").write_text("export const other = () => 'other'")
    (tmp_path / "isere.json").write_text('{"handler": "other"}')
    result = isere("invoke", "h.js")
    assert json.loads(result.stdout)["body"] == "other", result.stderr


def test_not_utf8(invoke, tmp_path, isere):
    invoke("{}")
    (tmp_path / "app/isere.json").write_bytes(b'{"name": "\xff"}')
    result = isere("invoke", "app/main.js")
    assert result.returncode == 2 and "this is not UTF-8" in result.stderr


def test_serve(serve):
    config = json.dumps({"memory": "2M", "routes": ["GET /x"], "env": {"A": "1"}})
    server = serve({"h.js": HANDLER, "isere.json": config})
    said = json.loads(server.get("/").text)
    assert said["memory"] == 2 and said["env"]["A"] == "1"


def test_deploy(stored, tmp_path, isere):
    (tmp_path / "pets.js").write_text(HANDLER)
    (tmp_path / "isere.json").write_text(
        json.dumps(
            {
                "name": "cats",
                "routes": ["GET /cats/{id}", "POST /cats"],
                "memory": "3M",
                "timeout": 500,
                "payload": "2.0",
                "env": {"A": "1"},
            }
        )
    )
    server = stored()
    to = ("--to", server.url, "--token-file", server.store / "token")
    result = isere("deploy", "pets.js", *to)
    assert result.returncode == 0, result.stderr
    said = json.loads(server.get("/cats/5").text)
    assert said["memory"] == "3" and said["env"]["A"] == "1"
    assert said["left"] <= 500 and said["version"] == "2.0"
    result = isere("deploy", "pets.js", "--route", "GET /dogs", *to)
    assert result.returncode == 0, result.stderr
    assert server.get("/dogs").status == 200
    assert server.get("/cats/5").status == 404
