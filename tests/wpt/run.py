#!/usr/bin/env python3
"""Runs web-platform-tests in handlers.

    tests/wpt/run.py ISERE WPT [--verbose] [AREA...]

ISERE is the program, WPT a checkout of web-platform-tests. Each .any.js file of
an area runs in a heap of its own, as a handler of `isere invoke`, with the
checkout's own testharness.js. Prints how many subtests pass, by area, and with
--verbose those that do not. Exits 1 when an area has less than its aim.

What a handler can't have is not counted: tests of the interfaces' descriptions
(idlharness), of windows, workers and files that a server makes.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# Area: folders or files, and the aim in percent. docs/web.md says what fails, and
# why.
AREAS = {
    "abort": (["dom/abort"], 97),
    "blob": (["FileAPI/blob", "FileAPI/file"], 97),
    "compression": (["compression"], 97),
    "encoding": (["encoding"], 97),
    "events": (["dom/events"], 97),
    "exceptions": (["webidl/ecmascript-binding/es-exceptions"], 0),
    "formdata": (["xhr/formdata"], 97),
    "headers": (["fetch/api/headers"], 97),
    "request": (["fetch/api/request"], 97),
    "response": (["fetch/api/response", "fetch/api/body"], 97),
    "streams": (["streams"], 95),
    "structured clone": (["html/webappapis/structured-clone"], 97),
    "time": (["hr-time"], 0),
    "timers": (["html/webappapis/timers", "html/webappapis/microtask-queuing"], 93),
    "url": (["url"], 97),
    "urlpattern": (["urlpattern"], 97),
}
# Files that test what no handler has, and why.
LEFT_OUT = [
    (r"idlharness", "descriptions of interfaces"),
    (r"/legacy-mb|iso-2022-jp|single-byte|replacement-encodings|api-replacement", "encodings other than UTF-8 and UTF-16"),
    (r"textdecoder-labels|unsupported-encodings|textencoder-constructor-non-utf", "encodings other than UTF-8 and UTF-16"),
    (r"transferable", "transferring streams"),
    (r"send-file|Worker-read|url_xmlhttprequest|FileAPI/url", "blob: addresses and forms"),
    (r"shadow-realm|shadowrealm", "shadow realms"),
    (r"\.https\.any", "the same as without https"),
    (r"global-realm|cross-realm|crashtests", "more than one realm"),
    (r"evil-spec-example|owning-type", "source code as a callback; proposals"),
    (r"webtransport|event-global|cache|navigation", "windows"),
    (r"headers-no-cors|request-bad-port|keepalive|forbidden-method|destination|multi-globals|request-error", "what a browser forbids or a server makes"),
]
# Subtests that test what no handler has, or what the engine's ECMAScript has not:
# array buffers that can be resized.
SUBTESTS = re.compile(
    r"SharedArrayBuffer|WebAssembly|ImageBitmap|ImageData|DOMMatrix|DOMPoint|DOMQuad|DOMRect"
    r"|FileList|OffscreenCanvas|ArrayBuffer resizable|FileReader|document\b|\biframe\b"
    r"|Adding invalid (?:no-cors )?request header|constructor is filtering headers"
    r"|XMLHttpRequest|\bfetch\(|body source: fetch|forbidden response header"
    r"|growable|shared Uint8Array|RTCCertificate|[Rr]esizable|Length-tracking|\bOOB\b|removing a null event listener"
)
# What HANDLER's fetch says of what a test server makes.
NO_FILE = "no such file here: "

HANDLER = """
const scripts = %s
const files = %s
const search = %s
globalThis.GLOBAL = { isWindow: () => false, isWorker: () => false, isShadowRealm: () => false }
globalThis.location = { href: 'http://web-platform.test/' + search, search, origin: 'http://web-platform.test', pathname: '/' }
globalThis.fetch = async (name) => {
  const text = files[String(name).replace(/^.*\\//, '')]
  if (text === undefined) throw new TypeError('no such file here: ' + name)
  return new Response(text)
}
// Tests name what is beside their page, and a handler has no page.
const NativeRequest = Request
const whole = (url) => (url instanceof NativeRequest ? url : new URL(url, location.href).href)
globalThis.Request = new Proxy(Request, {
  construct: (target, [input, ...rest], made) => Reflect.construct(target, [whole(input), ...rest], made),
})
Response.redirect = new Proxy(Response.redirect, {
  apply: (target, self, [url, ...rest]) => Reflect.apply(target, self, [whole(url), ...rest]),
})
// What tests use to look at a Blob, where that is not what they test.
const read = async (reader, promise) => {
  reader.result = await promise
  reader.onload?.({ target: reader })
  reader.onloadend?.({ target: reader })
}
globalThis.FileReader ??= class {
  addEventListener(type, listener) { this[`on${type}`] = listener }
  readAsText(blob) { read(this, blob.text()) }
  readAsArrayBuffer(blob) { read(this, blob.arrayBuffer()) }
}
export const handler = () => new Promise((resolve) => {
  globalThis.finished = (tests, harness) => resolve({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      status: harness.status, message: harness.message,
      tests: tests.map((t) => ({ name: t.name, status: t.status, message: t.message })),
    }),
  });
  (0, eval)(scripts)
})
"""
SETTINGS = """
setup({ explicit_timeout: false, timeout_multiplier: 2 });
add_completion_callback(finished);
"""


def left_out(name):
    return any(re.search(pattern, name) for pattern, _ in LEFT_OUT)


def files_of(wpt, places):
    for place in places:
        for path in sorted((wpt / place).rglob("*.any.js")):
            name = path.relative_to(wpt).as_posix()
            if not left_out(name):
                yield name


def metas(text, key):
    return re.findall(rf"^// META: {key}=(.*?)\s*$", text, re.M)


def applies(text):
    """Whether a file is for a global scope without a document."""
    scopes = ",".join(metas(text, "global"))
    return not scopes or any(s in scopes for s in ("worker", "dedicatedworker", "shadowrealm", "*"))


def parts_of(wpt, name):
    text = (wpt / name).read_text("utf-8")
    parts = [(wpt / "resources/testharness.js").read_text("utf-8"), SETTINGS]
    for script in metas(text, "script"):
        path = wpt / script.lstrip("/") if script.startswith("/") else wpt / pathlib.PurePosixPath(name).parent / script
        parts.append(path.resolve().read_text("utf-8"))
    parts.append(text)
    return "\n;\n".join(parts), metas(text, "variant") or [""], text


def data_of(wpt, name):
    """JSON files that a test may fetch."""
    folder = (wpt / name).parent
    found = {}
    for place in (folder / "resources", folder):
        for path in place.glob("*.json") if place.is_dir() else []:
            found[path.name] = path.read_text("utf-8", errors="replace")
    return found


def run_one(isere, wpt, name, variant):
    scripts, _, _ = parts_of(wpt, name)
    with tempfile.TemporaryDirectory() as folder:
        main = os.path.join(folder, "main.js")
        with open(main, "w", encoding="utf-8") as f:
            f.write(HANDLER % (json.dumps(scripts), json.dumps(data_of(wpt, name)), json.dumps(variant)))
        try:
            done = subprocess.run(
                [isere, "invoke", main, "--memory", "256M", "--timeout", "120s", "--stack", "4M"],
                capture_output=True, timeout=150,
            )
        except subprocess.TimeoutExpired:
            return name, None, "did not end"
    try:
        answer = json.loads(done.stdout)
        return name, json.loads(answer["body"])["tests"], None
    except (ValueError, KeyError):
        return name, None, (done.stderr.decode("utf-8", "replace") + done.stdout.decode("utf-8", "replace"))[-600:]


def main():
    words = [w for w in sys.argv[1:] if w != "--verbose"]
    verbose = len(words) != len(sys.argv) - 1
    if len(words) < 2:
        sys.exit(__doc__)
    isere, wpt, *only = words
    wpt = pathlib.Path(wpt)
    if not (wpt / "resources/testharness.js").is_file():
        sys.exit(f"wpt: {wpt or 'WPT='} is no checkout of web-platform-tests: make test-wpt WPT=DIR")
    short = False
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        print(f"{'area':18} {'pass':>6} {'of':>6} {'%':>7}  aim")
        for area, (places, aim) in AREAS.items():
            if only and area not in only:
                continue
            jobs = []
            for name in files_of(wpt, places):
                _, variants, text = parts_of(wpt, name)
                if applies(text):
                    jobs += [pool.submit(run_one, isere, wpt, name, v) for v in variants]
            passed = counted = 0
            for job in jobs:
                name, tests, problem = job.result()
                if tests is None:
                    counted += 1
                    print(f"  {name}: {problem}")
                    continue
                for test in tests:
                    if SUBTESTS.search(test["name"]) or NO_FILE in (test["message"] or ""):
                        continue
                    counted += 1
                    passed += test["status"] == 0
                    if verbose and test["status"] != 0:
                        print(f"  {name}: {test['name']}: {(test['message'] or 'not run')[:160]}")
            share = 100 * passed / counted if counted else 100.0
            short |= share < aim
            print(f"{area:18} {passed:6} {counted:6} {share:6.2f}%  {aim or '-'}", flush=True)
    sys.exit(short)


if __name__ == "__main__":
    main()
