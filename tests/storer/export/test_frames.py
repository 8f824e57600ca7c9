"""Messages from templates are those of the frames that `decode_row` returns."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Frame
from common.database.mariadb import sql_time
from common.errors import ConfigError
from reader.simulator.meter import KINDS
from storer.export.frames import LabelSetMessages, read_limit, read_selection
from storer.frames.rows import COLUMN_MAX, decode_row, encode_row
from tests.support.frames import ADDRESS, DAY, frames, simulated

METERS = (ADDRESS, "another")
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
COLUMNS = st.tuples(
    *(
        st.none()
        | st.sampled_from([0, 1, largest - 1, largest])
        | st.integers(-largest if column == "clock_offset" else 0, largest)
        for column, largest in COLUMN_MAX.items()
    )
)


@st.composite
def alike(draw: st.DrawFn, columns: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """Make columns of which those are NULL that are NULL in `columns`, as in nearly all rows of a label set."""
    drawn = draw(COLUMNS)
    return tuple(None if column is None else new or 0 for column, new in zip(columns, drawn, strict=True))


@given(frames(), st.data())
def test_rows_with_the_label_set_of_any_frame(frame: Frame, data: st.DataObject) -> None:
    compare(frame, data)


@given(st.sampled_from(KINDS), st.data())
def test_rows_with_the_label_set_of_a_meter(kind: str, data: st.DataObject) -> None:
    (frame,) = simulated(kind, 1, every=timedelta(0))
    compare(frame, data)


def compare(frame: Frame, data: st.DataObject) -> None:
    """Compare the messages of rows that have the label set of a frame, written one after the other."""
    published = encode_row(frame)
    content = json.loads(published.label_set.content)
    messages = LabelSetMessages(content)
    for columns in [published.columns, *data.draw(st.lists(alike(published.columns) | COLUMNS, max_size=6))]:
        time, (number, meter) = data.draw(TIMES), data.draw(st.sampled_from(list(enumerate(METERS))))
        expected = decode_row(time, meter, columns, content).to_json()
        assert messages.write([sql_time(time), number, meter, 1, *columns]).encode() == expected


def test_a_day_begins_at_midnight_utc() -> None:
    assert read_limit("2026-11-24") == DAY
    assert read_limit("2026-11-24T01:00:00+01:00") == DAY


@pytest.mark.parametrize("limit", ["yesterday", "2026-11", "2026-13-01", "2026-11-24 18:00", "2026-11-24T18:00:00"])
def test_what_is_no_limit_is_refused_with_an_example(limit: str) -> None:
    for start, end in ((limit, None), (None, limit)):
        with pytest.raises(ConfigError, match="2026-11-24"):
            read_selection(start, end)


def test_limits_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"2026-11-01 .*2026-12-01"):
        read_selection("2026-12-01", "2026-11-01")
