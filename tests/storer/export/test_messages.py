"""Messages from templates are those of the frames that `decode_row` returns."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Frame
from common.database.mariadb import sql_time
from storer.database.rows import COLUMN_MAX, decode_row, encode_row
from storer.export.messages import LabelSetMessages
from tests.support.frames import every_kind, frames

SIMULATED = list(every_kind(2, every=timedelta(hours=8)))

METERS = {1: "031961123456", 2: "a%s"}
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


@given(frames() | st.sampled_from(SIMULATED), st.data())
def test_any_rows_of_a_label_set_are_written_as_they_were_published(frame: Frame, data: st.DataObject) -> None:
    published = encode_row(frame)
    content = json.loads(published.label_set.content)
    messages = LabelSetMessages(content)
    columns = [published.columns, *data.draw(st.lists(alike(published.columns) | COLUMNS, max_size=6))]
    for one in columns:
        time = frame.timestamp if one is published.columns else data.draw(TIMES)
        number = data.draw(st.sampled_from(sorted(METERS)))
        expected = decode_row(time, METERS[number], one, content).to_json()
        assert messages.write([sql_time(time), number, METERS[number], 1, *one]).encode() == expected
