"""What is said of a line without frames, and how often. The clock is a number."""

import pytest

from common.runtime.logs import EVERY
from reader.line.frame_watchdog import NO_FRAME_AFTER, FrameWatchdog, Problem

PORT = "/dev/ttyAMA0"


def watchdog_with(count: int, port: str = PORT) -> FrameWatchdog:
    """A line on which so many bytes came in just before it is a problem."""
    watchdog = FrameWatchdog(port, 0.0)
    if count:
        watchdog.received(count, NO_FRAME_AFTER - 1)
    return watchdog


def test_nothing_is_wrong_before_its_time() -> None:
    watchdog = watchdog_with(0)
    assert watchdog.poll(NO_FRAME_AFTER - 0.1) is None
    assert watchdog.problem is None
    assert watchdog.poll(NO_FRAME_AFTER) is not None
    assert watchdog.problem is Problem.SILENT


@pytest.mark.parametrize(
    ("count", "port", "parts"),
    [
        (0, PORT, ("nothing arrives on /dev/ttyAMA0", "I1/I2", "the port")),
        (0, "socket://gateway:2000", ("nothing arrives on socket://gateway:2000", "the gateway")),
        (1204, PORT, ("1,204 bytes", PORT, "no valid frame", "teleinfo-reader check")),
    ],
)
def test_what_is_said_names_the_port_and_what_to_do(count: int, port: str, parts: tuple[str, ...]) -> None:
    warning = watchdog_with(count, port).poll(NO_FRAME_AFTER)
    assert warning is not None
    assert [part for part in parts if part not in warning] == []
    assert "\n" not in warning


def test_each_problem_is_said_once_an_hour_however_often_frames_come_in_between() -> None:
    watchdog = FrameWatchdog(PORT, 0.0)
    said = []
    for second in range(2 * int(EVERY)):
        watchdog.received(10, float(second))
        if second % 30 == 0:
            watchdog.framed(float(second))
        said.append(watchdog.poll(float(second)))
    assert sum(text is not None for text in said) == 2


def test_bytes_before_the_last_frame_do_not_count() -> None:
    watchdog = FrameWatchdog(PORT, 0.0)
    watchdog.received(900, 1.0)
    watchdog.framed(1.0)
    watchdog.received(7, NO_FRAME_AFTER)
    assert str(watchdog.poll(1.0 + NO_FRAME_AFTER)).startswith("7 bytes ")


def test_a_port_that_was_just_opened_has_not_been_silent_yet_but_a_problem_outlives_an_opening() -> None:
    watchdog = FrameWatchdog(PORT, 0.0)
    watchdog.opened(100.0)
    assert watchdog.explain(101.0) is None
    assert watchdog.poll(101.0) is None
    assert watchdog.poll(100.0 + NO_FRAME_AFTER) is not None
    watchdog.opened(120.0)
    watchdog.poll(120.1)
    assert watchdog.problem is Problem.SILENT
    watchdog.absent()
    watchdog.opened(130.0)
    watchdog.poll(130.1)
    assert watchdog.problem is None


def test_what_was_explained_is_not_said_again_at_once() -> None:
    watchdog = watchdog_with(0)
    assert "nothing arrives" in str(watchdog.explain(10.0))
    assert watchdog.poll(NO_FRAME_AFTER) is None
    assert watchdog.problem is Problem.SILENT
    assert watchdog.poll(10.0 + EVERY) is not None
