"""A fast encoder for many frames: its rows are those of `encode_row`, which remembers nothing."""

import dataclasses
from collections.abc import Iterable, Iterator
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Frame, Value
from reader.simulator.meter import KINDS
from storer.frames import row_encoder
from storer.frames.row_encoder import RowEncoder
from storer.frames.rows import encode_row
from tests.support.frames import ADDRESS, DAY, frames, historic, simulated, standard

NUMBERS: list[Value] = [0, -1, 255, 256, 2**15, 2**16, 2**24, 2**32, 10**30, "", "text", "0"]
OTHERS: list[Value] = [1, 7, "x"]
PERIODS: list[Value] = ["HP..", "HCJB", 5]


def assert_same_rows(some: Iterable[Frame], encoder: RowEncoder | None = None) -> None:
    encoder = encoder or RowEncoder()
    for frame in some:
        assert encoder.encode_row(frame) == encode_row(frame)


def changed(frame: Frame, chance: Random) -> Frame:
    """A frame that differs a little from another: in a value, a label, the order, a stamp, or something beside them."""
    values, stamps = dict(frame.values), dict(frame.stamps or {})
    label = chance.choice(list(values))
    match chance.randrange(9):
        case 0:
            values[label] = chance.choice(NUMBERS)
        case 1 if len(values) > 1:
            del values[label]
        case 2:
            values[chance.choice(["NEW", "SINST1", "PPOT", "NTARF", "BASE", "EASF02"])] = chance.choice(OTHERS)
        case 3:
            values[label] = values.pop(label)
        case 4:
            stamps[chance.choice(["DATE", label])] = frame.timestamp.replace(microsecond=chance.choice([0, 0, 1]))
        case 5 if stamps:
            del stamps[chance.choice(list(stamps))]
        case 6:
            values.update(STGE=chance.choice(["003A0001", "013AC401", "?"]), PTEC=chance.choice(PERIODS))
        case 7:
            moved = frame.timestamp + timedelta(seconds=chance.choice([0, 1, 10**8, -(10**8), 2**31, -(2**31)]))
            return dataclasses.replace(frame, timestamp=moved)
        case _:
            return dataclasses.replace(
                frame,
                clock=chance.choice([None, "degraded"]),
                host_clock=chance.choice([None, "unsynchronised"]),
                dropped=chance.choice([None, 0, 1, 255, 256]),
            )
    return dataclasses.replace(frame, values=values, stamps=stamps if stamps or chance.random() < 0.5 else None)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_that_change_in_any_way(kind: str) -> None:
    chance = Random(kind)

    def wander() -> Iterator[Frame]:
        for whole in simulated(kind, 40, every=timedelta(seconds=1)):
            frame = whole
            yield frame
            for _ in range(chance.randrange(6)):
                frame = changed(frame, chance)
                yield frame
                yield frame
            yield whole

    assert_same_rows(wander())


@given(st.lists(frames(), min_size=1, max_size=4), st.data())
def test_any_frames_in_any_order(some: list[Frame], data: st.DataObject) -> None:
    one_meter = [dataclasses.replace(frame, meter=ADDRESS) for frame in some]
    assert_same_rows(data.draw(st.lists(st.sampled_from(some + one_meter), max_size=10)))


@pytest.mark.parametrize("first", [1, 2**16, "x"])
def test_a_value_that_leaves_its_column_and_comes_back(first: int | str) -> None:
    assert_same_rows(historic(IINST=value, PAPP=1) for value in (first, 2, 2**16 - 1, 2**16, 2**16, 2, "x", -1, 2))


def test_a_clock_that_leaves_its_column_because_time_goes_by() -> None:
    """DATE stays the same, so only the timestamp decides where it is written."""
    dated = dataclasses.replace(standard(DATE="", EAST=1), stamps={"DATE": DAY})
    seconds = (0, 1, 2**31 - 1, 2**31, 2**31 + 9, 2**31 + 9, 1, 2**31, 2**31 - 1)
    assert_same_rows(dataclasses.replace(dated, timestamp=DAY + timedelta(seconds=second)) for second in seconds)


def test_each_of_many_meters_has_its_own_label_set_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = RowEncoder()
    meters = [dataclasses.replace(standard(VTIC="02", EAST=1), meter=f"{number}") for number in range(3000)]
    rows = [encoder.encode_row(frame) for frame in meters]
    monkeypatch.setattr(row_encoder, "make_label_set", None)
    assert [encoder.encode_row(frame) for frame in meters] == rows


def test_what_is_remembered_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RowEncoder, "CACHE_SIZE", 7000)
    encoder = RowEncoder()
    some = [
        dataclasses.replace(standard(**{f"L{number % 5}": "x" * number}), meter=f"{number % 7}")
        for number in range(600)
    ]
    assert_same_rows(some, encoder)
    assert len(encoder._latest) <= 4
