"""Names of Node and of browsers that are not defined: the log says what to do."""

import pytest

NAMES = {
    "fetch": "docs/web.md",
    "Buffer": "node:buffer",
    "global": "globalThis",
    "setImmediate": "setTimeout(f, 0)",
    "__dirname": "no files",
    "document": "no page",
    "WebSocket": "docs/web.md",
    "module": "CommonJS",
}


@pytest.mark.parametrize("name", NAMES)
def test_in_a_request(serve, name):
    server = serve(f"export const handler = () => {name}.x")
    assert server.get("/").status == 500
    line = server.wait_log("is not defined").splitlines()[-1]
    message = f"ReferenceError: '{name}' is not defined ("
    assert message in line and NAMES[name] in line.split(message)[1]
    assert "\\n    at handler" in line


@pytest.mark.parametrize("name", NAMES)
def test_at_the_top_level(isere, tmp_path, name):
    # Not `module.x`: with an assignment it would be bundled as CommonJS.
    (tmp_path / "m.js").write_text(
        f"const x = {name}.y\nexport const handler = () => x\n"
    )
    result = isere("invoke", "m.js", cwd=tmp_path)
    assert result.returncode == 1
    first = result.stderr.splitlines()[0]
    assert f"'{name}' is not defined (" in first and NAMES[name] in first


def test_other_names_and_other_errors(serve):
    server = serve("""export const handler = ({ path }) => {
      if (path === '/own') throw new Error("'fetch' is not defined")
      return nothing
    }""")
    server.get("/own")
    server.get("/")
    log = server.wait_log("'nothing' is not defined\\n")
    assert "Error: 'fetch' is not defined\\n" in log
