"""Real HTTP clients keep one connection for many requests."""

import http.client
import json
import pathlib
import shutil
import subprocess

import pytest

from conftest import SLOW

HERE = pathlib.Path(__file__).parent
ECHO = """
export const handler = async ({ method, path, query, body }) => {
  if (path === '/status') return { statusCode: +query, body: 'with a status' }
  if (path === '/slow') await new Promise(r => setTimeout(r, 20))
  if (path === '/throw') throw new Error('on purpose')
  return { statusCode: 200, body: { method, path, body } }
}
"""


def run(*command):
    result = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, timeout=30 * SLOW
    )
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout


def test_python_keeps_its_connection(serve):
    server = serve(ECHO)
    conn = http.client.HTTPConnection(server.host, server.port, timeout=10)
    conn.connect()
    sock = conn.sock
    ports = set()
    for i in range(10):
        for method, path, body in [
            ("GET", "/", None),
            ("POST", "/post", json.dumps({"i": i})),
            ("HEAD", "/", None),
            ("GET", "/slow", None),
            ("GET", "/throw", None),
            ("GET", "/status?204", None),
            ("GET", "/status?304", None),
            ("PUT", "/chunks", iter([b"a" * 10, b"b" * 1000])),
        ]:
            conn.request(method, path, body, encode_chunked=False)
            response = conn.getresponse()
            response.read()
            assert not response.will_close, path
            # The same socket all the time: it was never opened anew.
            assert conn.sock is sock, path
            ports.add(sock.getsockname()[1])
    assert len(ports) == 1
    conn.close()


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_curl_keeps_its_connection(serve, tmp_path):
    server = serve(ECHO)
    body = tmp_path / "body"
    body.write_bytes(b"b" * 5000)
    wants = ["-w", "%{http_code} %{num_connects} %{local_port}\n", "-o", "/dev/null"]
    requests = [
        [f"{server.url}/"],
        ["-I", f"{server.url}/"],
        ["--data-binary", f"@{body}", f"{server.url}/"],
        ["-T", body, f"{server.url}/put"],
        ["-T", "-", f"{server.url}/chunked"],
        ["-H", "Expect: 100-continue", "-d", f"@{body}", f"{server.url}/"],
        [f"{server.url}/throw"],
        [f"{server.url}/status?204"],
        ["-X", "PURGE", f"{server.url}/"],
        [f"{server.url}/slow"],
    ]
    command = ["curl", "-sS"]
    for i, arguments in enumerate(requests):
        command += ["--next", "-sS"] if i else []
        command += [*wants, *arguments]
    result = subprocess.run(
        [*map(str, command)], input="from stdin", text=True,
        capture_output=True, timeout=30 * SLOW,
    )
    assert result.returncode == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines()]
    codes = [row[0] for row in rows]
    assert codes == "200 200 200 200 200 200 500 204 200 200".split()
    assert sum(int(row[1]) for row in rows) == 1, rows
    assert len({row[2] for row in rows}) == 1


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_curl_understands_every_answer(serve):
    server = serve(ECHO)
    out = run("curl", "-sS", "--http1.0", "-i", f"{server.url}/old")
    assert "Connection: close" in out and '"path":"/old"' in out
    out = run("curl", "-sS", "--compressed", "-L", "-i", server.url)
    assert out.startswith("HTTP/1.1 200 OK")
    many = f"{server.url}/[1-50]"
    out = run("curl", "-sS", "-Z", "--parallel-max", "10", many)
    assert out.count('"method":"GET"') == 50


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
@pytest.mark.parametrize("client", ["fetch", "agent"])
def test_node_keeps_its_connection(serve, client):
    server = serve(ECHO, "--workers", 2)
    script = HERE / "clients.mjs"
    result = json.loads(run("node", script, client, server.url))
    assert result["statuses"] == [200, 200, 500, 204, 304, 200, 200] * 5
    assert result["bodies"] == ["/", "/post", "x" * 100000] * 5
    assert len(result["ports"]) == 35
    assert len(set(result["ports"])) == 1, result["ports"]
