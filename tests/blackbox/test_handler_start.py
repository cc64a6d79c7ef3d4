"""`serve` refuses to start what can't work, and says why at once."""

import time

import pytest

from conftest import SLOW

BAD = {
    "syntax": ("export const handler = () => {\n  let = 5 5\n}", "handler.js:2:", "expect"),
    "throw": ("\n\nthrow new Error('init failed')", "handler.js:3:", "init failed"),
    "throw 1": ("\nthrow 1", "handler.js", ": threw 1\n"),
    "throw text": ("throw 'é'.repeat(900)", "handler.js", ": threw éé"),
    "end": ("export const handler = (", "handler.js:1:25: ", "SyntaxError: unexpected end of the file\n"),
    "end of a block": ("export const handler = () => {\n", "handler.js:2:1: ", "SyntaxError: unexpected end of the file\n"),
    "reject": ("export const handler = 1\nawait Promise.reject(new Error('no'))", "handler.js:2:", "no"),
    "no handler": ("export const other = () => 1", "handler.js", "handler"),
    "no function": ("export const handler = 7", "handler.js", "handler"),
    "default without handler": ("export default {}", "handler.js", "handler"),
    "CommonJS": ("module.exports.handler = () => 1", "handler.js:1:", "export"),
    "CommonJS exports": ("exports.handler = () => 1", "handler.js:1:", "export"),
    "require": ("const a = require('a')\nexport const handler = () => a", "handler.js:1:", "import"),
    "missing import": ("import './none.js'\nexport const handler = () => 1", "handler.js", "none.js"),
    "outside import": ("import '../outside.js'\nexport const handler = () => 1", "handler.js", "outside.js"),
    "engine's module": ("import * as std from 'std'\nexport const handler = () => 1", "handler.js", "std"),
    "missing export": ("import { b } from './a.js'\nexport const handler = () => b", "handler.js:1:10: ", "'b'"),
    "never settles": ("await new Promise(() => {})\nexport const handler = () => 1", "handler.js", ""),
    "memory": ("const a = []\nfor (;;) a.push([a.length])", "handler.js:2", "memory"),
    "stack": ("const f = () => 1 + f()\nf()", "handler.js:1:", "stack"),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(isere, tmp_path, name):
    source, place, said = BAD[name]
    (tmp_path / "handler.js").write_text(source)
    (tmp_path / "a.js").write_text("export const a = 1")
    result = isere("serve", "handler.js", "--port", 0)
    assert result.returncode == 1, result
    assert result.stdout == ""
    assert place in result.stderr, result.stderr
    assert said in result.stderr, result.stderr


@pytest.mark.parametrize("code", ["for (;;);", "await new Promise(r => setTimeout(r, 60000))",
    "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)"])
def test_init_that_does_not_end(isere, tmp_path, code):
    (tmp_path / "handler.js").write_text(f"export const handler = 1\n{code}")
    start = time.monotonic()
    result = isere("serve", "handler.js", "--port", 0, "--init-timeout", "300ms")
    assert result.returncode == 1, result
    assert 0.28 <= time.monotonic() - start < 2 * SLOW
    assert "300 ms" in result.stderr, result.stderr


def test_init_may_wait(serve):
    source = """
    console.log('starting')
    const word = await new Promise(r => setTimeout(r, 200, 'ready'))
    setTimeout(() => console.log('never'), 50)
    export const handler = async () => {
      await new Promise(r => setTimeout(r, 100))
      return word
    }
    """
    server = serve(source, "--workers", 1)
    assert server.get("/").text == "ready"
    assert "starting" in server.log()
    assert "WARN" in server.log(), "dropped timers are not mentioned"
    server.stop()
    assert "never" not in server.log()
