"""Digests on a real database: which days they are about, and what they are compared with."""

import contextlib
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from common.database.mariadb import Database, sql_time
from monitor.alerts.digest import digest_message
from monitor.base.alert_settings import AlertSettings
from monitor.base.calendar import midnight
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine, Household
from monitor.base.household import House as Configured
from monitor.money.calendars import Calendars
from monitor.money.home import Home
from storer.database.meters import add_meters
from tests.services.test_report import Monitor
from tests.support.past import TEMPO, add_past, make_past
from tests.support.prices import bundled_prices
from tests.support.servers import Database as Server
from tests.support.settings import save_settings
from tests.support.storing import make_tables

PARIS = ZoneInfo("Europe/Paris")
METER, OLD = "031961000001", "021861999999"
HOUR = timedelta(hours=1)
BASE = MonitorConfig(household=Household(contracts=(ContractLine(METER, date(2026, 1, 1), "base", 6),), language="fr"))


def at(day: date) -> datetime:
    return datetime.fromisoformat(f"{day} 07:30").replace(tzinfo=PARIS).astimezone(UTC)


def kilowatt(tables: Database, meter: str, first: date, end: date) -> None:
    """Import 1 kWh of each hour from one local midnight to another."""
    start, until = midnight(first, PARIS), midnight(end, PARIS)
    hours = [start + HOUR * number for number in range((until - start) // HOUR)]
    with contextlib.closing(tables.connect()) as connection:
        add_meters(connection, [meter])
        for hour in hours:
            connection.execute(
                "INSERT INTO imported_hours (meter_id, hour, register, source, wh)"
                " SELECT id, %s, 0, 'csv', 1000 FROM meters WHERE identifier = %s",
                (sql_time(hour), meter),
            )


def message(tables: Database, period: str, now: datetime, config: MonitorConfig = BASE) -> list[str] | None:
    """Return the title and the lines of a digest."""
    with contextlib.closing(tables.connect()) as connection:
        answers = Home(connection, config, bundled_prices(), Calendars())
        found = digest_message(answers, config, period, now)
    if found is None:
        return None
    assert found.written == now < found.expires
    return [line.translate({0x202F: " ", 0xA0: " "}) for line in (found.title, *found.body.splitlines())]


@pytest.mark.parametrize(
    ("period", "day", "total", "compared"),
    [
        ("weekly", date(2026, 3, 30), "167,0 kWh · ", "Écart avec sem. 12 : −1 % en kWh, −1 % en €"),
        ("weekly", date(2026, 10, 26), "169,0 kWh · ", "Écart avec sem. 42 : +1 % en kWh, +1 % en €"),
        ("daily", date(2026, 3, 30), "23,0 kWh · ", "Écart avec dim. 22/03 : −4 % en kWh, −4 % en €"),
        ("monthly", date(2026, 11, 1), "745,0 kWh · ", "Écart par jour avec sept. 2026 : ±0 % en kWh, ±0 % en €"),
        ("monthly", date(2027, 2, 1), "744,0 kWh · ", "Écart avec déc. 2026 : ±0 % en kWh, ±0 % en €"),
    ],
)
def test_a_period_is_that_of_the_calendar_also_with_a_clock_change(
    fresh_database: Server, period: str, day: date, total: str, compared: str
) -> None:
    tables = make_tables(fresh_database)
    kilowatt(tables, METER, day - timedelta(days=70), day)
    lines = message(tables, period, at(day))
    assert lines is not None
    assert lines[1].startswith(total)
    assert lines[2] == compared


def test_the_first_week_of_a_house_is_compared_with_nothing(fresh_database: Server) -> None:
    tables = make_tables(fresh_database)
    kilowatt(tables, METER, date(2026, 11, 20), date(2026, 11, 23))
    assert message(tables, "weekly", at(date(2026, 11, 16))) is None
    lines = message(tables, "weekly", at(date(2026, 11, 23)))
    assert lines is not None
    assert lines[1].startswith("72,0 kWh")
    assert lines[2:] == ["Relevés depuis ven. 20/11"]


def test_a_week_in_which_an_imported_month_ends_is_compared_with_nothing(fresh_database: Server) -> None:
    """October as a whole, 744 kWh, counts on its last day: nobody knows how much of it is of that week."""
    tables = make_tables(fresh_database)
    kilowatt(tables, METER, date(2026, 11, 1), date(2026, 11, 9))
    last = midnight(date(2026, 11, 1), PARIS) - HOUR
    with contextlib.closing(tables.connect()) as connection:
        connection.execute(
            "INSERT INTO imported_hours (meter_id, hour, register, source, wh, hours)"
            " SELECT id, %s, 0, 'csv', 744000, 745 FROM meters",
            (sql_time(last),),
        )
    lines = message(tables, "weekly", at(date(2026, 11, 9)))
    assert lines is not None
    assert lines[1].startswith("168,0 kWh · ")
    assert not any("Écart" in line for line in lines)


def test_without_a_contract_the_energy_is_told(fresh_database: Server) -> None:
    tables = make_tables(fresh_database)
    kilowatt(tables, METER, date(2026, 11, 9), date(2026, 11, 23))
    assert message(tables, "weekly", at(date(2026, 11, 23)), MonitorConfig()) == [
        "Semaine du 16/11 au 22/11",
        "168,0 kWh · prix inconnu",
        "Écart avec sem. 46 : ±0 % en kWh",
        "Prévision nov. 2026 : 528 kWh (480 kWh à 591 kWh)",  # 22 days of 24 kWh, 8 to come: 0.75 to 1.33 of them
    ]


def test_a_replaced_meter_goes_on_and_another_one_has_lines_of_its_own(fresh_database: Server) -> None:
    tables = make_tables(fresh_database)
    kilowatt(tables, OLD, date(2026, 11, 9), date(2026, 11, 18))
    kilowatt(tables, METER, date(2026, 11, 18), date(2026, 11, 23))
    kilowatt(tables, "041961555555", date(2026, 11, 22), date(2026, 11, 23))
    config = MonitorConfig(
        household=Household(meters=(Configured(METER, "Maison", (OLD,)),), alerts=AlertSettings(language="en"))
    )
    assert message(tables, "weekly", at(date(2026, 11, 23)), config) == [
        "Week from 16 Nov to 22 Nov",
        "Maison: 168.0 kWh · price unknown",
        "Against week 46: ±0% in kWh",
        "Nov 2026 expected: 528 kWh (480 kWh to 591 kWh)",
        "Meter 041961555555: 24.0 kWh · price unknown",
        "Readings since Sun 22 Nov",
    ]


def test_a_tempo_house_and_a_producer_that_were_read(fresh_database: Server) -> None:
    monday = date(2024, 11, 25)  # of a season whose colours are bundled
    begin, end = midnight(date(2024, 11, 4), PARIS), midnight(monday, PARIS) + 6 * HOUR  # today has none yet
    tables = make_past(fresh_database, begin, end, TEMPO)
    lines = message(tables, "weekly", at(monday))
    assert lines is not None
    assert len(lines) <= 10
    for words in (
        "Écart avec sem. 46",
        "Bleu : HC",
        "Abonnement",
        "Pointe",
        "talon",
        "Jours restants",
        "Prévision nov.",
    ):
        assert any(words in line for line in lines), (words, lines)
    assert not any("Mesuré" in line for line in lines)
    add_past(tables, begin, end, "standard-three-phase-producer")
    lines = message(tables, "weekly", at(monday))
    assert lines is not None
    assert len(lines) <= 10
    assert any("injecté" in line for line in lines)


class Then(datetime):
    """A Monday."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return at(date(2026, 11, 23)).astimezone(tz)


def test_the_report_prints_the_last_period_that_is_over(
    fresh_database: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.places.review.report.datetime", Then)
    tables = make_tables(fresh_database)
    kilowatt(tables, METER, date(2026, 11, 9), date(2026, 11, 23))
    monitor = Monitor(fresh_database, tmp_path)
    assert "168,0\u202fkWh" in monitor.run("report", "--digest")
    save_settings(tables, alerts={"digest": "daily"})
    assert "24,0\u202fkWh" in monitor.run("report", "--digest")
    assert "168,0\u202fkWh" in monitor.run("report", "--digest", "weekly", "--meter", METER)
    assert "--by" in monitor.run("report", "--digest", "--by", "week", code=2)
