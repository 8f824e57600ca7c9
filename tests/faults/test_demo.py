"""The demo, as a newcomer runs it: it shows frames becoming rows, and leaves no process behind."""

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.settings.config import load
from demo.servers import free_port
from monitor.base.config import MonitorConfig
from tests.support.programs import wait_until
from tests.support.servers import Database

ROOT = Path(__file__).parents[2]
WITHIN = 90  # seconds
START_UP = 60  # seconds in which a demo that starts has ended; without an interruption it would wait for more


_started: "list[subprocess.Popen[bytes]]" = []


class Demo:
    """A running demo; what it prints is read line by line."""

    def __init__(self, folder: Path, *arguments: str, history: bool = False) -> None:
        self.page_port = free_port()  # not the usual one: another program may take that before the page does
        options = ["--page-port", str(self.page_port)]
        if not history:
            options.append("--no-history")
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "demo", *options, *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,  # what is buffered would not be seen by select
        )
        _started.append(self.process)

    def read_until(self, pattern: str) -> str:
        """Return the text up to the line that matches."""
        assert self.process.stdout is not None
        text, deadline = "", time.monotonic() + WITHIN
        while time.monotonic() < deadline:
            if not select.select([self.process.stdout], [], [], 0.5)[0]:
                continue
            line = self.process.stdout.readline().decode()
            if not line:
                raise AssertionError(f"the demo ended without {pattern!r}: {text}")
            text += line
            if re.search(pattern, line):
                return text
        raise AssertionError(f"no {pattern!r} in {WITHIN} s: {text}")

    def rest(self) -> str:
        assert self.process.stdout is not None
        with self.process.stdout:
            text = self.process.stdout.read().decode()
        self.process.wait(WITHIN)
        return text


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for process in _started:
        process.kill()  # of a test that has failed
        process.wait()
        if process.stdout:
            process.stdout.close()
    _started.clear()
    # What it has killed may still be ending.
    wait_until(lambda: children_in(tmp_path) == {}, WITHIN, "nothing that the demo started is left")


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


def test_ends_by_itself_with_every_frame_a_row_and_goes_on_with_its_data(folder: Path) -> None:
    line = r"\d\d:\d\d:\d\d +\d+ VA +(HC|HP) .* kWh  decoded \d+  stored \d+  byte to row \d+ ms"
    for arguments in ((), ("--seconds", "4")):
        demo = Demo(folder, *arguments)
        text = ""
        if not arguments:
            text = demo.read_until(line)
            demo.process.send_signal(signal.SIGINT)
        text += demo.rest()
        assert demo.process.returncode == 0, text
        decoded, rows = map(int, re.findall(r"(\d+) frames? decoded, (\d+) rows? committed", text)[0])
        assert decoded == rows > 0
        assert re.search(r"mosquitto_sub -h 127\.0\.0\.1 -p \d+ -v -t 'teleinfo/#'", text)


def test_a_crash_of_a_part_ends_it_with_its_last_words(folder: Path) -> None:
    demo = Demo(folder)
    demo.read_until(r"decoded \d+")
    os.kill(program(folder, "storer run"), signal.SIGKILL)
    text = demo.rest()
    assert demo.process.returncode == 1
    assert "demo: the storer ended with -9:" in text
    assert "Traceback" not in text


def test_a_second_demo_in_the_same_folder_is_refused_and_a_kill_of_the_first_leaves_nothing(folder: Path) -> None:
    demo = Demo(folder)
    demo.read_until(r"decoded \d+")
    for arguments in ([], ["--fresh"]):
        second = Demo(folder, *arguments)
        text = second.rest()
        assert second.process.returncode == 1
        assert f"a demo already runs here, process {demo.process.pid}" in text
    demo.read_until(r"decoded \d+")
    demo.process.kill()
    demo.rest()
    wait_until(lambda: children_in(folder) == {}, WITHIN, "the kernel ends what the demo started")


def test_ctrl_c_ends_it_while_it_starts(folder: Path) -> None:
    demo = Demo(folder)
    wait_until(
        lambda: any("mariadb" in command for command in children_in(folder).values()), WITHIN, "the database starts"
    )
    begun = time.monotonic()
    demo.process.send_signal(signal.SIGINT)
    text = demo.rest()
    assert time.monotonic() - begun < START_UP, text
    assert demo.process.returncode == 130, text
    assert "Traceback" not in text
    assert "Logs:" not in text  # it was not ready, and did not go on until it was
    # What was made by half is no obstacle the next time.
    again = Demo(folder, "--seconds", "4")
    text = again.rest()
    assert again.process.returncode == 0, text


def test_an_account_that_was_made_by_half_is_made_whole(folder: Path) -> None:
    with Database(folder / "database") as database:
        database.sql(f"DROP USER '{database.user}'@'%'")
        database.account_made.unlink()  # as it is while the account is being made
    with Database(folder / "database") as database:
        assert database.sql(f"SELECT user FROM mysql.global_priv WHERE user = '{database.user}'")


def test_the_last_warning_of_the_reader_is_shown(folder: Path) -> None:
    demo = Demo(folder, "--port", str(folder / "no-such-port"))
    text = demo.read_until("no such device")
    assert re.search(r"reader.*no-such-port", text.splitlines()[-1])
    demo.process.send_signal(signal.SIGINT)
    assert "Traceback" not in demo.rest()


def test_what_it_names_works_until_ctrl_c_ends_it_in_order_and_the_next_run_goes_on(folder: Path) -> None:
    demo = Demo(folder, history=True)
    text = demo.read_until(r"history [1-9]\d*/400 days")
    report, compare = re.findall(r"^  (\S*teleinfo-monitor .*)$", text, re.MULTILINE)
    assert " compare " in compare
    (address,) = re.findall(r"^Page: +(http://127\.0\.0\.1:\d+/)$", text, re.MULTILINE)
    assert address.endswith(f":{demo.page_port}/")
    the_page_shows_the_meter(address)
    subprocess.run([*report.split(), "--json"], cwd=folder, stdout=subprocess.DEVNULL, check=True, timeout=WITHIN)
    # What the monitor keeps is not where a service would keep it.
    assert load(MonitorConfig, folder / ".demo/monitor.yaml").state.is_relative_to(folder)
    demo.process.send_signal(signal.SIGINT)
    text = demo.rest()
    assert demo.process.returncode == 0, text
    assert "Traceback" not in text
    days = days_of_history(folder)
    again = Demo(folder, history=True)
    line = again.read_until(r"history \d+/400 days").splitlines()[-1]
    assert int(re.findall(r"history (\d+)/", line)[0]) >= days > 0


def the_page_shows_the_meter(address: str) -> None:
    found: list[dict[str, Any]] = [{}]

    def is_shown() -> bool:
        with contextlib.suppress(OSError):  # the page starts after the first frame
            found[0] = asked(address + "api/v1/live")
        return bool(found[0].get("fresh")) and set(found[0]["links"].values()) == {"up"}

    wait_until(is_shown, WITHIN, "the page shows the meter, and that each link is up")
    assert found[0]["power"] is not None
    (meter,) = asked(address + "api/v1/meters")["meters"]
    assert meter["id"] == found[0]["meter"]


def asked(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return json.load(answer)


def test_a_house_with_a_roof_forgets_the_run_before_and_stores_what_its_devices_send(folder: Path) -> None:
    left = folder / ".demo" / "database" / "left"
    left.parent.mkdir(parents=True)
    left.touch()
    demo = Demo(folder, "--fresh", "--sun", "--seconds", "12")
    text = demo.rest()
    assert demo.process.returncode == 0, text
    assert "-t 'sources/#'" in text
    assert not left.exists()
    with Database(folder / ".demo" / "database") as database:
        name = database.name
        stored = database.sql(
            f"SELECT s.name, s.kind, m.identifier = s.meter, MAX(h.seconds) > 0 FROM {name}.sources s"
            f" JOIN {name}.source_hours h ON h.source_id = s.id JOIN {name}.meters m GROUP BY s.id ORDER BY s.name"
        )
    assert [row.split() for row in stored.splitlines()] == [
        ["jardin", "temperature", "1", "1"],
        ["toit", "production", "1", "1"],
        ["voiture", "device", "1", "1"],
    ]


def days_of_history(folder: Path) -> int:
    with Database(folder / ".demo" / "database") as database:
        # An hour of the history has all its frames; that of the start has those of the live part, too.
        hours = int(database.sql(f"SELECT COUNT(*) FROM {database.name}.hours WHERE frames = 3600"))
    assert hours % 24 == 0  # only whole days
    return hours // 24
