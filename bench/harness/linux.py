"""What `make bench` measures. Each function returns rows."""

import statistics
import time

from harness import web
from harness.machine import free_port, say
from harness.rows import exact, row, spread
from harness.servers import Server

RATE_TARGETS = {
    "node": (">=", 2.0),
    "workerd": (">=", 8.0),
    "bun": (">=", 1.05),
    "deno": (">=", 1.0),
    "nginx": (">=", 0.85),
    "none": (">=", 0.9),
    "fresh": (">=", 20),
}
IDLE = 10000
WAITING = 1000
# Of the mix of 95 % fast and 5 % slow requests: 250 us of work for each on
# average, so this keeps two cores half busy, and leaves some for the client.
MIX_RATE = 3000


class Bench:
    """The contenders and how long to look at them."""

    def __init__(self, contenders, load, cpu, rounds, seconds, folder):
        self.folder = folder  # where the packages of npm are
        self.all = {c.name: c for c in contenders}
        self.there = [c for c in contenders if not c.missing]
        self.ours = self.all.get("ours")
        self.peers = [c for c in self.there if c.name not in
                      ("ours", "none", "fresh")]
        self.load = load
        self.cpus = {cpu}
        self.cpu = cpu
        self.rounds = rounds
        self.few = min(rounds, 3)
        self.seconds = seconds
        self.rates = {}  # {name: requests/s of each round}
        self.costs = {}  # {name: microseconds of CPU a request, likewise}
        self.peak = {}  # {name: the most memory under that load}

    # ---- requests/s and memory under load ----

    def measure_rates(self, rounds=None):
        """All contenders run at the same time, and are asked in turn."""
        servers = {}
        try:
            for c in self.there:
                servers[c.name] = c.start(self.cpus)
                self.load.wrk(servers[c.name], min(1, self.seconds))
            self.rates = {name: [] for name in servers}
            self.costs = {name: [] for name in servers}
            for i in range(rounds or self.rounds):
                for name, server in servers.items():
                    self.one_rate(name, server)
                    say(f"round {i + 1}: {name} "
                        f"{self.rates[name][-1]:,.0f} requests/s")
            self.peak = {n: s.peak() / 1e6 for n, s in servers.items()}
        finally:
            for server in servers.values():
                server.stop()

    def one_rate(self, name, server):
        rate, cost = self.rate_and_cost(server)
        self.rates[name].append(rate)
        self.costs[name].append(cost)

    def rate(self):
        self.measure_rates()
        ours = self.rates.get("ours")
        rows = []
        if ours:
            rows.append(row("rate", "requests/s, one core", "", spread(ours)))
        others = [c for c in self.all.values() if c.name != "ours"]
        for c in sorted(others, key=lambda c: c.name in ("none", "fresh")):
            rows.append(self.rate_row(c, ours))
        return rows + self.cost() + self.memory()

    def rate_row(self, c, ours):
        what, target = "requests/s, one core", RATE_TARGETS[c.name]
        peer = f"{c.label} {c.version}".strip()
        if c.missing or not ours:
            return row(f"rate.{c.name}", what, "", None, None, peer,
                       target=target, missing=c.missing or "not run")
        theirs = self.rates[c.name]
        ratios = [a / b for a, b in zip(ours, theirs)]
        return row(f"rate.{c.name}", what, "", spread(ours), spread(theirs),
                   peer, spread(ratios), target)

    def cost(self):
        """What a rate means where others use the processors too."""
        ours = self.costs.get("ours")
        rows = []
        for c in self.there:
            if ours and c.name != "ours":
                theirs = self.costs[c.name]
                ratios = [a / b for a, b in zip(ours, theirs) if b]
                rows.append(row(f"cpu.{c.name}", "CPU time a request", "us",
                                spread(ours), spread(theirs), c.label,
                                spread(ratios or [0])))
        return rows

    def memory(self):
        rows = []
        if "ours" in self.peak:
            rows.append(row("rss", "peak RSS under that load", "MB",
                            exact(self.peak["ours"]), target=("<=", 5)))
            for c in self.peers:
                rows.append(row(f"rss.{c.name}", "peak RSS under that load",
                                "MB", exact(self.peak["ours"]),
                                exact(self.peak[c.name]), c.label))
        return rows

    def web(self):
        return web.measure(self, self.folder)

    # ---- from start to the first answer ----

    def start(self):
        starts = 21 if self.rounds >= 5 else 4 * self.rounds + 1
        contenders = [c for c in self.there if c.name not in ("none", "fresh")]
        times = {c.name: [] for c in contenders}
        cpu = {c.name: [] for c in contenders}
        for _ in range(starts):
            for c in contenders:
                both = self.load.start(c, free_port(), self.cpu)
                times[c.name].append(both[0])
                cpu[c.name].append(both[1])
        say(f"{starts} starts each")
        if "ours" not in times:
            return []
        what = "process start to first answer"
        rows = [row("start", what, "ms", spread(times["ours"]),
                    target=("<=", 4))]
        rows += self.start_rows("start", what, times)
        return rows + self.start_rows("start.cpu", f"{what}, CPU time", cpu)

    def start_rows(self, ident, what, times):
        rows = []
        for c in self.peers:
            ratios = [a / b for a, b in zip(times["ours"], times[c.name])]
            target = ("<=", 1) if (ident, c.name) == ("start", "bun") else None
            rows.append(row(f"{ident}.{c.name}", what, "ms",
                            spread(times["ours"]), spread(times[c.name]),
                            c.label, spread(ratios), target))
        return rows

    # ---- two workers ----

    def workers(self):
        """CPU time for a request with one and with two workers; both share
        both cores with the load generator."""
        cost = {1: [], 2: []}
        for _ in range(self.rounds):
            for workers in cost:
                cost[workers].append(self.cost_of_request(workers))
        ratios = [2 * a / b for a, b in zip(cost[1], cost[2])]
        say(f"CPU time of a request: {statistics.median(cost[1]):.2f} us with "
            f"one worker, {statistics.median(cost[2]):.2f} us with two")
        return [
            row("workers.cost", "CPU time a request, two workers", "us",
                spread(cost[2]), spread(cost[1]), "one worker"),
            row("workers", "capacity of two workers by CPU time", "× one worker",
                spread(ratios), target=(">=", 1.6)),
        ]

    def cost_of_request(self, workers):
        server = self.start_ours(workers=workers, cpus=None)
        with server:
            self.load.wrk(server, min(1, self.seconds), pinned=False)
            before = server.cpu_seconds()
            count = self.load.wrk(server, self.seconds, pinned=False)[1]
            return (server.cpu_seconds() - before) / count * 1e6

    def start_ours(self, module="handler.js", workers=1, options=(), cpus="own"):
        port = free_port()
        words = self.ours.command(port, module, workers, options)
        server = Server(words, port, self.cpus if cpus == "own" else cpus)
        server.expect("/")
        return server

    # ---- latency at half load ----

    def latency(self):
        if not self.rates:
            self.measure_rates(1)
        contenders = [c for c in self.there if c.name in self.rates and
                      c.name not in ("none", "fresh")]
        seconds = min(self.seconds, 2)
        p99 = {c.name: [] for c in contenders}
        servers = {}
        try:
            for c in contenders:
                servers[c.name] = c.start(self.cpus)
                self.load.wrk(servers[c.name], min(1, self.seconds))
            for i in range(self.rounds):
                for name, server in servers.items():
                    half = statistics.median(self.rates[name]) / 2
                    result = self.load.paced(server, half, seconds)
                    p99[name].append(result["all"]["p99_us"])
                say(f"round {i + 1} of latencies")
        finally:
            for server in servers.values():
                server.stop()
        return self.latency_rows(p99)

    def latency_rows(self, p99):
        what = "p99 at half of its peak rate"
        ours = p99.get("ours")
        if not ours:
            return []
        others = [c for c in self.peers if c.name != "nginx"]
        rows = [row(f"latency.{c.name}", what, "us", spread(ours),
                    spread(p99[c.name]), c.label) for c in self.peers]
        if others:
            best = min(others, key=lambda c: statistics.median(p99[c.name]))
            ratios = [a / b for a, b in zip(ours, p99[best.name])]
            rows.append(row("latency", what, "us", spread(ours),
                            spread(p99[best.name]), f"the best, {best.label}",
                            spread(ratios), ("<=", 1)))
        else:
            rows.append(row("latency", what, "us", spread(ours)))
        return rows

    # ---- many connections, many waiting requests ----

    def idle(self, limit):
        count = min(IDLE, limit - 500)
        options = ["--max-connections", count + 200, "--idle-timeout", "10m"]
        each, ratios, costs = [], [], []
        for _ in range(self.few):
            with self.start_ours(options=options) as server:
                self.load.wrk(server, min(1, self.seconds))
                alone = self.rate_and_cost(server)
                before = server.resident()
                with self.load.hold(server, count):
                    each.append((server.resident() - before) / count)
                    among = self.rate_and_cost(server)
                ratios.append(among[0] / alone[0])
                costs.append(among[1] / alone[1])
            say(f"{count} idle connections: {each[-1]:.0f} bytes each, rate "
                f"{ratios[-1]:.2f} of that without")
        what = f"{count:,} idle keep-alive connections"
        return [
            row("idle.memory", f"{what}, memory each", "bytes", spread(each),
                target=("<=", 2048)),
            row("idle.rate", f"{what}, rate of 64 busy ones", "× without",
                spread(ratios), target=(">=", 0.9)),
            row("idle.cpu", f"{what}, CPU time a request", "× without",
                spread(costs)),
        ]

    def rate_and_cost(self, server):
        """Requests/s, and microseconds of CPU time a request."""
        before = server.cpu_seconds()
        rate, count = self.load.wrk(server, self.seconds)
        return rate, (server.cpu_seconds() - before) / count * 1e6

    def waiting(self):
        seconds, each = [], []
        for _ in range(self.few):
            with self.start_ours("wait.js") as server:
                before = server.resident()
                seconds.append(self.load.burst(server, WAITING))
                used = server.peak() - before
                each.append(used / WAITING / 1000)
            say(f"{WAITING} waiting: done in {seconds[-1]:.2f} s")
        what = f"{WAITING:,} requests awaiting a 1 s timer"
        return [
            row("waiting.time", f"{what}, all done", "s", spread(seconds),
                target=("<=", 1.5)),
            row("waiting.memory", f"{what}, memory each", "KB", spread(each),
                target=("<=", 200)),
        ]

    def tail(self):
        """95 % fast and 5 % slow requests, two workers, both cores shared."""
        fast, every = [], []
        for _ in range(self.few):
            with self.start_ours("mix.js", 2, cpus=None) as server:
                time.sleep(0.1)
                more = ["--second", "/slow", "--every", 20]
                result = self.load.paced(
                    server, MIX_RATE, max(1, self.seconds), False, more
                )
                fast.append(result["paths"][0]["p99_us"] / 1000)
                every.append(result["all"]["p99_us"] / 1000)
            say(f"mix: p99 of the fast {fast[-1]:.2f} ms")
        what = "95 % fast, 5 % slow (5 ms), two workers: p99"
        return [
            row("tail.fast", f"{what} of the fast", "ms", spread(fast)),
            row("tail.all", f"{what} of all", "ms", spread(every)),
        ]
