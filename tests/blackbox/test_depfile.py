"""isere build --depfile: what a build system must watch."""


def test_every_file_that_was_read_is_named(isere, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "handler.js").write_text(
        "import { a } from './lib/a.js'\nexport const handler = () => a\n"
    )
    (tmp_path / "lib/a.js").write_text("export { b as a } from './b.js'\n")
    (tmp_path / "lib/b.js").write_text("export const b = 1\n")
    (tmp_path / "lib/unused.js").write_text("export const c = 1\n")
    done = isere("build", "handler.js", "-o", "h.bin", "--depfile", "h.d")
    assert done.returncode == 0, done.stderr
    target, _, files = (tmp_path / "h.d").read_text().strip().partition(": ")
    assert target == "h.bin"
    assert set(files.split()) == {"handler.js", "lib/a.js", "lib/b.js"}


def test_special_characters_are_escaped(isere, tmp_path):
    (tmp_path / "my $h.js").write_text("export const handler = () => 1\n")
    done = isere("build", "my $h.js", "-o", "h", "--depfile", "d")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "d").read_text() == "h: my\\ $$h.js\n"


def test_a_depfile_that_cannot_be_written_fails(isere, tmp_path):
    (tmp_path / "h.js").write_text("export const handler = () => 1\n")
    done = isere("build", "h.js", "-o", "h", "--depfile", "no/d")
    assert done.returncode == 1
    assert "cannot write no/d" in done.stderr
