"""Metrics of a running function stored, as Prometheus reads them."""

import re
import subprocess
import threading

HELLO = """export const handler = async (event) => {
  if (event.query) throw new Error("asked for");
  return "hi";
}"""

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? ([0-9.]+)$')
# The names that docs/api.md promises.
NAMES = """
isere_info isere_uptime_seconds isere_connections isere_functions
isere_buffer_bytes isere_buffer_limit_bytes isere_buffer_refusals_total
isere_deploys_total isere_log_lines_total isere_log_lines_lost_total
isere_restarts_total isere_images_made_total
isere_requests_total isere_errors_total isere_request_duration_seconds
isere_instances isere_instance_hits_total isere_instance_starts_total
isere_instance_restarts_total isere_instance_loads_total
isere_restored_bytes_total isere_heap_used_bytes
isere_heap_peak_bytes
isere_heap_limit_bytes isere_queue_length isere_crashes_total isere_quarantined
""".split()


def scrape(server):
    status, headers, body = server.api("GET", "/_isere/metrics")
    assert status == 200, body
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return body.decode()


def promtool(text):
    """Says nothing when Prometheus would take the text without a word."""
    result = subprocess.run(
        ["promtool", "check", "metrics"],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return result.returncode, result.stdout + result.stderr


def samples(text):
    """{(name, labels): value}; a series that is there twice is an error."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            assert (name, labels) not in found, line
            found[name, labels] = float(value)
    return found


def test_promtool_refuses_what_is_wrong():
    good = "# HELP a_total A.\n# TYPE a_total counter\na_total 1\n"
    assert promtool(good) == (0, "")
    assert promtool(good.replace("a_total", "a"))[0] != 0
    assert promtool("a_total{ 1\n")[0] != 0


def test_promtool_accepts_metrics(stored):
    server = stored()
    assert promtool(scrape(server)) == (0, "")
    server.deploy("hello", HELLO)
    server.deploy("a-name-of-32-bytes--the-longest-", HELLO.replace("hi", "a"))
    assert server.get("/hello").status == 200
    assert server.get("/hello?fail").status == 500
    text = scrape(server)
    assert promtool(text) == (0, "")
    assert re.findall(r"^# TYPE (\S+)", text, re.M) == NAMES


def test_requests_are_counted(stored):
    server = stored("--memory", "4M")
    server.deploy("hello", HELLO)
    for _ in range(5):
        assert server.get("/hello").status == 200
    assert server.get("/hello?fail").status == 500
    got = samples(scrape(server))
    hello = 'function="hello"'
    assert got["isere_functions", None] == 1
    assert got["isere_deploys_total", 'result="ok"'] == 1
    assert got["isere_deploys_total", 'result="failed"'] == 0
    assert got["isere_requests_total", hello] == 6
    assert got["isere_errors_total", f'{hello},kind="exception"'] == 1
    assert got["isere_errors_total", f'{hello},kind="timeout"'] == 0
    duration = "isere_request_duration_seconds"
    assert got[f"{duration}_count", hello] == 6
    assert got[f"{duration}_bucket", f'{hello},le="+Inf"'] == 6
    assert 0 < got[f"{duration}_sum", hello] < 10
    assert got["isere_heap_limit_bytes", hello] == 4 << 20
    assert 0 < got["isere_heap_used_bytes", hello]
    assert (
        got["isere_heap_used_bytes", hello]
        <= got["isere_heap_peak_bytes", hello]
        <= 4 << 20
    )
    assert got["isere_instances", hello] >= 1
    assert got["isere_queue_length", hello] == 0
    assert got["isere_connections", None] >= 1
    # A failed deploy is counted, too.
    status, _, _ = server.api(
        "PUT",
        "/_isere/v1/functions/broken",
        "export const handler = ;",
        {"Content-Type": "text/javascript"},
    )
    assert status == 400
    got = samples(scrape(server))
    assert got["isere_deploys_total", 'result="failed"'] == 1
    assert got["isere_functions", None] == 1


def test_metrics_under_load(stored):
    """Counters never go back, and each scrape is whole while functions come
    and go."""
    server = stored()
    server.deploy("steady", HELLO)
    stop = threading.Event()
    failures = []

    def ask():
        while not stop.is_set():
            answer = server.get("/steady")
            if answer.status != 200:
                failures.append(answer.status)

    def change():
        while not stop.is_set():
            for i in range(4):
                server.deploy(f"f{i}", HELLO)
            for i in range(4):
                server.api("DELETE", f"/_isere/v1/functions/f{i}")

    threads = [threading.Thread(target=f) for f in (ask, ask, change)]
    for thread in threads:
        thread.start()
    try:
        before = {}
        for i in range(50):
            text = scrape(server)
            got = samples(text)
            if i % 10 == 0:
                assert promtool(text) == (0, "")
            for series, value in got.items():
                if re.search("_(total|count|sum|bucket)$", series[0]) and (
                    'function="f' not in (series[1] or "")
                ):
                    assert value >= before.get(series, 0), series
            before = got
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures
    last = samples(scrape(server))
    steady = 'function="steady"'
    assert last["isere_requests_total", steady] > 0
