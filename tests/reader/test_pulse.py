import math
from typing import Any

import pytest

from reader.line.health import LineHealth
from reader.pulse import FRESH, SPOILT, STUCK, Pulse

NOW = 10_000.0


def line(*, turned: float = 0.5, heard: float = 0.5, framed: float = 1.0, **more: Any) -> LineHealth:
    """A line that gives frames; times are seconds ago."""
    return LineHealth(
        **{"port": "/dev/ttyAMA0", "open": True, "meter": "031961123456", "frames": 100, **more},
        turned=NOW - turned,
        heard=NOW - heard,
        framed=NOW - framed,
    )


def silent(port: str = "/dev/ttyUSB0") -> LineHealth:
    return line(port=port, heard=math.inf, framed=math.inf, frames=0, meter=None)


def absent(port: str = "/dev/ttyUSB0") -> LineHealth:
    return line(port=port, open=False, heard=math.inf, framed=math.inf, frames=0, meter=None)


def feel(*lines: LineHealth, connected: bool = True, stirred: float = 1.0) -> tuple[bool, bool]:
    vitals = Pulse().feel(lines, connected=connected, stirred=NOW - stirred, waiting=0, now=NOW)
    return vitals.alive, vitals.healthy


def test_with_frames_and_a_broker_all_is_well() -> None:
    assert feel(line()) == (True, True)


@pytest.mark.parametrize("other", [silent(), absent()], ids=["silent", "absent"])
def test_one_line_with_frames_is_enough(other: LineHealth) -> None:
    assert feel(line(), other) == (True, True)
    assert feel(other) == (True, False)  # known to be so: a clean start would change nothing


def test_without_a_broker_it_is_alive_but_does_not_do_its_work() -> None:
    assert feel(line(), connected=False) == (True, False)


def test_frames_that_ceased_half_a_minute_ago_are_not_coming() -> None:
    assert feel(line(framed=29))[1]
    assert not feel(line(framed=31, heard=31))[1]


def test_a_thread_that_is_stuck_lets_the_watchdog_bite() -> None:
    assert feel(line(turned=STUCK - 1)) == (True, True)
    assert not feel(line(), line(turned=STUCK + 1))[0]  # the line's
    assert not feel(line(), stirred=STUCK + 1)[0]  # paho's


def test_before_the_broker_was_ever_tried_nothing_is_stuck() -> None:
    assert feel(line(), stirred=-math.inf)[0]


def test_bytes_that_make_no_frames_any_more_ask_for_a_fresh_start_once() -> None:
    assert feel(line(framed=SPOILT - 1))[0]
    assert not feel(line(framed=SPOILT + 1))[0]
    assert feel(line(framed=math.inf, frames=0))[0]  # after it


def test_the_words_are_for_people() -> None:
    pulse = Pulse()
    lines = [line(), line(port="/dev/ttyUSB1", meter="021528603314"), absent()]
    pulse.feel(lines, connected=True, stirred=NOW, waiting=0, now=NOW - 10)
    lines[0].frames += 7
    lines[1].frames += 8
    words = pulse.feel(lines, connected=True, stirred=NOW, waiting=3, now=NOW).words
    assert words == "2 meters, 1.5 frames/s, connected, 3 waiting, /dev/ttyUSB0: not there"


def test_the_words_tell_what_is_missing() -> None:
    pulse = Pulse()
    lines = [line(framed=math.inf, port="/dev/ttyS0"), silent()]
    words = [pulse.feel(lines, connected=False, stirred=NOW, waiting=0, now=when).words for when in (NOW - FRESH, NOW)]
    assert words == [
        "0 meters, 0.0 frames/s, no broker, 0 waiting, /dev/ttyS0: listening, /dev/ttyUSB0: listening",
        "0 meters, 0.0 frames/s, no broker, 0 waiting, /dev/ttyS0: no frame in what comes, /dev/ttyUSB0: silent",
    ]
