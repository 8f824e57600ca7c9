"""Frames for tests: those of simulated meters, and hypothesis strategies for any valid frame."""

import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from common.contract.frame import Frame, Value
from common.contract.labels import LABELS, Mode
from reader.simulator.meter import KINDS, SimulatedMeter
from reader.tic.decoder import Decoder

#: A winter day on which simulated Tempo and EJP contracts have a peak, and there is an overload.
DAY = datetime(2026, 11, 24, tzinfo=UTC)

#: The arrival time of a frame within its second.
FRACTION = timedelta(microseconds=123_456)

ADDRESS = "031961123456"


def simulated(kind: str, count: int, *, start: datetime = DAY, every: timedelta, seed: int = 0) -> Iterator[Frame]:
    """Yield frames of a simulated meter, at a steady pace, as the reader publishes them."""
    meter, decoder = SimulatedMeter(kind, seed=seed), Decoder()
    for number in range(count):
        instant = start + number * every + FRACTION
        (reading,) = decoder.feed(meter.frame(instant))
        assert reading.address is not None
        yield reading.to_frame(reading.address, instant)


def every_kind(count: int, *, every: timedelta, start: datetime = DAY) -> Iterator[Frame]:
    """Yield frames of one simulated meter of each kind."""
    for kind in KINDS:
        yield from simulated(kind, count, every=every, start=start)


def standard(**values: Value) -> Frame:
    """Make a small frame of standard mode; `_` in a name stands for `-`."""
    return _frame(Mode.STANDARD, values)


def historic(**values: Value) -> Frame:
    """Make a small frame of historic mode."""
    return _frame(Mode.HISTORIC, values)


def _frame(mode: Mode, values: dict[str, Value]) -> Frame:
    return Frame(meter=ADDRESS, timestamp=DAY + FRACTION, mode=mode, values=values)


# Strategies of hypothesis.

# All of Unicode but halves of surrogate pairs, which UTF-8 cannot write.
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
LABEL = st.text(st.sampled_from(string.ascii_letters + string.digits + string.punctuation), min_size=1, max_size=16)
METER = st.text(st.sampled_from(string.ascii_letters + string.digits + "_.-"), min_size=1, max_size=32)
INSTANT = st.datetimes(timezones=st.just(UTC))
# A small number, one that is at the edge of a column or beyond it, and any.
NUMBER = (
    st.integers(0, 99_999)
    | st.sampled_from([2**8, 2**15, 2**16, 2**24, 2**32, 2**63]).flatmap(lambda edge: st.integers(edge - 2, edge + 1))
    | st.integers()
)
VALUE = NUMBER | TEXT
# Offsets of the meter's clock from the host's: none, seconds, hours, years.
OFFSET = st.sampled_from(
    [0, 1, -3600, 10**8, *(sign * 2**31 + step for sign in (-1, 1) for step in (-2, -1, 0, 1, 2))]
).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """Make any frame that the specification allows, most often with known labels."""
    mode = draw(st.sampled_from(Mode))
    timestamp = draw(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
    names = draw(st.lists(st.sampled_from(sorted(LABELS[mode])) | LABEL, min_size=1, max_size=30, unique=True))
    if draw(st.booleans()):
        names.sort(key=list(LABELS[mode]).index) if set(names) <= LABELS[mode].keys() else names.reverse()
    values = {name: draw(_value_of(name)) for name in names}
    stamps = draw(st.none() | st.dictionaries(st.sampled_from(names) | LABEL, INSTANT, max_size=6))
    if stamps is not None and draw(st.booleans()):
        stamps["DATE"] = timestamp.replace(microsecond=0) + draw(OFFSET)
        if draw(st.booleans()):
            stamps = {"DATE": stamps.pop("DATE")} | stamps
    return Frame(
        meter=draw(METER),
        timestamp=timestamp,
        mode=mode,
        values=values,
        stamps=stamps,
        clock=draw(st.none() | st.just("degraded") | TEXT),
        host_clock=draw(st.none() | st.just("unsynchronised") | TEXT),
        source=draw(st.none() | st.just("zigbee2mqtt") | TEXT),
        interval=draw(st.none() | st.integers(10, 900)),
        dropped=draw(st.sampled_from([None, 0, 1, 3, 255, 256, 300]) | st.integers(0)),
    )


def _value_of(label: str) -> st.SearchStrategy[Value]:
    likely: dict[str, st.SearchStrategy[Value]] = {
        "DATE": st.just(""),
        "NGTF": st.sampled_from(["      BASE      ", "H PLEINE/CREUSE ", "     TEMPO      ", "EJP", "ZEN Flex"]),
        "NTARF": st.integers(0, 12),
        "STGE": st.sampled_from(["003A0001", "013AC401", "9B3A9000", "FFFFFFFF", "0x3A0001", "3a"]),
        "PTEC": st.sampled_from(["TH..", "HC..", "HP..", "HN..", "PM..", "HCJB", "HPJR", "????"]),
        "OPTARIF": st.sampled_from(["BASE", "HC..", "EJP.", "BBR("]),
    }
    return likely[label] | VALUE if label in likely else VALUE
