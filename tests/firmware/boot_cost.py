"""Instructions from reset until the firmware listens, one by one.

QEMU writes down every instruction that it executes. While the processor
sleeps there are none.
"""

import collections
import subprocess


def count(elf, until, more=(), patience=180):
    """How many instructions each function executes from reset until the one
    named `until` is entered."""
    words = ["timeout", str(patience), "qemu-system-arm", "-M", "mps2-an521"]
    words += ["-display", "none", "-monitor", "none", "-serial", "null"]
    words += ["-nic", "user,model=lan9118,restrict=on", "-kernel", str(elf)]
    words += ["-icount", "shift=0", "-singlestep", "-d", "exec,nochain"]
    words += ["-D", "/dev/stderr", *more]
    qemu = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    functions = collections.Counter()
    try:
        for line in qemu.stderr:
            # Trace 0: 0x7f... [00800452/10012c40/00000150/ff020201] name
            if line.startswith(b"Trace"):
                name = line.rpartition(b"] ")[2].strip().decode()
                if name == until:
                    return functions
                functions[name] += 1
    finally:
        qemu.terminate()  # `timeout` passes it on
        qemu.stderr.close()
        qemu.wait()
    raise AssertionError(f"{until} was never reached: {functions}")
