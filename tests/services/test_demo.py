"""The demo, as a newcomer runs it: it shows frames becoming rows, and leaves no process behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITHIN = 90  # seconds


class Demo:
    """A running demo; what it prints is read line by line."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "demo", *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def read_until(self, pattern: str) -> str:
        """Return the text up to the line that matches."""
        assert self.process.stdout is not None
        text = ""
        for line in self.process.stdout:
            text += line
            if re.search(pattern, line):
                return text
        raise AssertionError(f"the demo ended without {pattern!r}: {text}")

    def rest(self) -> str:
        assert self.process.stdout is not None
        with self.process.stdout:
            text = self.process.stdout.read()
        self.process.wait(WITHIN)
        return text


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    assert children_in(tmp_path) == {}, "the demo left processes behind"


def children_in(folder: Path) -> dict[int, str]:
    """Return the processes whose command or working directory names the folder."""
    found = {}
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                directory = os.readlink(process / "cwd")
            except OSError:
                continue  # it has ended, or is not ours
            if str(folder) in command or directory.startswith(str(folder)):
                found[int(process.name)] = command
    return found


def program(folder: Path, words: str) -> int:
    (number,) = (number for number, command in children_in(folder).items() if words in command)
    return number


def test_ends_by_itself_with_every_frame_a_row_and_goes_on_with_its_data(folder: Path, programs: None) -> None:
    for _ in range(2):
        demo = Demo(folder, "--seconds", "4")
        text = demo.rest()
        assert demo.process.returncode == 0, text
        decoded, rows = map(int, re.findall(r"(\d+) frames decoded, (\d+) rows committed", text)[0])
        assert decoded == rows > 0
        assert re.search(r"mosquitto_sub -h 127\.0\.0\.1 -p \d+ -v -t 'teleinfo/#'", text)
        assert re.search(r"mariadb --defaults-file=.demo/mariadb.cnf -P \d+ -e 'SELECT", text)
        assert re.search(r"\d\d:\d\d:\d\d +\d+ VA +HC|HP .* kWh  decoded \d+  stored \d+  byte to row \d+ ms", text)


def test_ctrl_c_ends_it_in_order(folder: Path, programs: None) -> None:
    demo = Demo(folder, "--kind", "historic-three-phase-hchp")
    demo.read_until(r"decoded \d+")
    demo.process.send_signal(signal.SIGINT)
    text = demo.rest()
    assert demo.process.returncode == 0, text
    assert "Traceback" not in text


def test_a_crash_of_a_part_ends_it_with_its_last_words(folder: Path, programs: None) -> None:
    demo = Demo(folder)
    demo.read_until(r"decoded \d+")
    os.kill(program(folder, "storer run"), signal.SIGKILL)
    text = demo.rest()
    assert demo.process.returncode == 1
    assert "demo: the storer ended with -9:" in text
    assert "Traceback" not in text


def test_a_kill_of_the_demo_itself_leaves_nothing(folder: Path, programs: None) -> None:
    demo = Demo(folder)
    demo.read_until(r"decoded \d+")
    demo.process.kill()
    demo.rest()
    deadline = time.monotonic() + WITHIN
    while children_in(folder) and time.monotonic() < deadline:
        os.sched_yield()  # the kernel ends them now; the fixture says which are left


def test_a_kind_that_does_not_exist_is_said_in_a_line(folder: Path, programs: None) -> None:
    demo = Demo(folder, "--kind", "standard-single-phase-temop")
    text = demo.rest()
    assert demo.process.returncode == 1
    assert "standard-single-phase-tempo" in text.splitlines()[-1]
    assert "Traceback" not in text
