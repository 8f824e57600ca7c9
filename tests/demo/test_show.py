"""What the demo draws: a line, and below it the reader's last warning."""

import json
from datetime import UTC, datetime

from common.contract.frame import Frame
from common.mqtt.events import Message
from demo.show import Show, picture

METER = "031961123456"


def message(topic: str, payload: object) -> Message:
    return Message(f"teleinfo/{topic}", json.dumps(payload).encode(), False, 1, 1, 1)


def frame(**values: object) -> Message:
    shown = {"meter": METER, "timestamp": "2026-11-24T22:20:20Z", "mode": "historic", "frame": values}
    assert Frame.from_json(json.dumps(shown).encode())
    return message(f"{METER}/frame", shown)


def health(problem: str | None) -> Message:
    lines = [{"port": "/dev/ttyAMA0", "problem": None}, {"port": "/dev/ttyUSB0", "problem": problem}]
    return message("reader/demo/health", {"delivery": {"decoded": 0, "recovered": 0}, "lines": lines})


def test_the_line_has_the_last_frame_what_is_stored_and_how_far_the_history_is() -> None:
    shown = Show()
    shown.on_message(frame(ADCO=METER, PAPP=1230, PTEC="HP..", HCHC=2456789, HCHP=6278335))
    shown.on_message(message(f"{METER}/stored", {"timestamps": ["2026-11-24T22:20:20Z"]}))
    assert shown.delay is not None
    assert shown.delay > 0
    shown.delay, shown.progress = 0.012, "history 17/400 days"
    line = "1230 VA  HP..                8 735.124 kWh  decoded 1  stored 1  byte to row 12 ms  history 17/400 days"
    at = datetime(2026, 11, 24, 22, 20, 20, tzinfo=UTC).astimezone()
    assert shown.line().split(maxsplit=1) == [f"{at:%H:%M:%S}", line]
    assert shown.line(40) == shown.line()[:40]


def test_a_line_without_frames_or_that_falls_silent_is_named_until_they_come() -> None:
    shown = Show()
    assert "waiting" in shown.line()
    for problem in ("silent", "unreadable"):
        shown.on_message(health(problem))
        assert f"/dev/ttyUSB0 is {problem}" in shown.line()
        assert "/dev/ttyAMA0" not in shown.line()
        shown.on_message(health(None))
        shown.on_message(frame(PAPP=750))
        assert "750 VA" in shown.line()


def test_a_warning_stands_below_the_line_whole_and_inside_the_terminal() -> None:
    warning = "/dev/ttyUSB0: no such device; is it plugged in? ls /dev/serial/by-id shows what is"
    rows = picture("waiting for the first frame …", warning, 60)
    assert rows[0] == "waiting for the first frame …"
    assert all(len(row) < 60 for row in rows)
    assert " ".join(row.strip() for row in rows[1:]) == warning
    assert picture("a line", "", 60) == ["a line"]
