"""What the demo draws: a line, and below it the reader's last warning."""

import json
from datetime import UTC, datetime

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


def test_the_line_has_the_last_frame_what_is_stored_and_how_far_the_history_is() -> None:
    shown = show()
    shown.progress = "history 17/400 days"
    line = (
        "1230 VA  HP..                8 735.124 kWh  decoded 1234  stored 1234  byte to row 12 ms  history 17/400 days"
    )
    assert shown.line()[10:].strip() == line
    assert shown.line(40) == shown.line()[:40]


def test_a_warning_stands_below_the_line_whole_and_inside_the_terminal() -> None:
    warning = "/dev/ttyUSB0: no such device; is it plugged in? ls /dev/serial/by-id shows what is"
    rows = picture("waiting for the first frame …", warning, 60)
    assert rows[0] == "waiting for the first frame …"
    assert all(len(row) < 60 for row in rows)
    assert " ".join(row.strip() for row in rows[1:]) == warning


def test_without_a_warning_there_is_one_row() -> None:
    assert picture("a line", "", 60) == ["a line"]


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
