"""How deep every stack of the firmware was ever used, in all tests before this
one: conftest.py puts it last."""

from conftest import get_target

# What must be left: a fifth of the stack, or this many bytes.
LEFT = 512


def test_stacks_have_room(request):
    target = get_target(request.config, "mps2")
    assert target.stacks, "no device was booted before"
    short = []
    for name, (used, size) in sorted(target.stacks.items()):
        line = f"stack {name:20} {used:6} of {size:6} bytes used"
        target.report.append(line)
        if size - used < min(LEFT, size // 5):
            short.append(line)
    assert not short, "\n".join(short)
