"""The command watch, as a person runs it: on a real terminal, and into a pipe."""

import fcntl
import json
import os
import pty
import queue
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Self

import pytest

from common.mqtt.events import Message
from common.runtime.shutdown import StopEvent
from reader.__main__ import main
from reader.config import ReaderMqtt
from reader.line.port import open_port
from reader.watch import loop
from reader.watch.loop import WatchLoop
from reader.watch.source import BrokerSource, Event
from reader.watch.texts import Translations
from tests.support.programs import ENVIRONMENT as WITH_PATH
from tests.support.programs import ROOT, command_line

WITHIN = 180  # seconds
PORT = "simulate://standard-three-phase-tempo?speed=10"
#: Without COLUMNS and LINES, which would say what the terminal is to be asked for.
ENVIRONMENT = {key: value for key, value in WITH_PATH.items() if key not in ("COLUMNS", "LINES")} | {
    "TERM": "xterm-256color",
}


def command(*arguments: str | Path) -> list[str]:
    return command_line("reader", "watch", *arguments)


class Terminal:
    """A terminal of 80 by 24 with a program on it, which owns it as a shell's does."""

    def __init__(self, *arguments: str | Path, term: str = "xterm-256color") -> None:
        self._master, self.slave = pty.openpty()
        self.resize(80, 24)
        self.before = termios.tcgetattr(self.slave)
        self.written = b""
        self.process = subprocess.Popen(
            command(*arguments),
            env=ENVIRONMENT | {"TERM": term},
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def wait_for(self, reached: Callable[[str], bool]) -> str:
        deadline = time.monotonic() + WITHIN
        while not reached(self.text):
            assert time.monotonic() < deadline, self.text
            assert self.process.poll() is None or select.select([self._master], [], [], 0)[0], self.text
            if select.select([self._master], [], [], 0.2)[0]:
                self.written += os.read(self._master, 65_536)
        return self.text

    @property
    def text(self) -> str:
        return self.written.decode(errors="replace").replace("\N{NO-BREAK SPACE}", " ")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        os.close(self.slave)


def without_styles(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.mark.parametrize("keys", [b"q", b"\x03"], ids=["q", "ctrl-c"])
def test_shows_a_meter_until_a_key_and_restores_the_terminal(keys: bytes) -> None:
    with Terminal("--port", PORT) as screen:
        screen.wait_for(lambda text: " VA sur 12 000" in without_styles(text))
        assert termios.tcgetattr(screen.slave) != screen.before
        assert "\x1b[?1049h" in screen.text  # a screen of its own, so that what was there before is there afterwards
        screen.resize(60, 20)
        screen.wait_for(lambda text: re.search(r"╭[^╭╮\n]{58}╮", without_styles(text)) is not None)
        screen.press(keys)
        screen.wait_for(lambda text: "\x1b[?1049l" in text)
        assert screen.process.wait(WITHIN) == 0
        assert termios.tcgetattr(screen.slave) == screen.before
        assert screen.text.rindex("\x1b[?25h") > screen.text.rindex("\x1b[?25l")  # the cursor is back
        assert "Traceback" not in screen.text


def test_a_terminal_that_cannot_draw_gets_lines_as_a_pipe_does() -> None:
    with Terminal("--port", PORT, term="dumb") as screen:
        text = screen.wait_for(lambda text: " VA sur 12 000" in text)
        assert "\x1b" not in text
        screen.press(b"\x03")
        assert screen.process.wait(WITHIN) == 0


def test_warnings_about_the_port_are_shown_in_the_footer(tmp_path: Path) -> None:
    config = tmp_path / "reader.yaml"
    config.write_text("port: socket://127.0.0.1:1\nhome_assistant: {language: en}\n")
    with Terminal("--config", config) as screen:
        text = without_styles(screen.wait_for(lambda text: "connection refused" in text))
        assert "Waiting for a frame" in text
        screen.press(b"q")
        assert screen.process.wait(WITHIN) == 0


def test_a_pipe_gets_a_line_for_each_change_without_control_characters() -> None:
    with subprocess.Popen(
        command("--port", PORT, "--language", "en"), env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as watch:
        assert watch.stdout
        assert watch.stderr
        lines = [watch.stdout.readline().decode() for _ in range(3)]
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(WITHIN) == 0
        assert watch.stderr.read() == b""
    for line in lines:
        assert re.match(r"\d\d:\d\d:\d\d \d{12}; online; [\d,]+ VA of 12,000; Phase 1 \d+ A; ", line), line
    assert all(line[9:] != following[9:] for line, following in pairwise(lines))


def test_one_meter_of_several_can_be_chosen(tmp_path: Path) -> None:
    config = tmp_path / "reader.yaml"
    config.write_text(
        'port: ["/dev/not-there", "simulate://historic-single-phase-base?speed=10", "simulate://standard-single-phase-base?speed=10"]'
    )
    with subprocess.Popen(command("--config", config), env=ENVIRONMENT, stdout=subprocess.PIPE) as both:
        assert both.stdout
        meters: set[str] = set()
        while len(meters) < 2:
            meters.add(both.stdout.readline().decode()[9:21])
        both.kill()
    chosen = sorted(meters)[1]
    with subprocess.Popen(
        command("--config", config, "--meter", chosen), env=ENVIRONMENT, stdout=subprocess.PIPE
    ) as one:
        assert one.stdout
        assert {one.stdout.readline().decode()[9:21] for _ in range(3)} == {chosen}
        one.kill()


def test_without_rich_a_terminal_shows_what_to_install_and_a_pipe_works(tmp_path: Path) -> None:
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'rich'\", name='rich')")
    master, slave = pty.openpty()
    environment = ENVIRONMENT | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    try:
        result = subprocess.run(
            command("--port", PORT), env=environment, stdout=slave, stderr=subprocess.PIPE, timeout=WITHIN
        )
    finally:
        os.close(master)
        os.close(slave)
    assert result.returncode == 2
    (complaint,) = result.stderr.decode().splitlines()
    assert complaint.startswith("teleinfo-reader: watch: the Python package rich is missing: install the extra 'watch'")
    with subprocess.Popen(command("--port", PORT), env=environment, stdout=subprocess.PIPE) as watch:
        assert watch.stdout
        assert b" VA sur " in watch.stdout.readline()
        watch.kill()


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["--port", "{}/tty"], 1, "no such device; is it plugged in?"),
        (["--port", "simulate://nothing"], 2, "no simulated meter 'nothing'"),
        (["--config", "{}/none.yaml"], 2, "none.yaml: not found; give your file with --config"),
        (["--mqtt", "here:mqtt"], 2, "HOST or HOST:PORT, not here:mqtt"),
        (["--mqtt", "mqtt://here"], 2, "HOST or HOST:PORT; an account is given in the configuration"),
        (["--port", PORT, "--mqtt", "here"], 2, "not allowed with argument --port"),
    ],
)
def test_errors_are_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    complaint: str,
) -> None:
    words = [argument.format(tmp_path) for argument in arguments]
    monkeypatch.setattr(sys, "argv", ["teleinfo-reader", "watch", *words])
    try:
        ended = main()
    except SystemExit as error:  # so argparse ends
        ended = int(error.code or 0)
    assert ended == code
    assert complaint in capsys.readouterr().err.splitlines()[-1]


def test_a_port_can_be_watched_without_access_to_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "teleinfo" / "reader.yaml"
    file.parent.mkdir()
    file.write_text("port: /dev/ttyAMA0\n")
    file.parent.chmod(0)
    before = os.geteuid()
    os.seteuid(before or 65534)  # root may look everywhere
    try:
        for arguments, code in ((["--port", "/dev/null"], 1), (["--mqtt", "localhost"], 2)):
            monkeypatch.setattr("sys.argv", ["teleinfo-reader", "watch", *arguments, "--config", str(file)])
            assert main() == code
    finally:
        os.seteuid(before)
        file.parent.chmod(0o700)
    assert capsys.readouterr().err.splitlines() == [
        "teleinfo-reader: /dev/null: not a serial port",
        f"teleinfo-reader: {file}: cannot be read: Permission denied; use sudo",
    ]


class Links:
    """A source that knows of links at the broker; it is stopped when it was looked at once."""

    name = "mqtt://nowhere"

    def __init__(self, *links: tuple[str, bytes]) -> None:
        self._links = links
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._source = BrokerSource(ReaderMqtt(), self._events.put)
        self._stop = threading.Event()
        self.storers: dict[str, bytes] = {}  # their health

    def start(self) -> None:
        for meter, payload in self._links:
            self._source._on_event(Message(f"teleinfo/{meter}/link", payload, True, 1, 1, 1))
        for storer, payload in self.storers.items():
            self._source._on_event(Message(f"teleinfo/storer/{storer}/health", payload, True, 1, 1, 1))

    def poll(self) -> None:
        self._stop.set()

    def close(self) -> None: ...

    def watch(self, only: str | None = None) -> WatchLoop:
        return WatchLoop(self, Translations("en"), self._events, self._stop, only=only, note="", advice="")


def test_a_meter_that_was_cleared_on_the_broker_is_no_longer_shown() -> None:
    """A simulated one, once a real one is read, or one that was forgotten."""
    shown: list[list[str]] = []
    source = Links(("031961111111", b"online"), ("031961122222", b"online"), ("031961111111", b""))
    source.watch().run(lambda views: shown.append([view.meter for view in views]))
    assert shown == [["031961122222"]]


def storer_health(*sources: tuple[str, str | None, int, dict[str, float]]) -> bytes:
    """What a storer publishes of sources: name, meter, seconds since the last value, last values."""
    now = datetime.now(UTC)
    return json.dumps(
        {
            "sources": {
                "sources": [
                    {
                        "name": name,
                        "meter": meter,
                        "last": f"{now - timedelta(seconds=age):%Y-%m-%dT%H:%M:%SZ}",
                        **values,
                    }
                    for name, meter, age, values in sources
                ]
            }
        }
    ).encode()


@pytest.mark.parametrize(
    ("meters", "shown"),
    [
        (("1",), {"1": ["roof 812 W", "plug 7 W", "garden 5.0 °C"]}),
        # One that names no meter is behind none of several.
        (("1", "2"), {"1": ["plug 7 W"], "2": ["car 3 W"]}),
    ],
)
def test_sources_are_shown_with_the_meter_that_they_are_behind(
    meters: tuple[str, ...], shown: dict[str, list[str]]
) -> None:
    source = Links(*((meter, b"online") for meter in meters))
    source.storers = {
        "main": storer_health(
            ("roof", None, 10, {"power": 812.4, "energy": 5.0}),
            ("plug", "1", 10, {"power": 7.0}),
            ("car", "2", 10, {"power": 3.0}),
            ("old", "1", 400, {"power": 9.0}),
            ("garden", None, 1800, {"temperature": 5.04}),
        ),
        "second": b'{"uptime": 60}',
        "gone": b"",
    }
    found: dict[str, list[str]] = {}
    watch = source.watch()
    watch.run(lambda views: found.update({view.meter: list(view.sources) for view in views}))
    assert (found, watch.note) == (shown, "")


def test_other_meters_are_named_while_the_wanted_one_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_ADVISE_AFTER", 0.0)
    watch = Links(("031961111111", b"online")).watch(only="1234")
    watch.run(watch.print_changes)
    assert re.fullmatch(r".*\b031961111111\b.*\b1234\b.*--meter.*\n", capsys.readouterr().err)


def test_who_has_the_port_is_told_in_the_language_of_the_message(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    controller, terminal = os.openpty()
    try:
        with closing(open_port(os.ttyname(terminal), 9600, StopEvent())):
            monkeypatch.setattr(sys, "argv", ["teleinfo-reader", "watch", "--port", os.ttyname(terminal)])
            assert main() == 1
        assert "another program has it open; to see what" in capsys.readouterr().err
    finally:
        os.close(controller)
        os.close(terminal)
