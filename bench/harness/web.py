"""Applications in the form of the web, ours and peers' side by side: the same
file for all."""

import shutil

from harness.machine import BENCH, Broken, free_port, say
from harness.rows import row, spread
from harness.servers import Server

# By application: what it is, connections of the load, the length of an answer
# that is no JSON, and the targets.
APPS = {
    "fetch": ("`fetch` with a JSON answer", 64, None,
              {"deno": (">=", 0.95), "bun": (">=", 1.0), "node": (">=", 2.0)}),
    "hono": ("Hono, three routes and a middleware", 64, None,
             {"node": (">=", 1.0), "bun": (">=", 0.4)}),
    "stream": ("a streamed answer of 1 MB", 8, 1 << 20, {}),
}
LABELS = {"node": "Node, Hono's adapter", "bun": "Bun", "deno": "Deno"}


def prepare(folder):
    """A copy beside the packages, where their names are found."""
    place = folder / "web"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(BENCH / "web", place)
    return place


def command(contender, place, app, port):
    module = place / f"{app}.js"
    if contender.name == "ours":
        return [contender.binary, "serve", module, "--port", port,
                "--workers", 1, "--memory", "8M"]
    script = place / f"{contender.name}.mjs"
    words = [contender.program]
    if contender.name == "deno":
        words += ["run", "--allow-net", "--allow-read", "--allow-env"]
    return [*words, script, module, port]


def check(server, size):
    """Its answers are the right ones, or it is broken."""
    if size is None:
        server.expect("/")
        server.expect("/some/path")
        return
    status, _, body = server.get("/")
    if status != 200 or body != b"a" * size:
        raise Broken(f"{server.words[0]} answers with {status}, {len(body)} bytes")


def measure_app(bench, place, app, contenders):
    """{name: requests/s of each round}; all run at the same time."""
    _, connections, size, _ = APPS[app]
    servers, rates = {}, {c.name: [] for c in contenders}
    try:
        for c in contenders:
            port = free_port()
            servers[c.name] = Server(command(c, place, app, port), port, bench.cpus)
            check(servers[c.name], size)
            bench.load.wrk(servers[c.name], 1, connections=connections)
        for _ in range(bench.rounds):
            for name, server in servers.items():
                rate, _ = bench.load.wrk(
                    server, bench.seconds, connections=connections)
                rates[name].append(rate)
    finally:
        for server in servers.values():
            server.stop()
    say(f"{app}: " + ", ".join(f"{n} {r[-1]:,.0f}/s" for n, r in rates.items()))
    return rates


def rows_of(app, rates, contenders):
    what, _, _, targets = APPS[app]
    ours = rates["ours"]
    rows = [row(f"web.{app}", f"{what}, requests/s", "", spread(ours))]
    for c in contenders:
        if c.name == "ours":
            continue
        theirs = rates[c.name]
        ratios = [a / b for a, b in zip(ours, theirs)]
        label = f"{LABELS[c.name]} {c.version}".strip()
        rows.append(row(f"web.{app}.{c.name}", f"{what}, requests/s", "",
                        spread(ours), spread(theirs), label, spread(ratios),
                        targets.get(c.name)))
    return rows


def measure(bench, folder):
    place = prepare(folder)
    contenders = [c for c in bench.there if c.name in ("ours", *LABELS)]
    rows = []
    for app in APPS:
        rates = measure_app(bench, place, app, contenders)
        rows += rows_of(app, rates, contenders)
    return rows
