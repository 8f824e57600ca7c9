"""The command watch as a person runs it on a terminal, and the table that it draws."""

import json
import logging
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.mqtt.events import Message
from reader.__main__ import main
from reader.line.worker import FrameReceived, LinkChanged
from reader.watch import Meters
from tests.support.terminal import on_terminal

PORT = "simulate://standard-three-phase-producer?speed=10"


@pytest.mark.parametrize("keys", [b"q", b"\x03"], ids=["q", "ctrl-c"])
def test_shows_a_meter_until_a_key_and_restores_the_terminal(keys: bytes) -> None:
    code, text = on_terminal("--port", PORT, until="Tension efficace phase 3", keys=keys)
    assert code == 0, text
    assert text.index("\x1b[?1049h") < text.index("SINSTS") < text.rindex("\x1b[?1049l")  # a screen of its own
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # the cursor is back


def test_warnings_about_the_port_are_shown(tmp_path: Path) -> None:
    config = tmp_path / "reader.yaml"
    config.write_text("port: socket://127.0.0.1:1\nhome_assistant: {language: en}\n")
    code, text = on_terminal("--config", config, until="connection refused")
    assert (code, "Waiting for a frame" in text) == (0, True)


def test_without_rich_it_is_said_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'rich'\", name='rich')")
    code, text = on_terminal("--port", PORT, until="missing", path=str(tmp_path))
    assert code == 2
    assert "the Python package rich is missing: install the extra 'watch'" in text


@pytest.mark.parametrize(
    ("line", "code", "complaint"),
    [
        (f"--port {PORT}", 2, "watch: a terminal is needed"),
        ("--port {}/tty", 1, "no such device; is it plugged in?"),
        ("--port simulate://nothing", 2, "no simulated meter 'nothing'"),
        ("--config {}/ask.yaml", 2, "no port is chosen yet: choose that of the meter in the page"),
        ("--config {}/none.yaml", 2, "none.yaml: not found; give your file with --config"),
        ("--mqtt here:mqtt", 2, "HOST or HOST:PORT, not here:mqtt"),
        ("--mqtt mqtt://here", 2, "HOST or HOST:PORT; an account is given in the configuration"),
        (f"--port {PORT} --mqtt here", 2, "not allowed with argument --port"),
    ],
)
def test_errors_are_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    code: int,
    complaint: str,
) -> None:
    (tmp_path / "ask.yaml").write_text(f"port: ask\nspool: {{path: {tmp_path}, journal: {tmp_path}}}\n")
    monkeypatch.setattr(sys, "argv", ["teleinfo-reader", "watch", *line.format(tmp_path).split()])
    try:
        ended = main()
    except SystemExit as error:  # so argparse ends
        ended = int(error.code or 0)
    assert ended == code
    assert complaint in capsys.readouterr().err.splitlines()[-1]


NOW = datetime(2026, 1, 20, 18, 30, tzinfo=UTC)
HISTORIC: dict[str, Value] = {"ADCO": "031961123456", "HCHP": 38299148, "PAPP": 2950, "OPTARIF": "HC.."}
STANDARD: dict[str, Value] = {"LTARF": "   HP  ROUGE    ", "EAST": 56688647, "SINSTS": 9240, "SMAXSN": 9716, "XYZ": 7}
LOCAL = f"{NOW.astimezone() - timedelta(hours=11):%Y-%m-%d %H:%M:%S}"
IN_FRENCH = [
    "Compteur 031961123456 historique · en ligne",
    "PAPP 2 950 VA Puissance apparente 3 s",
    "HCHP 38 299 148 Wh Index heures pleines 3 s",
    "ADCO 031961123456 Adresse du compteur 3 s",
    "OPTARIF HC.. Option tarifaire choisie 3 s",
]
IN_ENGLISH = [
    "Meter 041111111111 standard · online · groups dropped: 2",
    "SINSTS 9,240 VA Instantaneous apparent power imported 0 s",
    "EAST 56,688,647 Wh Total active energy imported 0 s",
    "LTARF HP ROUGE Current supplier tariff label 0 s",
    f"SMAXSN 9,716 VA Max apparent power imported today ({LOCAL}) 0 s",
    "XYZ 7 0 s",  # a label that nobody knows
]


def frame(values: dict[str, Value], meter: str = "031961123456", *, age: float = 0, **more: Any) -> FrameReceived:
    mode = Mode.HISTORIC if "ADCO" in values else Mode.STANDARD
    at = NOW - timedelta(seconds=age)
    return FrameReceived(Frame(meter=meter, timestamp=at, mode=mode, values=values, **more))


def message(topic: str, payload: object) -> Message:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Message(f"teleinfo/{topic}", data, True, 1, 1, 1)


def lines(*events: object, language: str = "fr", only: str | None = None, height: int = 40) -> list[str]:
    meters = Meters(language, "/dev/ttyUSB0", only=only)
    for event in events:
        meters.handle(event)
    console = Console(width=120, height=height, color_system=None)
    with console.capture() as capture:
        console.print(meters.draw(NOW, height))
    return [" ".join(line.split()) for line in capture.get().splitlines()]


TWO = (
    frame(HISTORIC, age=3),
    frame(STANDARD, "041111111111", stamps={"SMAXSN": NOW - timedelta(hours=11)}, dropped=2),
)


def test_a_row_a_label_what_moves_first_and_of_several_meters_one_can_be_chosen() -> None:
    assert lines(TWO[0]) == [*IN_FRENCH, "q : quitter /dev/ttyUSB0"]
    assert lines(*TWO, language="en", only="041111111111") == [*IN_ENGLISH, "q: quit /dev/ttyUSB0"]
    assert lines(*TWO)[:5] == IN_FRENCH
    assert len(lines(*TWO)) == 5 + 6 + 1
    assert lines(*TWO, only="1234")[0] == "En attente d’une trame… (031961123456, 041111111111)"
    gone = lines(*TWO, LinkChanged("041111111111", False, "/dev/ttyAMA0"))
    assert gone[5] == "Compteur 041111111111 standard · aucune trame · groupes rejetés : 2"


def test_what_is_left_out_is_counted() -> None:
    assert lines(*TWO, height=12) == lines(*TWO)
    assert lines(*TWO, height=9)[5:] == [
        "Compteur 041111111111 standard · en ligne · groupes rejetés : 2",
        lines(*TWO)[6],
        "4 de plus : agrandissez la fenêtre",
        "q : quitter /dev/ttyUSB0",
    ]


def test_a_label_that_stays_away_grows_old_and_another_mode_begins_anew() -> None:
    rows = lines(frame(HISTORIC, age=400), frame({"ADCO": "031961123456", "PAPP": 3000}, age=1))
    assert [row.split()[-2:] for row in rows[1:-1]] == [["1", "s"], ["6", "min"], ["1", "s"], ["6", "min"]]
    assert not [row for row in lines(frame(HISTORIC), frame(STANDARD)) if row.startswith(("PAPP", "ADCO"))]


def test_the_broker_shows_frames_links_and_sources_and_a_cleared_meter_goes() -> None:
    health = [
        {"name": "roof", "last": "2026-01-20T18:29:50Z", "power": 812.4, "energy": 5.0},
        {"name": "garden", "meter": "1", "last": "2026-01-20T18:00:00Z", "temperature": 5.04},
    ]
    rows = lines(
        message("031961123456/frame", json.loads(TWO[0].frame.to_json())),
        message("041111111111/link", b"online"),
        message("041111111111/link", b""),
        message("storer/main/health", {"sources": {"sources": health}}),
        message("storer/second/health", {"uptime": 60}),
        message("storer/gone/health", b""),
    )
    assert rows[:5] == IN_FRENCH
    assert rows[5:-1] == ["Sources", "roof 812,4 W 10 s", "roof 5,0 Wh 10 s", "garden 5,0 °C 1 30 min"]


@pytest.mark.parametrize("payload", [b"nonsense", b"[]", b'{"sources": 3}', b'{"sources": {"sources": [{}]}}'])
@pytest.mark.parametrize("topic", ["031961123456/frame", "storer/main/health"])
def test_a_malformed_message_is_a_warning_until_the_next_frame(topic: str, payload: bytes) -> None:
    assert lines(message(topic, payload))[-1].startswith(f"q : quitter teleinfo/{topic}: ")
    assert lines(message(topic, payload), frame(HISTORIC))[-1] == "q : quitter /dev/ttyUSB0"


def test_nothing_of_a_frame_or_a_topic_can_control_the_terminal() -> None:
    warning = logging.makeLogRecord({"msg": "\x1b[2J"})
    events = (
        frame({"MSG1": "\x1b[2J"}),
        message("\x1b[2J/frame", b""),
        LinkChanged("\x1b[2J", True, "/dev/ttyAMA0"),
        warning,
    )
    assert "\x1b" not in "".join(lines(*events))
