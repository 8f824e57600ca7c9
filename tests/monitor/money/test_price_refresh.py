import os
from datetime import date
from pathlib import Path

import pytest

from common.errors import ConfigError
from monitor.base.config import MonitorConfig
from monitor.money.price_files import LOOK_EVERY, UPDATED, RateFiles

COLOURS = "2026-01-15;rouge\n"


def write(file: Path, text: str) -> None:
    """Write a file; its time of change differs from the one before, however coarse the clock of the file system is."""
    later = file.stat().st_mtime_ns + 1_000_000_000 if file.exists() else None
    file.write_text(text)
    if later is not None:
        os.utime(file, ns=(later, later))


@pytest.fixture
def tempo(tmp_path: Path) -> Path:
    write(tmp_path / "tempo.csv", COLOURS)
    return tmp_path / "tempo.csv"


def test_files_that_did_not_change_are_not_read_again(tempo: Path) -> None:
    rates = RateFiles(MonitorConfig(tempo=tempo), tempo.parent)
    before = rates.current
    assert before.calendars.written == {date(2026, 1, 15): "red"}
    assert not rates.refresh(100.0)
    assert rates.current is before


def test_a_changed_file_counts_from_now_on(tempo: Path) -> None:
    rates = RateFiles(MonitorConfig(tempo=tempo), tempo.parent)
    assert not rates.refresh(100.0)
    write(tempo, "2026-01-15;bleu\n")
    assert not rates.refresh(100.0 + LOOK_EVERY / 2)  # it looks now and then only
    assert rates.refresh(100.0 + LOOK_EVERY)
    assert rates.current.calendars.written == {date(2026, 1, 15): "blue"}


def test_prices_that_are_updated_later_are_found(tmp_path: Path) -> None:
    rates = RateFiles(MonitorConfig(), tmp_path)
    origins = {file.origin for file in rates.current.prices.files}
    write(
        tmp_path / UPDATED[0],
        "checked: 2027-02-02\nrules: {base: {hours: {any: {BASE: rest}}}}\n"
        "offers: [{id: trv-base, kind: regulated, meter: base, rule: base,"
        " rows: [{from: 2027-02-01, kwh: {BASE: 0.2100}, subscription: {6: 16.00}}]}]\n",
    )
    assert rates.refresh(100.0)
    assert {file.origin for file in rates.current.prices.files} > origins


def test_a_file_that_becomes_wrong_changes_nothing_and_is_said_once(
    tempo: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rates = RateFiles(MonitorConfig(tempo=tempo), tempo.parent)
    write(tempo, "2026-01-15;mauve\n")
    for number in range(3):
        assert not rates.refresh(100.0 + number * LOOK_EVERY)
    assert rates.current.calendars.written == {date(2026, 1, 15): "red"}
    assert len(caplog.records) == 1
    assert "2026-01-15;mauve" in caplog.text
    write(tempo, COLOURS)
    assert rates.refresh(200.0)


def test_prices_from_before_name_the_file_that_has_become_wrong_until_it_is_right(tempo: Path) -> None:
    file = tempo.parent / "prices.yaml"
    write(file, "schema: 1\n")
    rates = RateFiles(MonitorConfig(prices=file), tempo.parent)
    assert rates.current.prices.error is None
    write(file, "offers:\n- id: mine\n  rows:\n  - from: 2026-01-01\n    kwh: {BASE: abc}\n")
    rates.refresh(100.0)
    assert str(rates.current.prices.error).startswith(f"{file}, line 5: ")
    write(file, "schema: 1\n")
    rates.refresh(200.0)
    assert rates.current.prices.error is None


def test_a_file_that_is_wrong_at_the_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        RateFiles(MonitorConfig(tempo=tmp_path / "missing.csv"), tmp_path)
