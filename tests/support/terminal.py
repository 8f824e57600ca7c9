"""Runs watch on a terminal of its own."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

from tests.support.programs import ENVIRONMENT, ROOT, command_line

WITHIN = 180  # seconds


def on_terminal(*arguments: str | Path, until: str, keys: bytes = b"q", path: str = "") -> tuple[int, str]:
    """Run watch on a terminal until it has shown a text, and press keys; return how it ended and what was shown."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 100, 0, 0))
    before, shown = termios.tcgetattr(slave), ""
    environment = ENVIRONMENT | {"TERM": "xterm-256color"} | ({"PYTHONPATH": f"{path}:{ROOT}"} if path else {})
    with subprocess.Popen(
        command_line("reader", "watch", *arguments),
        env={name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as watch:
        deadline, pressed = time.monotonic() + WITHIN, False
        while select.select([master], [], [], 0.1)[0] or watch.poll() is None:
            assert time.monotonic() < deadline, shown
            if select.select([master], [], [], 0)[0]:
                shown += os.read(master, 65_536).decode(errors="replace")
            if not pressed and until in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown):
                os.write(master, keys)
                pressed = True
    assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)
    return watch.returncode, shown
