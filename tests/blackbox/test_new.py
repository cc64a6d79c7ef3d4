"""`isere new`: each template makes a folder that runs as it is."""

import hashlib
import hmac
import json

import pytest
from test_esbuild import esbuild  # noqa: F401 (a fixture)

# What stands in for the package, which needs npm: tests/types/run has the real one.
HONO = """
export class Hono {
  routes = []
  get(path, call) { this.routes.push(['GET', path, call]) }
  post(path, call) { this.routes.push(['POST', path, call]) }
  fetch = async (request) => {
    const { pathname } = new URL(request.url)
    for (const [method, path, call] of this.routes) {
      const found = new URLPattern({ pathname: path }).exec({ pathname })
      if (!found || method !== request.method) continue
      return call({
        req: { param: (name) => found.pathname.groups[name], json: () => request.json() },
        text: (text) => new Response(text),
        json: (value, status) => Response.json(value, { status }),
      })
    }
    return new Response('404', { status: 404 })
  }
}
"""


def hello(server):
    assert json.loads(server.get("/?name=Ada").text) == {"message": "Hello, Ada"}


def api(server):
    assert len(json.loads(server.get("/parts").text)) == 2
    assert json.loads(server.get("/parts/m3x8").text)["cents"] == 4
    assert server.get("/parts/none").status == 404
    assert server.post("/parts", "{}").status == 405
    quote = server.post("/parts/m3x8/quotes", '{"quantity": 200}')
    assert quote.status == 201 and json.loads(quote.text)["cents"] == 800
    assert server.post("/parts/m3x8/quotes", "{").status == 400
    assert server.get("/parts/m3x8/quotes").status == 405
    assert server.get("/parts/m3x8/others").status == 404


def hono(server):
    assert server.get("/").text == "Hello from Hono"
    assert json.loads(server.get("/pets/7").text) == {"id": "7"}
    added = server.post("/pets", '{"id": 8}')
    assert added.status == 201 and json.loads(added.text) == {"id": 8}


def sensor(server):
    said = server.post("/readings", '[{"celsius": 20}, {"celsius": 31.4}]')
    assert json.loads(said.text) == {"count": 2, "mean": 25.3, "max": 31, "alarm": True}
    for wrong in ("[]", "{", '[{"celsius": "20"}]', "[null]", '[{"celsius": 200}]'):
        assert server.post("/readings", wrong).status == 400, wrong


def webhook(server):
    body = b'{"ref": "refs/heads/main"}'
    right = hmac.new(b"change-me", body, hashlib.sha256).hexdigest()
    for signature, status in ((right, 204), (right[:-1] + "x", 401), ("", 401)):
        headers = {"X-Hub-Signature-256": "sha256=" + signature}
        assert server.post("/webhook", body, headers).status == status
    assert server.post("/webhook", body).status == 401


def make(isere, tmp_path, *options):
    result = isere("new", "app", *options)
    assert result.returncode == 0, result.stderr
    return tmp_path / "app", result.stdout


def prepare(folder, esbuild):
    """What npm install would do."""
    tools = folder / "node_modules" / ".bin"
    tools.mkdir(parents=True)
    (tools / "esbuild").symlink_to(esbuild)
    package = folder / "node_modules" / "hono"
    package.mkdir()
    (package / "package.json").write_text('{"name": "hono", "main": "index.js"}')
    (package / "index.js").write_text(HONO)


@pytest.mark.parametrize("language", ["js", "ts"])
@pytest.mark.parametrize("check", [hello, api, hono, sensor, webhook])
def test_template(isere, serve, tmp_path, esbuild, check, language):  # noqa: F811
    options = ["--ts"] if language == "ts" else []
    folder, text = make(isere, tmp_path, "--template", check.__name__, *options)
    if language == "ts" or check is hono:
        assert "npm install" in text
        assert json.loads((folder / "package.json").read_text())["devDependencies"]
        prepare(folder, esbuild)
    else:
        assert "npm install" not in text
        assert not (folder / "package.json").exists()
    assert (folder / "isere.d.ts").exists() == (language == "ts")
    assert (folder / ".gitignore").read_text().startswith("node_modules/")
    main = f"index.{language}"
    assert "  isere dev\n" in text
    check(serve(folder / main, cwd=folder))


def test_template_deployed(isere, stored, tmp_path):
    """isere.json has the routes."""
    make(isere, tmp_path)
    server = stored()
    to = ("--to", server.url, "--token-file", server.store / "token")
    result = isere("deploy", "app/index.js", *to)
    assert result.returncode == 0, result.stderr
    assert json.loads(server.get("/hello/Ada").text) == {"message": "Hello, Ada"}


def test_overwrites_nothing(isere, tmp_path):
    (tmp_path / "app").mkdir()
    result = isere("new", "app")
    assert result.returncode == 1
    assert "there is something of that name already" in result.stderr
    assert not list((tmp_path / "app").iterdir())


@pytest.mark.parametrize(
    "args, message",
    [
        ((), "which folder? Usage: isere new FOLDER"),
        (("",), "must not be empty"),
        (("a", "b"), "only one folder can be given: 'b' came after 'a'"),
        (("a", "--template", "x"), "hello, api, hono, sensor or webhook, not 'x'"),
    ],
)
def test_usage(isere, args, message):
    result = isere("new", *args)
    assert result.returncode == 2 and message in result.stderr


def test_not_possible(isere):
    result = isere("new", "no/such/folder")
    assert result.returncode == 1 and "No such file" in result.stderr
