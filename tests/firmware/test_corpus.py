"""Every case of tests/corpus, on every target."""

import pytest

from corpus import CASES, run_case, unsupported


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(boot, case):
    if missing := unsupported(case):
        pytest.skip(f"a device can't be given {' '.join(missing)}")
    run_case(boot, case)
