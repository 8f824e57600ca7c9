import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from common.doctor.findings import Report, Status
from monitor.doctor.command import check, diagnose, diagnose_contracts, diagnose_houses, diagnose_sources
from monitor.doctor.probe import DatabaseFacts
from monitor.readings.periods import ContractLine, House
from monitor.readings.sources import Source

NOW = datetime(2026, 11, 25, 13, tzinfo=UTC)
GOOD = DatabaseFacts(
    version="11.8.6-MariaDB",
    account="teleinfo-monitor@localhost",
    meters=("031961000001",),
    up_to=NOW - timedelta(minutes=15),
    last_frame=NOW - timedelta(seconds=1),
)


def problems(facts: DatabaseFacts) -> list[tuple[str, str]]:
    return [
        (finding.status.value, finding.subject)
        for finding in diagnose(facts, "teleinfodb at localhost:3306", NOW)
        if finding.status is not Status.OK
    ]


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (GOOD, []),
        (replace(GOOD, can_write=("INSERT",)), [("note", "Database")]),
        (replace(GOOD, has_rollups=False), [("problem", "Rollups")]),
        (replace(GOOD, up_to=NOW - timedelta(hours=3)), [("problem", "Rollups")]),
        (replace(GOOD, up_to=NOW - timedelta(days=9), last_frame=NOW - timedelta(days=9)), []),  # a silent house
        (replace(GOOD, late_hours=5000, rebuilding=True), [("note", "Rollups"), ("note", "Rollups")]),
    ],
    ids=["good", "may write", "no tables", "rollups stand still", "nothing comes", "late and rebuilding"],
)
def test_what_is_wrong_with_a_database_is_told(facts: DatabaseFacts, found: list[tuple[str, str]]) -> None:
    assert problems(facts) == found


def test_a_database_that_does_not_answer_is_a_problem_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text(
        "database: {host: 127.0.0.1, port: 1}\ncontracts: [{meter: '1', from: 2025-01-01, offer: zen, power: 9}]\n"
    )
    output = io.StringIO()
    assert check(file, Report(output), NOW) == 1
    lines = output.getvalue().splitlines()
    assert any("problem Database" in line and "→" in line for line in lines)
    assert any("problem Prices" in line and "zen" in line for line in lines)


def test_a_line_of_contracts_for_another_meter_is_noticed(tmp_path: Path) -> None:
    line = ContractLine("03196100001", date(2025, 1, 1), "base", 6)
    right = replace(line, meter=GOOD.meters[0])
    (found,) = diagnose_contracts([line, line, right], GOOD.meters)
    assert found.what.startswith("no meter 03196100001 is in the database")
    assert found.fix.endswith("there are 031961000001")
    assert list(diagnose_contracts([line], ())) == []  # no frame came yet


def test_a_file_of_colours_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    file, output = tmp_path / "monitor.yaml", io.StringIO()
    file.write_text("database: {host: 127.0.0.1, port: 1}\ntempo: /nowhere.csv\n")
    assert check(file, Report(output), NOW) == 1
    assert "problem Tempo: /nowhere.csv: cannot be read" in output.getvalue()


def test_a_calendar_in_other_words_than_the_offers_ask_for_is_a_problem(tmp_path: Path) -> None:
    file, days, output = tmp_path / "monitor.yaml", tmp_path / "days.csv", io.StringIO()
    days.write_text("2026-01-15;serenite\n")
    file.write_text(f"database: {{host: 127.0.0.1, port: 1}}\ncalendars: {{ohm-modulo: {days}}}\n")
    assert check(file, Report(output), NOW) == 1
    assert f"problem Calendars: {days}: no day is serenity" in output.getvalue()


def test_why_the_database_does_not_answer_is_told_once_with_the_fix_for_it(tmp_path: Path) -> None:
    file, output = tmp_path / "monitor.yaml", io.StringIO()
    for database, what, fix in (
        ("{host: 127.0.0.1, port: 1}", "no server at 127.0.0.1:1: nothing listens there", "start it: "),
        ("{password_file: /nowhere}", "database.password_file: /nowhere cannot be read", "create the file"),
    ):
        file.write_text(f"database: {database}\n")
        assert check(file, Report(output), NOW) == 1
        assert f"✗ problem Database: {what}" in output.getvalue()
        assert f"→ {fix}" in output.getvalue()


def test_a_wrong_configuration_ends_the_check(tmp_path: Path) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text("datebase: {}\n")
    output = io.StringIO()
    assert check(file, Report(output), NOW) == 2
    assert "did you mean 'database'" in output.getvalue()


def test_a_house_is_listed_with_its_name_and_the_meters_that_were_there_before() -> None:
    houses = [House("031961123456", "Maison", ("021861999999",))]
    facts = replace(GOOD, meters=("021861999999", "031961123456", "041961555555"))
    texts = [finding.what for finding in diagnose(facts, "here", NOW, houses) if finding.subject == "Meters"]
    assert texts == ["Maison (031961123456, before it 021861999999), 041961555555"]


def test_an_address_in_meters_that_no_meter_has_is_a_notice() -> None:
    houses = [House("031961123456", "Maison", ("021861999998",))]
    (finding,) = diagnose_houses(houses, ["021861999999", "031961123456"])
    assert "021861999998" in finding.what
    assert "there are 021861999999" in finding.fix
    assert list(diagnose_houses(houses, [])) == []  # a database without meters is told elsewhere


def test_a_source_that_is_behind_no_meter_is_noticed() -> None:
    old, new, other = "021861999999", "031961123456", "041961555555"
    houses = [House(new, "Maison", (old,))]
    roof, plug = Source(1, "toit", "production", None), Source(2, "prise", "device", "031961123465")

    assert list(diagnose_sources([roof], [old, new], houses)) == []  # one house
    assert list(diagnose_sources([replace(roof, meter=one) for one in (old, new)], [new, other], houses)) == []
    assert list(diagnose_sources([roof, plug], [], houses)) == []  # no frame came yet

    (nowhere,) = diagnose_sources([roof], [old, new, other], houses)
    assert nowhere.what.startswith("toit names no meter, and there are several")
    assert "there are 021861999999, 031961123456, 041961555555" in nowhere.fix
    assert nowhere.fix.endswith("teleinfo-storer sources --forget toit")
    (wrong,) = diagnose_sources([plug], [new], houses)
    assert wrong.what.startswith("prise: no meter 031961123465 is in the database")
