"""The live line of the demo."""

import json

from common.frame import Frame
from common.mqtt.events import Message
from demo.show import Show

METER = "031961123456"


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
    show.take(health("silent"))
    assert "/dev/ttyUSB0 is silent" in show.line()
    assert "/dev/ttyAMA0" not in show.line()
    show.take(health(None))
    show.take(frame())
    assert "750 VA" in show.line()


def test_a_line_that_falls_silent_is_named_in_place_of_its_last_frame() -> None:
    show = Show()
    show.take(frame())
    show.take(health("unreadable"))
    assert "/dev/ttyUSB0 is unreadable" in show.line()
