"""The running register of the distributor: stored as a difference, and always given back."""

import dataclasses
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.frame import Frame, Value
from storer.database.distributor import idle_total, relative
from storer.database.rows import COLUMNS, RowEncoder, decode_row
from tests.support.frames import standard

INDEX = st.integers(0, 2**32 - 1) | st.sampled_from([0, 1, 2**32 - 1])
IDLE: dict[str, Value] = {"EASD01": 100, "EASD03": 300, "EASD04": 400}
RUNNING: dict[str, Value] = {"STGE": "003A4401", "NTARF": 2}  # EASD02


def column(frame: Frame) -> int | None:
    return RowEncoder().encode_row(frame).columns[COLUMNS.index("index_distributor")]


def digest(frame: Frame) -> bytes:
    return RowEncoder().encode_row(frame).label_set.digest


def back(frame: Frame) -> Frame:
    row = RowEncoder().encode_row(frame)
    return decode_row(row.timestamp, row.meter, row.columns, json.loads(row.label_set.content))


@given(st.none() | INDEX, st.none() | INDEX, st.integers())
@example(0, 0, 0)
@example(0, None, 0)
@example(2**32 - 1, 0, -1)
def test_a_value_comes_back_from_its_difference(value: int | None, total: int | None, idle: int) -> None:
    number = relative(value, total, idle)
    assert (number is None) == (value is None)
    assert 0 <= (number or 0) < 2**32
    assert relative(number, total, idle) == value


@pytest.mark.parametrize(
    ("east", "easd02", "expected"),
    [
        (1000, 200, 0),  # the sum is right
        (1000, 201, 2**32 - 1),  # registers round on their own
        (1000, 199, 1),
        (1000, None, None),  # the group was damaged
        (None, 200, 2**32 - 1000),  # EAST was damaged: taken for 0
        (None, None, None),
    ],
)
def test_the_column_has_the_difference_from_the_sum(east: int | None, easd02: int | None, expected: int | None) -> None:
    values: dict[str, Value | None] = {
        "EAST": east,
        "EASD01": 100,
        "EASD02": easd02,
        "EASD03": 300,
        "EASD04": 400,
        **RUNNING,
    }
    frame = standard(**{label: value for label, value in values.items() if value is not None})
    assert column(frame) == expected
    assert back(frame).to_json() == frame.to_json()


def test_frames_share_a_label_set_whatever_the_running_register_says() -> None:
    frames = [
        standard(EAST=1000 + n, EASD01=100, EASD02=200 + n + off, EASD03=300, EASD04=400, **RUNNING)
        for n, off in ((0, 0), (1, 0), (2, 1), (3, -1))
    ]
    frames.append(standard(EASD01=100, EASD02=200, EASD03=300, EASD04=400, **RUNNING))
    frames.append(standard(EAST=1000, EASD01=100, EASD03=300, EASD04=400, **RUNNING))
    assert len({digest(frame) for frame in frames}) == 1


@pytest.mark.parametrize("missing", sorted(IDLE))
@pytest.mark.parametrize("damaged", [None, "00000x"])
def test_without_all_other_registers_the_column_has_the_value(missing: str, damaged: str | None) -> None:
    values: dict[str, Value | None] = {**IDLE, "EASD02": 200, missing: damaged}
    frame = standard(EAST=1000, **{label: value for label, value in values.items() if value is not None}, **RUNNING)
    assert column(frame) == 200
    assert back(frame) == frame


@pytest.mark.parametrize("value", ["200", -1, 2**32])
def test_a_register_that_fits_no_column_stays_in_the_label_set(value: int | str) -> None:
    frame = standard(EAST=1000, EASD01=100, EASD02=value, EASD03=300, EASD04=400, **RUNNING)
    assert back(frame) == frame


def test_a_row_of_an_older_storer_has_the_value_itself() -> None:
    frame = standard(EAST=1000, EASD01=100, EASD02=200, EASD03=300, EASD04=400, **RUNNING)
    row = RowEncoder().encode_row(frame)
    content = json.loads(row.label_set.content)
    assert content.pop("relative") == ["index_distributor"]
    columns = list(row.columns)
    columns[COLUMNS.index("index_distributor")] = 200
    assert decode_row(row.timestamp, row.meter, tuple(columns), content) == frame
    columns[COLUMNS.index("index_distributor")] = None
    lacks = {label: value for label, value in frame.values.items() if label != "EASD02"}
    assert decode_row(row.timestamp, row.meter, tuple(columns), content) == dataclasses.replace(frame, values=lacks)


def test_the_registers_that_do_not_run_are_summed() -> None:
    assert idle_total("EASD02", IDLE) == 800
    assert idle_total("EASD02", {**IDLE, "EASD02": 5}) == 800
    assert idle_total("EASD01", IDLE) is None
    assert idle_total("EASD02", {**IDLE, "EASD03": "x"}) is None


def test_a_label_set_without_its_registers_is_an_error() -> None:
    with pytest.raises(ValueError, match="lacks a register"):
        relative(0, 1000, None)
