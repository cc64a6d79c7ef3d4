"""What a start costs. Counts are exact: no time is measured."""

from boot_cost import count
from conftest import get_target
from device import compile_handler

# 1.2 million, and at the first start 2.5 for looking whether all of the 1 MB of
# flash for functions is erased, which is when it is formatted.
LIMIT = 1_200_000 + 2_500_000


def test_instructions_until_it_listens(request, tmp_path):
    target = get_target(request.config, "mps2")
    code = compile_handler("export const handler = () => 'hi'", tmp_path)
    functions = count(
        target.elf, "isere_server_run", target.loader(code)
    )
    total = sum(functions.values())
    print(f"{total} instructions from reset until it listens, most of them in")
    for name, n in functions.most_common(20):
        print(f"{n:8} {name}")
    target.report.append(f"{total} instructions from reset until it listens")
    assert total < LIMIT
