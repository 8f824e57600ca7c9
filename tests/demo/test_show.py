"""What the demo draws: as many whole columns as fit, and below them the reader's last warning."""

import json
import re
from datetime import UTC, datetime

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.mqtt.events import Message
from demo.show import Show, picture

METER = "031961123456"
VALUES: dict[str, Value] = {"ADCO": METER, "PAPP": 1230, "PTEC": "HP..", "HCHC": 2456789, "HCHP": 6278335}


def show(decoded: int = 1234) -> Show:
    shown = Show()
    shown.frame = Frame(
        meter=METER, timestamp=datetime(2026, 11, 24, 22, 20, tzinfo=UTC), mode=Mode.HISTORIC, values=VALUES
    )
    shown.decoded = shown.stored = decoded
    shown.delay = 0.012
    return shown


COLUMNS = {
    "time": r"\d\d:\d\d:\d\d",
    "power": r"1230 VA",
    "tariff": r"HP\.\.",
    "index": r"8 735\.124 kWh",
    "decoded": r"decoded 1234",
    "stored": r"stored 1234",
    "delay": r"byte to row 12 ms",
}


def columns_at(width: int) -> set[str]:
    line = show().line(width)
    assert len(line) <= width
    found = {name for name, pattern in COLUMNS.items() if re.search(pattern, line)}
    left = line
    for pattern in COLUMNS.values():
        left = re.sub(pattern, "", left)
    assert left.strip() == "", f"a column was cut: {line!r}"
    return found


def test_a_wide_terminal_shows_every_column() -> None:
    assert columns_at(119) == set(COLUMNS)


@pytest.mark.parametrize("width", [20, 30, 40, 59, 79, 99])
def test_a_narrow_terminal_drops_whole_columns(width: int) -> None:
    assert "power" in columns_at(width)


def test_sixty_columns_keep_what_the_demo_is_about() -> None:
    assert {"power", "decoded", "stored"} <= columns_at(59)
    assert "delay" not in columns_at(59)


def test_columns_go_one_after_the_other_and_do_not_come_back() -> None:
    before = columns_at(119)
    for width in range(118, 10, -1):
        now = columns_at(width)
        assert now <= before
        before = now


def test_a_warning_stands_below_the_line_whole_and_inside_the_terminal() -> None:
    warning = "/dev/ttyUSB0: no such device; is it plugged in? ls /dev/serial/by-id shows what is"
    rows = picture("waiting for the first frame …", warning, 60)
    assert rows[0] == "waiting for the first frame …"
    assert all(len(row) < 60 for row in rows)
    assert " ".join(row.strip() for row in rows[1:]) == warning


def test_without_a_warning_there_is_one_row() -> None:
    assert picture("a line", "", 60) == ["a line"]


def test_a_word_longer_than_the_terminal_does_not_break_the_picture() -> None:
    rows = picture("a line", "x" * 200, 60)
    assert len(rows) > 1
    assert all(len(row) < 60 for row in rows)


# --- messages --------------------------------------------------------------------------------------------------------


def health(problem: str | None) -> Message:
    report = {
        "delivery": {"decoded": 0, "recovered": 0},
        "lines": [{"port": "/dev/ttyAMA0", "problem": None}, {"port": "/dev/ttyUSB0", "problem": problem}],
    }
    return Message("teleinfo/reader/demo/health", json.dumps(report).encode(), False, 1, 1, 1)


def frame() -> Message:
    message = {"meter": METER, "timestamp": "2026-11-24T22:20:20Z", "mode": "historic", "frame": {"PAPP": 750}}
    payload = json.dumps(message).encode()
    assert Frame.from_json(payload)
    return Message(f"teleinfo/{METER}/frame", payload, False, 1, 1, 1)


def test_a_line_without_frames_is_named_until_they_come() -> None:
    show = Show()
    assert "waiting" in show.line()
    show.on_message(health("silent"))
    assert "/dev/ttyUSB0 is silent" in show.line()
    assert "/dev/ttyAMA0" not in show.line()
    show.on_message(health(None))
    show.on_message(frame())
    assert "750 VA" in show.line()


def test_a_line_that_falls_silent_is_named_in_place_of_its_last_frame() -> None:
    show = Show()
    show.on_message(frame())
    show.on_message(health("unreadable"))
    assert "/dev/ttyUSB0 is unreadable" in show.line()


def test_progress_is_told_where_there_is_room_and_goes_first() -> None:
    shown = show()
    shown.progress = "history 17/400 days"
    assert shown.line().endswith("byte to row 12 ms  history 17/400 days")
    whole = len(shown.line())
    shown_narrow = shown.line(whole - 1)
    assert "history" not in shown_narrow
    assert "byte to row 12 ms" in shown_narrow
