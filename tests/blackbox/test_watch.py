"""--watch where folders come and go; the rest of it is in test_cli.py."""

import shutil
import time

from conftest import SLOW

MAIN = "import { t } from './lib/t.js'\nexport const handler = () => t\n"


def part(text):
    return f"export const t = '{text}'\n"


def until(server, text, patience=5):
    """Asks until the answer is `text`."""
    end = time.monotonic() + patience * SLOW
    while (found := server.get().text) != text:
        assert time.monotonic() < end, (found, server.log())
        time.sleep(0.02)


def test_folder_of_an_import_is_replaced(serve):
    """As a checkout of another branch does it."""
    server = serve({"handler.js": MAIN, "lib/t.js": part("one")}, "--watch")
    lib = server.module.parent / "lib"
    shutil.rmtree(lib)
    server.wait_log("not reloaded")
    lib.mkdir()
    (lib / "t.js").write_text(part("two"))
    until(server, "two")
    lib.rename(lib.with_name("old"))
    server.wait_log("not reloaded", count=2)
    shutil.copytree(lib.with_name("old"), lib)
    (lib / "t.js").write_text(part("three"))
    until(server, "three")
    # The one that was moved away is nobody's business any more.
    (lib / "t.js").write_text(part("four"))
    until(server, "four")
    assert server.stop() == 0


def test_folder_of_the_main_module_is_replaced(serve):
    """As a build does it that clears its output first."""
    server = serve(
        {"dist/handler.js": MAIN, "dist/lib/t.js": part("one")}, "--watch"
    )
    dist = server.module.parent
    for count, text in enumerate(["two", "three"], 1):
        shutil.rmtree(dist)
        server.wait_log("not reloaded", count=count)
        (dist / "lib").mkdir(parents=True)
        (dist / "handler.js").write_text(MAIN)
        (dist / "lib" / "t.js").write_text(part(text))
        until(server, text)
    assert server.stop() == 0


def test_import_from_a_folder_that_is_made_later(serve):
    server = serve({"handler.js": "export const handler = () => 0"}, "--watch")
    server.module.write_text(MAIN.replace("./lib/", "./new/lib/"))
    server.wait_log("not reloaded")
    assert server.get().text == "0"
    new = server.module.parent / "new"
    new.mkdir()
    time.sleep(0.1)  # beyond the quiet after a change
    (new / "lib").mkdir()
    time.sleep(0.1)
    (new / "lib" / "t.js").write_text(part("one"))
    until(server, "one")
    assert server.stop() == 0


def test_links_lead_to_what_changes(serve):
    files = {"handler.js": MAIN, "lib/t.js": part("zero"),
             "away/main.js": MAIN, "away/t.js": part("one")}
    server = serve(files, "--watch")
    away = server.module.parent / "away"
    for link, target in ((server.module, "main.js"),
                         (server.module.parent / "lib" / "t.js", "t.js")):
        link.unlink()
        link.symlink_to(away / target)
    until(server, "one")
    (away / "t.js").write_text(part("two"))
    until(server, "two")
    # As many editors save.
    (away / "new").write_text(part("three"))
    (away / "new").rename(away / "t.js")
    until(server, "three")
    (away / "t.js").write_text(part("four"))
    until(server, "four")
    (away / "main.js").write_text("export const handler = () => 'five'")
    until(server, "five")
    assert server.stop() == 0


def test_the_old_version_answers_while_the_new_one_begins(serve):
    begins = (
        "console.log('the new one begins')\n"
        f"await new Promise((done) => setTimeout(done, {int(2000 * SLOW)}))\n"
        "export const handler = () => 'two'\n"
    )
    server = serve(
        {"handler.js": "export const handler = () => 'one'"},
        "--watch",
        "--init-timeout",
        f"{int(20 * SLOW)}s",
    )
    server.module.write_text(begins)
    server.wait_log("the new one begins")
    assert server.get().text == "one"
    until(server, "two", patience=20)
    assert server.stop() == 0
