"""The frame: the values that a meter sent at one time. The contract between reader and storer."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Self

from common.contract.labels import Mode
from common.contract.usual_interval import LONGEST_INTERVAL, SHORTEST_INTERVAL
from common.errors import MessageError

Value = int | str

LONGEST_MESSAGE = 65_536  # bytes; the longest frame that a meter can send is some 4 kB of JSON
_PEEK_MAX = 16 * LONGEST_MESSAGE  # bytes of a message that is too large, to find its id

#: The name of a meter, also in topics.
METER = re.compile(r"[0-9A-Za-z_.-]{1,32}")
_LABEL = re.compile(r"[\x21-\x7e]{1,16}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:[0-5]\d)", re.ASCII)
_MODES = {mode.value: mode for mode in Mode}
_VALUE_TYPES = frozenset([int, str])  # a bool is no int here


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The values of one meter at one time; `(meter, timestamp)` is its identity everywhere.

    `stamps` and `dropped` are None where the frame has none.
    """

    meter: str
    timestamp: datetime  # aware, UTC, microseconds: when the last byte was received
    mode: Mode
    values: Mapping[str, Value]  # by label, in the order in which they were sent
    stamps: Mapping[str, datetime] | None = None  # the meter's own times, UTC
    clock: str | None = None  # "degraded": as the meter reports its clock
    host_clock: str | None = None  # "unsynchronised": of the clock that gave `timestamp`
    dropped: int | None = None  # damaged groups that were dropped
    source: str | None = None  # who decoded it, if not the reader itself, such as "zigbee2mqtt"
    interval: int | None = None  # seconds, the usual one from frame to frame, where there is a `source`

    def to_json(self) -> bytes:
        """Write the message of `teleinfo/<meter>/frame`; as JSON of `payload`, after `meter` and `timestamp`."""
        message = {"meter": self.meter, "timestamp": format_time(self.timestamp)} | self.payload()
        return json.dumps(message, ensure_ascii=False).encode()

    def payload(self) -> dict[str, Any]:
        """Return the message without `meter` and `timestamp`."""
        message: dict[str, Any] = {"mode": self.mode.value, "frame": dict(self.values)}
        if self.stamps is not None:
            message["stamps"] = {label: write_stamp(stamp) for label, stamp in self.stamps.items()}
        if self.clock is not None:
            message["clock"] = self.clock
        if self.host_clock is not None:
            message["host_clock"] = self.host_clock
        if self.dropped is not None:
            message["dropped"] = self.dropped
        if self.source is not None:
            message["source"] = self.source
        if self.interval is not None:
            message["interval"] = self.interval
        return message

    @classmethod
    def from_json(cls, payload: bytes) -> Self:
        """Read a frame; unknown keys are ignored.

        Raises:
            MessageError: the payload is not a frame.
        """
        check_size(payload)
        return cls.from_message(read_json(payload))

    @classmethod
    def from_message(cls, message: Any) -> Self:
        """Make a frame of a message that `read_json` has read.

        Raises:
            MessageError: the message is not a frame.
        """
        if not isinstance(message, dict):
            raise MessageError("not a frame: a JSON object is expected")
        mode = wanted(message, "mode", str)
        if mode not in _MODES:
            raise MessageError(f"not a frame: 'mode' is {mode!r}, not historic or standard")
        meter = wanted(message, "meter", str)
        if not METER.fullmatch(meter):
            raise MessageError("not a frame: 'meter' is not an address (letters, digits, '-', '_' and '.', at most 32)")
        dropped = _optional(message, "dropped", int)
        if dropped is not None and dropped < 0:
            raise MessageError("not a frame: 'dropped' is negative")
        interval = _optional(message, "interval", int)
        if interval is not None and not SHORTEST_INTERVAL <= interval <= LONGEST_INTERVAL:
            raise MessageError(f"not a frame: 'interval' is not from {SHORTEST_INTERVAL} to {LONGEST_INTERVAL}")
        stamps = _optional(message, "stamps", dict)
        return cls(
            meter=meter,
            timestamp=parse_time(wanted(message, "timestamp", str)),
            mode=_MODES[mode],
            values=_checked_values(wanted(message, "frame", dict)),
            stamps=None if stamps is None else _checked_stamps(stamps),
            clock=_optional(message, "clock", str),
            host_clock=_optional(message, "host_clock", str),
            dropped=dropped,
            source=_optional(message, "source", str),
            interval=interval,
        )


def check_size(payload: bytes) -> None:
    """Check the length of a message with a frame or a tally.

    Raises:
        MessageError: it is too large.
    """
    if len(payload) > LONGEST_MESSAGE:
        raise MessageError(f"too large: {len(payload)} bytes, a message has at most {LONGEST_MESSAGE}")


def read_json(payload: bytes) -> Any:
    """Read JSON in UTF-8.

    Raises:
        MessageError: the payload is not JSON, or contains text that could not be written again.
    """
    try:
        # Decoded here: json.loads would also accept other encodings and halves of surrogate pairs.
        message = json.loads(payload.decode())
        if b"\\u" in payload:
            json.dumps(message, ensure_ascii=False).encode()  # raises for such a half
    except (ValueError, RecursionError) as error:
        raise MessageError(f"not JSON: {error}") from error
    return message


def peek_id(payload: bytes) -> tuple[str, str] | None:
    """Return meter and timestamp, as published, of a message that is no valid frame; None if it has none.

    >>> peek_id(b'{"meter": "031961123456", "timestamp": "2026-11-24T22:20:20.123456Z", "frame": null}')
    ('031961123456', '2026-11-24T22:20:20.123456Z')
    """
    try:
        message = json.loads(payload[:_PEEK_MAX].decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    meter, timestamp = message.get("meter"), message.get("timestamp")
    if not isinstance(meter, str) or not isinstance(timestamp, str):
        return None
    return (meter, timestamp) if METER.fullmatch(meter) and _TIME.fullmatch(timestamp) else None


def format_time(time: datetime) -> str:
    """Write a time in UTC with its microseconds.

    >>> format_time(datetime(2026, 11, 24, 22, 20, 20, 5, tzinfo=UTC))
    '2026-11-24T22:20:20.000005Z'
    """
    return f"{_in_utc(time).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def write_stamp(stamp: datetime) -> str:
    """Write a time of the meter in UTC: whole seconds, unless it has more.

    >>> write_stamp(datetime(2026, 11, 24, 22, 20, 19, tzinfo=UTC))
    '2026-11-24T22:20:19Z'
    """
    return f"{_in_utc(stamp).replace(tzinfo=None).isoformat()}Z"


def parse_time(text: str) -> datetime:
    """Read a time with an offset from UTC, such as `Z`.

    Raises:
        MessageError: `text` is no such time.

    >>> parse_time("2026-11-24T23:20:19+01:00")
    datetime.datetime(2026, 11, 24, 22, 20, 19, tzinfo=datetime.timezone.utc)
    """
    if not _TIME.fullmatch(text):
        raise MessageError(f"not an instant: {text[:40]!r}, such as '2026-11-24T22:20:20.123456Z' is expected")
    try:
        return _in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise MessageError(f"not an instant: {text!r}, {error}") from error


def _in_utc(time: datetime) -> datetime:
    return time if time.tzinfo is UTC else time.astimezone(UTC)


def wanted(message: Mapping[str, Any], key: str, kind: type, what: str = "frame") -> Any:
    """Return a value of the message of a frame, or of what else it should be.

    Raises:
        MessageError: it is missing, or of another type; a bool is no int.
    """
    value = _optional(message, key, kind, what)
    if value is None:
        raise MessageError(f"not a {what}: {key!r} is missing")
    return value


def _optional(message: Mapping[str, Any], key: str, kind: type, what: str = "frame") -> Any:
    value = message.get(key)
    if value is not None and type(value) is not kind:
        raise MessageError(f"not a {what}: {key!r} is {type(value).__name__}, not {kind.__name__}")
    return value


@lru_cache
def _check_labels(labels: tuple[str, ...]) -> None:
    """Check the labels of a frame, or of its stamps: nearly all frames have the same."""
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise MessageError(f"not a frame: {label[:40]!r} is not a label (1 to 16 characters, ! to ~)")


def _checked_values(values: dict[str, Any]) -> Mapping[str, Value]:
    if not values:
        raise MessageError("not a frame: 'frame' is empty")
    _check_labels(tuple(values))
    for label, value in values.items():
        if type(value) not in _VALUE_TYPES:
            raise MessageError(f"not a frame: {label} is {type(value).__name__}, not an integer or a string")
    return values


def _checked_stamps(stamps: dict[str, Any]) -> Mapping[str, datetime]:
    _check_labels(tuple(stamps))
    checked = {}
    for label, text in stamps.items():
        if not isinstance(text, str):
            raise MessageError(f"not a frame: the stamp of {label} is {type(text).__name__}, not a string")
        checked[label] = _parse_stamp(text)
    return checked


# Most stamps are the same in each frame of a meter, some for all meters; this is enough for a thousand of them.
_parse_stamp = lru_cache(maxsize=4_000)(parse_time)
