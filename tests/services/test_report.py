"""`teleinfo-monitor` on a real database, as people and scripts run it."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.contract.labels import Mode
from monitor.__main__ import main
from tests.services.test_energy import House, counted
from tests.support.mqtt_client import MqttClient
from tests.support.programs import run_here
from tests.support.rolling import roll_up
from tests.support.servers import Broker, free_port
from tests.support.servers import Database as Server
from tests.support.settings import save_settings
from tests.support.storing import client, make_tables, query, store

BEGIN = datetime(2026, 3, 9, 23, tzinfo=UTC)  # Tuesday 10 March 2026, 00:00 in Paris
END = BEGIN + timedelta(days=3)


class Monitor:
    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.file = folder / "monitor.yaml"
        self.connection = (
            f"database: {{host: {server.host}, port: {server.port}, user: {server.user}, "
            f"password: '{server.password}', name: {server.name}}}\n"
        )
        self.port = free_port()  # of a page that nobody serves
        self.configure("")

    def configure(self, text: str) -> None:
        self.file.write_text(f"{self.connection}listen: {{port: {self.port}}}\nauth: none\n{text}", encoding="utf-8")

    def run(self, *arguments: str, code: int = 0, language: str = "fr_FR.UTF-8") -> str:
        done = run_here(main, *arguments, "--config", self.file, LC_ALL=language)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr or done.stdout


@pytest.fixture(scope="module")
def house() -> House:
    house = House(11, BEGIN, Mode.HISTORIC)
    house.calendar = "HC.."
    house.live(END, every=35, outages=0)
    return house


@pytest.fixture(scope="module")
def filled(database: Server, house: House) -> Server:
    """The three days, for all tests but the last two; what a test adds is of another time."""
    database.create_database()
    tables = make_tables(database)
    store(tables, house.frames)
    roll_up(tables, END + timedelta(days=1))
    return database


@pytest.fixture
def monitor(filled: Server, tmp_path: Path) -> Monitor:
    filled.sql(f"DELETE FROM {filled.name}.settings")
    return Monitor(filled, tmp_path)


RANGE = ("--from", "2026-03-10", "--to", "2026-03-13")


def contract(start: str, offer: str, power: int, meter: str = "031961000001") -> dict[str, Any]:
    """Return a line of the section `contracts`."""
    return {"meter": meter, "from": start, "offer": offer, "power": power}


def test_the_json_report_is_the_arithmetic_of_the_frames(monitor: Monitor, house: House) -> None:
    rows = json.loads(monitor.run("report", "--by", "day", *RANGE, "--json"))
    assert [row["start"] for row in rows] == [f"2026-03-{day}T23:00:00Z" for day in ("09", "10", "11")]
    for number, row in enumerate(rows):
        start, end = BEGIN + timedelta(days=number), BEGIN + timedelta(days=number + 1)
        assert row["wh"] == {name: counted(house.frames, name, start, end) for name in ("HCHC", "HCHP")}
        assert row["hours"] == 24
        assert row["recovered_wh"] == 0
        assert 0 < row["coverage"] < 1
        # 6 kVA, grid of 1 February 2026: 0.1579 and 0.2065 EUR a kWh, 187.80 EUR a year.
        energy = Decimal(row["wh"]["HCHC"]) * Decimal("0.0001579") + Decimal(row["wh"]["HCHP"]) * Decimal("0.0002065")
        assert Decimal(row["cost"]["energy"]) == round(energy + Decimal("1e-12"), 2)
        assert row["cost"]["subscription"] == "0.51"


def test_the_french_report_reads_well_in_80_columns(monitor: Monitor) -> None:
    text = monitor.run("report", *RANGE)
    assert max(map(len, text.splitlines())) <= 80
    for words in (
        "du 10 mars 2026 au 12 mars 2026",
        "mar. 10/03",
        "Heures creuses",
        "Abonnement",
        "Données partielles",
        "Prix TTC, dernière grille du 1er février 2026.",  # not a newer one, nor one of another offer
    ):
        assert words in text
    assert "mar. 10/03" not in monitor.run("report", *RANGE, language="C")


def test_the_csv_of_a_french_spreadsheet_has_semicolons_commas_and_local_times(monitor: Monitor) -> None:
    text = monitor.run("report", "--by", "hour", *RANGE, "--csv", "--locale", "fr")
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
    assert len(rows) == 72
    assert rows[0]["Début"] == "10/03/2026 00:00"
    assert "," in rows[0]["Mesuré"]
    plain = list(csv.DictReader(io.StringIO(monitor.run("report", "--by", "hour", *RANGE, "--csv"))))
    assert [row["total_wh"] for row in plain] == [row["Total (Wh)"] for row in rows]
    assert plain[0]["start"] == "2026-03-09T23:00:00Z"


def test_a_month_that_was_imported_as_a_whole_is_not_told_as_the_energy_of_a_day(monitor: Monitor) -> None:
    query(
        client(monitor.server),
        "INSERT INTO imported_hours (meter_id, hour, register, source, wh, hours)"
        " VALUES (1, '2026-01-31 22:00', 0, 'edf', 300000, 744)",
        "SELECT 1",
    )
    days = monitor.run("report", "--by", "day", "--from", "2026-01-30", "--to", "2026-02-01")
    assert "300,0 kWh sont d’une période plus longue" in " ".join(days.replace("\u202f", " ").split())
    assert [line.split()[2:] for line in days.splitlines() if "/01 " in line] == [["–", "–", "0", "%"], ["–", "–", "–"]]
    assert "manquent" not in days
    months = monitor.run("report", "--by", "month", "--from", "2026-01", "--to", "2026-02")
    assert "Importé" in months
    assert "plus longue" not in months


@pytest.mark.parametrize(
    ("raised", "other"),
    [(True, False), (False, True)],
    ids=["price", "contract"],
)
def test_a_month_that_was_imported_as_a_whole_has_the_price_of_each_of_its_days(
    monitor: Monitor, raised: bool, other: bool
) -> None:
    query(
        client(monitor.server),
        "REPLACE INTO imported_hours (meter_id, hour, register, source, wh, hours)"
        " VALUES (1, '2025-12-31 22:00', 0, 'edf', 310000, 744)",
        "SELECT 1",
    )
    cheap = {"from": "2025-11-01", "kwh": {"BASE": 0.2}, "subscription": {"6": 7.3}}
    dear = {"from": "2025-11-01", "kwh": {"BASE": 0.3}, "subscription": {"6": 14.6}}
    mine = [cheap, dear | {"from": "2025-12-11"}] if raised else [cheap]
    later = [contract("2025-12-11", "other", 6)] if other else []
    save_settings(
        client(monitor.server),
        prices={"offers": [{"id": "mine", "rows": mine}, {"id": "other", "rows": [dear]}]},
        contracts=[contract("2025-11-15", "mine", 6), *later],
    )
    month = "--from", "2025-12-01", "--to", "2026-01-01"
    (row,) = json.loads(monitor.run("report", "--by", "month", *month, "--json"))
    # Ten days of 10 kWh at 0.20, 21 days at 0.30; ten days at 87.60 EUR a year, 21 at 175.20.
    assert row["cost"] == {"energy": "83.00", "subscription": "12.48", "total": "95.48"}
    assert (row["wh"], row["coverage"], row["across_wh"], row["flags"]) == ({"BASE": 310_000}, 1, 0, ["imported"])
    days = json.loads(monitor.run("report", "--by", "day", *month, "--json"))
    assert sum(Decimal(day["cost"]["energy"]) for day in days) == 83
    assert [day["across_wh"] for day in days] == [0] * 30 + [310_000]
    (half,) = json.loads(monitor.run("report", "--by", "year", "--from", "2025-12-20", "--to", "2026-01-01", "--json"))
    assert (half["across_wh"], half["coverage"], half["cost"]["energy"]) == (310_000, 1, "83.00")


def test_an_offer_or_a_power_that_does_not_exist_is_said_with_those_that_do(monitor: Monitor) -> None:
    save_settings(client(monitor.server), contracts=[contract("2026-01-01", "hchp", 10)])
    (said,) = [line for line in monitor.run("report", *RANGE).splitlines() if line.startswith("* ")]
    assert "10 kVA" in said
    assert "9 ou 12" in said
    save_settings(client(monitor.server), contracts=[contract("2026-01-01", "zen-fixe", 9)])
    text = " ".join(monitor.run("report", *RANGE).split())
    assert text.count("zen-fixe »") == 1
    assert "edf-zen-fixe" in text


def test_a_line_that_concerns_no_meter_is_said(monitor: Monitor) -> None:
    save_settings(client(monitor.server), contracts=[contract("2026-01-01", "base", 9, meter="3519330717")])
    (said,) = [line for line in monitor.run("report", *RANGE).splitlines() if "3519330717" in line]
    assert "contracts" in said


def test_offers_are_compared_and_what_cannot_be_known_is_refused(monitor: Monitor) -> None:
    text = monitor.run("compare", *RANGE)
    assert re.search(r"€   EDF · Tarif Bleu, option Tempo$", text, re.MULTILINE)  # past colours are bundled
    row = {"from": "2026-01-01", "kwh": {"BASE": 0.2}, "subscription": {"9": 10}}
    save_settings(
        client(monitor.server),
        prices={"offers": [{"id": "mine", "rows": [row]}]},
        contracts=[contract("2026-01-01", "hchp", 6) | {"off_peak": ["22:30-06:30"]}],
    )
    offers = {row["offer"]: row for row in json.loads(monitor.run("compare", *RANGE, "--json"))}
    assert "Abonnement inconnu pour" in offers["mine"]["refused"]
    assert [row["offer"] for row in offers.values() if row["yours"]] == ["trv-hphc"]
    # No offer is charged a subscription for the time before the first reading.
    longer = json.loads(monitor.run("compare", "--from", "2026-03-01", "--to", "2026-03-13", "--json"))
    assert {row["offer"]: row for row in longer} == offers


def test_prices_of_the_past_are_shown_too(monitor: Monitor) -> None:
    assert "0,1579" in monitor.run("prices", "show", "--all")


def test_the_check_of_a_running_database_finds_the_account_that_may_write(monitor: Monitor) -> None:
    text = monitor.run("check")
    assert "ok Compteurs\u00a0: 031961000001" in text
    assert "ok Calculs" in text
    assert "avis Base de données" in text


def test_the_check_finds_the_meters_that_are_live_at_the_broker(monitor: Monitor, broker: Broker) -> None:
    monitor.configure(f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\n")
    with MqttClient(broker.port) as client:
        client.publish("teleinfo/031961000001/state", b"{}", retain=True)
        try:
            assert "ok Compteurs\u00a0: en direct\u00a0: 031961000001" in monitor.run("check")
        finally:
            client.publish("teleinfo/031961000001/state", b"", retain=True)
    assert "avis Compteurs\u00a0: aucun état" in monitor.run("check")


def test_french_people_get_french_errors(monitor: Monitor) -> None:
    for arguments, code, words in (
        (("report", "--meter", "5747"), 2, "le compteur « 5747 » est inconnu ; compteurs connus : 031961000001"),
        (("report", "--from", "2026-03-12", "--to", "2026-03-10"), 2, "doit précéder"),
        (("report", "--from", "hier"), 2, "« hier » n’est pas une date : écrivez"),
        (("compare", "--from", "2099-01-01"), 2, "le 01/01/2099 est à venir"),
        (("compare", "--from", "2020", "--to", "2021"), 2, "aucune énergie"),
        (("report", "--by", "contract-year"), 2, "début de votre contrat"),
    ):
        error = re.sub("[\u00a0\u202f]", " ", monitor.run(*arguments, code=code))
        assert words in error
        assert error.count("\n") == 1
    assert "unknown" in monitor.run("report", "--meter", "5747", code=2, language="C")
    monitor.connection = monitor.connection.replace(f"port: {monitor.server.port}", f"port: {free_port()}")
    monitor.configure("")
    away = re.sub("[\u00a0\u202f]", " ", monitor.run("report", code=1))
    assert "la base de données ne répond pas" in away
    assert "teleinfo-monitor check" in away or "check" in away
    assert "cannot connect" in monitor.run("report", code=1, language="C")


def test_a_meter_that_has_only_imported_hours_is_the_meter(fresh_database: Server, tmp_path: Path) -> None:
    make_tables(fresh_database)
    query(
        client(fresh_database),
        "INSERT INTO meters (id, identifier) VALUES (1, '031961000001')",
        "INSERT INTO imported_hours (meter_id, hour, register, source, wh) VALUES (1, '2026-03-08 10:00', 0, 'csv', 9)",
        "SELECT 1",
    )
    limits = ("--from", "2026", "--to", "2027")
    (row,) = json.loads(Monitor(fresh_database, tmp_path).run("report", "--by", "year", *limits, "--json"))
    assert row["wh"] == {"BASE": 9}


def test_an_empty_database_says_what_to_do(fresh_database: Server, tmp_path: Path) -> None:
    make_tables(fresh_database)
    assert "État" in Monitor(fresh_database, tmp_path).run("report", code=2)
