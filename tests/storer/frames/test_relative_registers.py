"""The running registers of standard mode: stored as differences, and always given back."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.contract.frame import Frame, Value
from common.contract.power import is_three_phase
from storer.frames.relative_registers import idle_totals, number_of, value_of
from storer.frames.rows import COLUMNS, RowEncoder, decode_row, encode_row
from tests.support.frames import simulated, standard

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


@given(
    st.sampled_from(["index_supplier", "index_distributor"]),
    st.none() | INDEX,
    st.none() | INDEX,
    st.integers(),
    st.booleans(),
)
@example("index_distributor", 0, 0, 0, False)
@example("index_distributor", 0, None, 0, False)
@example("index_supplier", 0, None, 0, False)
@example("index_supplier", 0, 0, 0, True)
@example("index_supplier", None, 0, 0, True)
@example("index_supplier", None, None, 0, True)
@example("index_supplier", 2**32 - 1, 0, -1, True)
def test_a_value_comes_back_from_its_difference(
    column: str, value: int | None, total: int | None, idle: int, both: bool
) -> None:
    number = number_of(column, value, total, idle, both=both)
    assert number is None or 0 <= number < 2**32
    assert value_of(column, number, total, idle, both=both) == value


@pytest.mark.parametrize(
    ("east", "easf02", "expected"),
    [
        (1000, 200, None),
        (1000, 201, 2**32 - 1),
        (1000, None, 0),
        (None, 200, 2**32 - 1000),
        (None, None, None),  # no index at all: the rollups look for frames that have one
    ],
)
def test_of_a_producer_of_three_phases_both_columns_are_null_where_the_register_follows(
    east: int | None, easf02: int | None, expected: int | None
) -> None:
    supplier = {f"EASF{number:02}": 100 for number in (1, *range(3, 11))} | {"EASF10": 0}
    values: dict[str, Value | None] = {"EAST": east, "EASF02": easf02, **supplier, "SMAXIN": 5, "URMS2": 230, **RUNNING}
    frame = standard(**{label: value for label, value in values.items() if value is not None})
    row = encode_row(frame)
    assert json.loads(row.label_set.content)["relative"] == "both"
    assert row.columns[COLUMNS.index("index_supplier")] == expected
    assert RowEncoder().encode_row(frame) == row
    assert back(frame).to_json() == frame.to_json()


@pytest.mark.parametrize(
    "is_missing",
    [lambda label: label == "SMAXIN", lambda label: is_three_phase([label])],
    ids=["three phases without injection", "a producer of one phase"],
)
def test_of_others_the_supplier_has_a_zero_where_it_follows(is_missing: Callable[[str], bool]) -> None:
    (frame,) = simulated("standard-three-phase-producer", 1, every=timedelta(seconds=1))
    row = encode_row(replace(frame, values={key: one for key, one in frame.values.items() if not is_missing(key)}))
    assert json.loads(row.label_set.content)["relative"] is True
    assert row.columns[COLUMNS.index("index_supplier")] == 0


@pytest.mark.parametrize(
    ("east", "easd02", "expected"),
    [
        (1000, 200, None),  # the sum is right
        (1000, 201, 2**32 - 1),  # registers round on their own
        (1000, 199, 1),
        (1000, None, 0),  # the group was damaged
        (None, 200, 2**32 - 1000),  # EAST was damaged: taken for 0
        (None, None, 0),
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


def test_the_running_registers_of_a_meter_follow_from_its_other_indexes() -> None:
    (frame,) = simulated("standard-single-phase-tempo", 1, every=timedelta(seconds=1))
    columns = encode_row(frame).columns
    names = ("index_total", "index_supplier", "index_distributor")
    assert [columns[COLUMNS.index(name)] for name in names] == [frame.values["EAST"], 0, None]


def test_the_registers_that_do_not_run_are_summed() -> None:
    running = {"index_distributor": "EASD02", "index_supplier": "EASF03"}
    supplier: dict[str, Value] = {f"EASF{number:02}": number for number in (1, 2, 4, 5, 6, 7, 8, 9, 10)}
    assert idle_totals(running, IDLE) == {"index_distributor": 800}
    assert idle_totals(running, IDLE | supplier) == {"index_distributor": 800, "index_supplier": 52}
    assert idle_totals({"index_distributor": "EASD01"}, IDLE) == {}
    assert idle_totals({"index_supplier": "HCHC"}, {"HCHP": 5}) == {}
    assert idle_totals(running, {**IDLE, "EASD03": "x"}) == {}
