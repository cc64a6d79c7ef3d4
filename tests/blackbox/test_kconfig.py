"""Every limit of the core is an option of the firmware, and says what it is."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMITS = re.findall(
    r"^#ifndef (ISERE_(?!CORE)\w+)$",
    (ROOT / "core/isere_config.h").read_text(),
    re.MULTILINE,
)
FILES = ("Kconfig", "Kconfig.net")
# {option: its text}
OPTIONS = {
    name: text
    for file in FILES
    for name, text in re.findall(
        r"^config (ISERE_\w+)\n((?:[ \t]+.*\n|\n)*)",
        (ROOT / "ports/zephyr" / file).read_text(),
        re.MULTILINE,
    )
}
NUMBERS = [n for n, text in OPTIONS.items() if re.search(r"^\s+int ", text)]


@pytest.mark.parametrize("limit", LIMITS)
def test_every_limit_is_mapped(limit):
    header = (ROOT / "ports/zephyr/isere_config_zephyr.h").read_text()
    assert re.search(rf"#define {limit} .*(CONFIG_\w+|[01]$)", header, re.MULTILINE)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_has_help(option):
    symbol_of_a_choice = option.startswith("ISERE_PAYLOAD_")
    assert symbol_of_a_choice or re.search(
        r"^\s+help\n\s+\S", OPTIONS[option], re.MULTILINE
    )


@pytest.mark.parametrize("option", NUMBERS)
def test_every_number_has_unit_and_range(option):
    text = OPTIONS[option]
    assert re.search(r"^\s+range \d+ \d+$", text, re.MULTILINE)
    prompt = re.search(r'^\s+int "(.*)"', text, re.MULTILINE)[1]
    unit = {"MS": "in ms"}.get(option.rsplit("_", 1)[1])
    assert not unit or prompt.endswith(unit)
