"""The API after frames, and then minutes, were dropped."""

from datetime import UTC, datetime

from monitor.api import series
from tests.services.test_api_series import (
    BEGIN,
    END,
    HOUR,
    MINUTE,
    SECOND,
    asked,
    counted,
    filled,
    span,
    stretch,
    text,
    two_hours,
)
from tests.support.servers import Database as Server
from tests.support.storing import query


def test_without_frames_a_stretch_is_of_minutes_and_without_minutes_of_hours(fresh_database: Server) -> None:
    frames = two_hours()
    tables = filled(fresh_database, frames)
    query(tables, "TRUNCATE frames", "SELECT 1")
    start, end = BEGIN + 90 * SECOND, END - 90 * SECOND
    found = stretch(tables, start, end)
    assert (found["from"], found["to"]) == (text(BEGIN + MINUTE), text(END - 2 * MINUTE))
    assert found["wh"] == counted(frames, "EAST", BEGIN + MINUTE, END - 2 * MINUTE)
    assert asked(series.ROUTE, tables, span(BEGIN, END))["source"] == "minutes"
    query(tables, "TRUNCATE minutes", "SELECT 1")
    found = stretch(tables, start, end + HOUR)
    five = datetime(2026, 11, 24, 5, tzinfo=UTC)
    assert found["from"] == text(five - HOUR)
    assert asked(series.ROUTE, tables, span(BEGIN, END))["source"] == "hours"
