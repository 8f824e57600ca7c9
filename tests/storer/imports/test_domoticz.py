import sqlite3
from pathlib import Path

import pytest

from common.errors import ConfigError
from storer.imports.domoticz import read_domoticz
from storer.imports.foreign_database import open_file
from storer.imports.model import Parsed
from storer.imports.plan import Stored, make_plan
from tests.support.imports import PARIS, of

TABLES = """
CREATE TABLE DeviceStatus (ID INTEGER PRIMARY KEY, Name VARCHAR(100));
CREATE TABLE Meter (DeviceRowID BIGINT, Value BIGINT, Usage INTEGER, Date DATETIME);
CREATE TABLE Meter_Calendar (DeviceRowID BIGINT, Value BIGINT, Counter BIGINT, Date DATE);
CREATE TABLE MultiMeter (DeviceRowID BIGINT, Value1 BIGINT, Value2 BIGINT, Value3 BIGINT, Value4 BIGINT, Value5 BIGINT,
    Value6 BIGINT, Date DATETIME);
CREATE TABLE MultiMeter_Calendar (DeviceRowID BIGINT, Value1 BIGINT, Value2 BIGINT, Value3 BIGINT, Value4 BIGINT,
    Value5 BIGINT, Value6 BIGINT, Counter1 BIGINT, Counter2 BIGINT, Counter3 BIGINT, Counter4 BIGINT, Date DATE);
INSERT INTO DeviceStatus VALUES (7, 'Linky'), (8, 'Boiler');
INSERT INTO MultiMeter_Calendar VALUES
    (7, 3990, 0, 900, 0, 5980, 0, 0, 0, 0, 0, '2025-10-24'),
    (7, 4000, 0, 900, 0, 6000, 0, 104000, 0, 206000, 0, '2025-10-25'),
    (7, 4990, 0, 900, 0, 6990, 0, 109000, 0, 213000, 0, '2025-10-26');
INSERT INTO MultiMeter VALUES
    (7, 105000, 0, 500, 0, 210000, 0, '2025-10-26 13:55:00'), (7, 106000, 0, 500, 0, 211000, 0, '2025-10-26 14:55:00'),
    (7, 109000, 0, 500, 0, 213000, 0, '2025-10-26 23:55:00'), (7, 109100, 0, 500, 0, 213000, 0, '2025-10-27 00:55:00'),
    (7, 110000, 0, 500, 0, 213000, 0, '2025-10-27 09:55:00'), (7, 110400, 0, 500, 0, 213000, 0, '2025-10-27 10:55:00'),
    (7, 110600, 0, 500, 0, 213050, 0, '2025-10-27 11:55:00');
INSERT INTO Meter_Calendar VALUES (8, 2500, 0, '2025-10-24'), (8, -3, 0, '2025-10-25');
"""


def read(folder: Path, **series: int) -> Parsed:
    file = folder / "domoticz.db"
    with sqlite3.connect(file) as database:
        database.executescript(TABLES)
    database.close()
    with open_file(file) as source:
        return read_domoticz(source, {name.strip("_"): number for name, number in series.items()}, PARIS)


def test_tariffs_are_registers_days_come_from_counters_and_recent_hours_from_the_log(tmp_path: Path) -> None:
    parsed = read(tmp_path, _7=0)
    assert [period.hours for period in of(parsed, "supplier_1")] == [24, 24, 25, 1, 9, 1, 1]
    assert [period.wh for period in of(parsed, "supplier_1")] == [3990, 4000, 5000, 100, 900, 400, 200]
    assert [period.wh for period in of(parsed, "supplier_2")] == [5980, 6000, 7000, 0, 0, 0, 50]
    assert of(parsed, "injected") == []


def test_a_plain_counter_is_the_register_that_was_asked_for(tmp_path: Path) -> None:
    parsed = read(tmp_path, _8=3)
    assert [(one.hours, one.wh) for one in of(parsed, "supplier_3")] == [(24, 2500)]
    assert parsed.left_out == {"falls of an index": 1}


def test_which_device_must_be_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"7 \(Linky\); 8 \(Boiler\)"):
        read(tmp_path)


def test_the_day_within_which_the_log_begins_is_not_displaced_by_its_hours(tmp_path: Path) -> None:
    parsed = read(tmp_path, _7=0)
    made = make_plan(parsed.periods, Stored(), set(), -1)
    assert made.finer == 0
    assert sum(period.wh for period in made.new if period.register == 1) == 3990 + 4000 + 110600 - 104000
