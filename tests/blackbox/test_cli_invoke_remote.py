"""`isere invoke-remote`, against answers by script."""

import json

from scripted import answer, fails, write

INVOKED = {
    "result": {
        "statusCode": 200,
        "headers": {"Content-Type": "text/plain", "X": ["1", "2"]},
        "body": "hé\n",
        "isBase64Encoded": False,
    },
    "error": None,
    "message": "",
    "requestId": "id-1",
    "logs": [
        {"time": "2026-11-27T18:00:00.000Z", "level": "debug", "message": "a\nb"}
    ],
    "durationMs": 1.234,
    "peakBytes": 12345,
}


def test_invoke_remote(isere, script, tmp_path):
    server = script(answer(200, INVOKED))
    result = isere("invoke-remote", "hello", "--to", server.url)
    assert result.returncode == 0, result
    assert json.loads(result.stdout) == INVOKED["result"]
    assert result.stdout.count("\n") == 1
    assert result.stderr == "2026-11-27T18:00:00.000Z DEBUG [id-1] a\\nb\n"
    head, body = server.requests[0]
    assert head.startswith("POST /_isere/v1/functions/hello/invoke HTTP/1.1\r\n")
    assert "\r\nContent-Length: 0" in head and body == b""

    event = '{"path": "/x", "body": "é"}'
    write(tmp_path, {"event.json": event})
    for result in (
        isere("invoke-remote", "hello", "--to", server.url, "--event", "event.json"),
        isere("invoke-remote", "hello", "--to", server.url, "--event", event),
        isere(
            "invoke-remote", "hello", "--to", server.url, "--event=-", "--json",
            input=event,
        ),
    ):
        assert result.returncode == 0
        assert server.requests[-1][1].decode() == event
    assert json.loads(result.stdout) == INVOKED
    assert result.stderr == ""


def test_invoke_remote_failing(isere, script, tmp_path):
    failed = {
        **INVOKED,
        "error": "exception",
        "message": "Error: no\x1b",
        "logs": None,
    }
    server = script(answer(200, failed))
    for args in ([], ["--json"]):
        result = isere("invoke-remote", "hello", "--to", server.url, *args)
        assert result.returncode == 1
        assert json.loads(result.stdout)
        assert result.stderr == (
            "isere: the handler failed (exception): Error: no\\u001b\n"
        )
    server = script(answer(200, {"hello": "world"}))
    fails(
        isere("invoke-remote", "hello", "--to", server.url),
        "answered without a result",
    )
    write(tmp_path, {"event.json": "[]"})
    fails(
        isere(
            "invoke-remote", "x", "--to", server.url, "--event", "event.json"
        ),
        "event.json:1:1: the event is not a JSON object",
    )
    assert len(server.requests) == 1
