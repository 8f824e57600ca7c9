import errno
import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from common.runtime import logs
from common.runtime.logs import EVERY, ChangeLogger, RateLimiter

PRM = "09111642617347"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The loggers of the tests themselves."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def say(format: str, *, level: str = "INFO") -> None:
    logs.set_up(format, "teleinfo-test", level)
    logger = logging.getLogger("some.part")
    logger.debug("not said")
    logger.warning('of %s, a "word"\nand é', PRM)
    try:
        raise ValueError(PRM)
    except ValueError:
        logger.exception("it failed")


def test_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("json")
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first.pop("time")[-4:-1].isdigit()
    assert first == {
        "level": "WARNING",
        "logger": "some.part",
        "program": "teleinfo-test",
        "message": 'of (14 digits), a "word"\nand é',
    }
    assert second["exception"].endswith("ValueError: (14 digits)")


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(errno.ENOSPC, "No space left on device")])
def test_an_output_that_cannot_be_written_is_ignored(
    error: OSError, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise error

    monkeypatch.setattr(sys, "stdout", Full())
    say("plain")
    assert capsys.readouterr().err == ""


def test_times_are_utc_to_the_microsecond(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("json", "teleinfo-test")
    record = logging.LogRecord("a", logging.INFO, "", 0, "x", None, None)
    record.created = 1795575600.25
    logging.getLogger().handlers[0].handle(record)
    assert json.loads(capsys.readouterr().out)["time"] == "2026-11-25T03:00:00.250000Z"


def test_plain_lines_are_for_people(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    say("plain")
    said = capsys.readouterr().out
    assert r' WARNING of (14 digits), a "word"\nand é' in said
    assert PRM not in said
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    say("plain")
    assert capsys.readouterr().out.startswith("WARNING of (14 digits)")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (PRM, "(14 digits)"),
        (f"a{PRM}b", "a(14 digits)b"),
        (f"1{PRM}", f"1{PRM}"),
        ("031961123456", "031961123456"),  # the meter's own number, which is in every topic
        ("2026-11-24T22:20:20.123456Z", "2026-11-24T22:20:20.123456Z"),
    ],
)
def test_only_what_may_be_a_delivery_point_is_removed(text: str, shown: str) -> None:
    assert logs.redact_prm(text) == shown


# What a stranger may send over MQTT or the line, or a server may put into an error.
HOSTILE = "\r\n<0>FAKE\x1b[2J\x00\x7f\x9b31m\u2028\u202e\udcff"


@pytest.mark.parametrize("in_journal", [False, True])
def test_a_message_is_one_plain_line_without_control_characters(
    in_journal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    if in_journal:
        monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    logs.set_up("plain", "teleinfo-test")
    logging.getLogger().warning("on a topic: %s, é", HOSTILE)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(r"on a topic: \r\n<0>FAKE\x1b[2J\x00\x7f\x9b31m\u2028\u202e\udcff, é")
    assert line.isprintable()


def test_no_line_of_a_traceback_looks_like_a_message_or_a_priority(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("plain", "teleinfo-test")
    try:
        raise ValueError("bad\n<0>CRITICAL forged\x1b[2J")
    except ValueError:
        logging.getLogger().exception("it failed")
    first, *others = capsys.readouterr().out.split("\n")[:-1]
    assert first.endswith("it failed")
    assert any("ValueError: bad" in line for line in others)
    assert all(line.startswith("    ") and line.isprintable() for line in others)


def test_an_object_is_one_printable_line_with_the_whole_message(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("json", "teleinfo-test")
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        logging.getLogger().exception("on a topic: %s, é", HOSTILE)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.isprintable()
    assert "é" in line
    assert json.loads(line)["message"] == f"on a topic: {HOSTILE}, é"
    assert json.loads(line)["exception"].endswith(f"ValueError: {HOSTILE}")


def test_one_line_an_hour_for_each_key() -> None:
    limiter = RateLimiter()
    times = [now for now in range(0, int(2 * EVERY) + 1, 60) if limiter.allow("a", now)]
    assert times == [0, EVERY, 2 * EVERY]


def test_another_key_is_allowed_at_once() -> None:
    limiter = RateLimiter()
    assert limiter.allow("a", 0)
    assert limiter.allow("b", 1)
    assert not limiter.allow("a", 2)


def test_a_new_key_is_allowed_at_any_uptime() -> None:
    assert all(RateLimiter().allow("a", number / 7) for number in range(100_000))


def test_the_number_of_lines_is_limited_for_any_number_of_keys() -> None:
    limiter = RateLimiter()
    assert sum(limiter.allow(str(number), number / 100) for number in range(10_000)) == 101
    assert limiter.allow("one more", EVERY + 1000)


def test_a_line_is_logged_once_until_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    changes = ChangeLogger(logging.getLogger("reader"))
    for text in ("down", "down", "up", "down"):
        changes.log(logging.WARNING, text)
    assert [(record.name, record.getMessage()) for record in caplog.records] == [
        ("reader", "down"),
        ("reader", "up"),
        ("reader", "down"),
    ]


def test_a_line_is_logged_again_after_a_reset(caplog: pytest.LogCaptureFixture) -> None:
    changes = ChangeLogger(logging.getLogger("reader"))
    assert not changes.reset()
    changes.log(logging.WARNING, "100 % of it")
    assert changes.reset()
    assert not changes.reset()
    changes.log(logging.WARNING, "100 % of it")
    assert caplog.messages == ["100 % of it"] * 2
