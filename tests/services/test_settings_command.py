"""`teleinfo-monitor settings` on a real database: one document in and out, and what earlier versions had in files."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.database.mariadb import Database as Client
from monitor.__main__ import main
from monitor.base.addresses import read_addresses
from tests.support.programs import run_here
from tests.support.servers import Database as Server
from tests.support.storing import make_tables

METER = "031961123456"
#: What somebody could have written before settings moved into the page.
BEFORE = """\
time_zone: Europe/Paris
language: fr
prices: {folder}/prices.yaml
tempo: {folder}/tempo.csv
spot: {folder}/spot.csv
calendars: {{ohm-modulo: {folder}/modulo.csv}}
alsace_moselle: true
contracts:
  - {{meter: 031961123456, from: 2025-02-01, offer: mine, power: 9, off_peak: ["22:00-06:00"]}}
meters:
  "031961123456": {{name: Maison, replaces: "021861999999"}}
  "041961123456": Atelier  # the short way
notes:
  - {{at: 2026-10-03, text: Pompe à chaleur}}

alerts:
  to: [ntfys://me:secret@example.org/house, {{file: {folder}/mail}}]
  budget: 120
  quiet: "22:00-07:00"
  away: {{topic: home/away, on: away}}
  rules: {{white: true, talon: false}}
  digest: weekly
"""
TAKEN: dict[str, Any] = {
    "meters": {METER: {"name": "Maison", "replaces": "021861999999"}, "041961123456": {"name": "Atelier"}},
    "contracts": [
        {"meter": METER, "from": "2025-02-01", "offer": "mine", "power": 9, "off_peak": ["22:00-06:00"]}
    ],
    "prices": {
        "offers": [
            {"id": "mine", "supplier": "S", "name": "Mine",
             "rows": [{"from": "2025-02-01", "subscription": {"9": 15.86}, "kwh": {"BASE": 0.2001}}]}
        ],
        "alsace_moselle": True,
    },
    "calendars": {
        "tempo": {"2026-01-15": "red"},
        "days": {"ohm-modulo": {"2026-01-15": "serenity"}},
        "spot": {"2026-01-15T10:00:00Z": 85.2},
    },
    "notes": [{"at": "2026-10-03", "text": "Pompe à chaleur"}],
    "budget": {"euros": 120},
    "alerts": {"quiet": "22:00-07:00", "rules": {"white": True}, "digest": "weekly"},
    "page": {"language": "fr"},
}  # fmt: skip


class Commands:
    def __init__(self, server: Server, folder: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        self.state.mkdir()
        self.file = folder / "monitor.yaml"
        self.machine = (
            f"database: {{host: {server.host}, port: {server.port}, user: {server.user},"
            f" password: '{server.password}', name: {server.name}}}\nstate: {self.state}\nauth: none\n"
        )
        self.file.write_text(self.machine)

    def run(self, *arguments: str | Path, code: int = 0, **environment: str) -> str:
        environment = {"LC_ALL": "en_GB.UTF-8"} | environment
        done = run_here(main, "settings", *map(str, arguments), "--config", self.file, **environment)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr

    def show(self) -> dict[str, Any]:
        found = yaml.safe_load(self.run("show"))
        assert isinstance(found, dict)
        return found

    def write_before(self) -> None:
        (self.folder / "prices.yaml").write_text(
            "offers:\n- id: mine\n  supplier: S\n  name: Mine\n"
            "  rows: [{from: 2025-02-01, subscription: {9: 15.86}, kwh: {BASE: 0.2001}}]\n"
        )
        (self.folder / "tempo.csv").write_text("2026-01-15;rouge\n")
        (self.folder / "spot.csv").write_text("2026-01-15T10:00:00Z;85.20\n")
        (self.folder / "modulo.csv").write_text("2026-01-15;serenity\n")
        (self.folder / "mail").write_text("# mine\nmailto://me:word@example.org\n")
        self.file.write_text(self.machine + BEFORE.format(folder=self.folder))


@pytest.fixture
def commands(tables: Client, fresh_database: Server, tmp_path: Path) -> Commands:
    return Commands(fresh_database, tmp_path)


def test_what_nobody_wrote_is_shown_with_its_default(commands: Commands) -> None:
    assert commands.show() == {
        "meters": {}, "contracts": [], "prices": {}, "calendars": {"tempo": {}, "days": {}, "spot": {}}, "notes": [],
        "budget": {"euros": None}, "alerts": {}, "addresses": [], "sources": [],
        "retention": {"frames": None, "minutes": None, "incomplete": "keep"},
        "ports": {"reader": None, "ports": [], "labels": {}}, "access": {"home_network": True},
        "fetch": {
            "tempo": False, "enedis": {"on": False, "meter": None}, "spot": False,
            "temperature": {"on": False, "place": None}, "prices": False, "release": False,
        },
        "page": {"language": None, "first_visit": False, "not_needed": []},
    }  # fmt: skip


def test_a_file_of_an_earlier_version_is_taken_over_once(commands: Commands) -> None:
    commands.write_before()
    refused = commands.run("show")  # the keys do not stand in the way of what takes them over
    assert yaml.safe_load(refused)["contracts"] == []
    commands.run("load", commands.file, "--yes")
    found = commands.show()
    assert {name: found[name] for name in TAKEN} == TAKEN
    assert found["addresses"] == [{"service": "ntfys", "id": "a1"}, {"service": "mailto", "id": "a2"}]
    assert read_addresses(commands.state).urls == (
        "ntfys://me:secret@example.org/house",
        "mailto://me:word@example.org",
    )
    # The file keeps what belongs to the machine.
    assert yaml.safe_load(commands.file.read_text()) == {
        **yaml.safe_load(commands.machine), "time_zone": "Europe/Paris",
    }  # fmt: skip
    assert "#   - {at: 2026-10-03, text: Pompe à chaleur}" in commands.file.read_text()


def test_with_once_a_section_that_was_saved_keeps_its_value(commands: Commands) -> None:
    document = commands.folder / "settings.yaml"
    document.write_text("budget: {euros: 90}\n")
    commands.run("load", document, "--yes")
    document.write_text("budget: {euros: 120}\nnotes: [{at: 2026-10-03, text: New}]\n")
    commands.run("load", document, "--yes", "--once")
    found = commands.show()
    assert (found["budget"], found["notes"]) == ({"euros": 90}, [{"at": "2026-10-03", "text": "New"}])


def test_without_anything_to_take_over_the_database_is_not_asked(commands: Commands) -> None:
    commands.file.write_text("database: {host: 127.0.0.1, port: 9}\nauth: none\n")
    assert commands.run("load", commands.file, "--yes", "--once") == "nothing changes\n"


def test_what_is_empty_is_taken_out_of_the_file_all_the_same(commands: Commands) -> None:
    commands.file.write_text(f"{commands.machine}contracts:\nlanguage: ${{LANGUAGE}}\n")
    assert commands.run("load", commands.file, "--yes", "--once", LANGUAGE="") == "nothing changes\n"
    assert yaml.safe_load(commands.file.read_text()) == yaml.safe_load(commands.machine)


def test_while_there_are_no_tables_nothing_is_taken_over(fresh_database: Server, tmp_path: Path) -> None:
    commands = Commands(fresh_database, tmp_path)
    commands.write_before()
    before = commands.file.read_text()
    assert "teleinfo-storer" in commands.run("load", commands.file, "--yes", "--once", code=1)
    assert commands.file.read_text() == before
    assert read_addresses(commands.state).urls == ()
    make_tables(fresh_database)
    commands.run("load", commands.file, "--yes", "--once")
    assert commands.show()["budget"] == {"euros": 120}


def test_a_database_that_is_away_is_waited_for(commands: Commands) -> None:
    commands.file.write_text("database: {host: 127.0.0.1, port: 9}\nauth: none\nnotes: []\n")
    commands.run("load", commands.file, "--yes", "--once", code=1)
    assert "# notes" not in commands.file.read_text()


def test_an_account_without_the_rights_is_named(commands: Commands, fresh_database: Server) -> None:
    reader = "'reads'@'%' IDENTIFIED BY 'word'"
    fresh_database.sql(f"CREATE USER {reader}; GRANT SELECT, SHOW VIEW ON {fresh_database.name}.* TO 'reads'@'%'")
    try:
        commands.machine = yaml.safe_dump(
            yaml.safe_load(commands.machine)
            | {"database": {"host": fresh_database.host, "port": fresh_database.port, "user": "reads",
                            "password": "word", "name": fresh_database.name}}
        )  # fmt: skip
        commands.write_before()
        before = commands.file.read_text()
        assert "1142" in commands.run("load", commands.file, "--yes", "--once", code=3)
        assert commands.file.read_text() == before
    finally:
        fresh_database.sql("DROP USER 'reads'@'%'")


def test_killed_in_between_it_goes_on_where_it_was(commands: Commands) -> None:
    commands.write_before()
    commands.run("load", commands.folder / "prices.yaml", "--yes")
    commands.run("load", commands.file, "--yes", "--once")
    found = commands.show()
    assert found["contracts"] == TAKEN["contracts"]  # whose offer was saved before
    assert found["prices"] == {"offers": TAKEN["prices"]["offers"]}
    assert "contracts" not in yaml.safe_load(commands.file.read_text())


def test_a_damaged_file_of_addresses_is_replaced(commands: Commands) -> None:
    (commands.state / "addresses.json").write_text("{")
    commands.write_before()
    commands.run("load", commands.file, "--yes", "--once")
    assert read_addresses(commands.state).urls[0] == "ntfys://me:secret@example.org/house"


def test_the_document_of_show_can_be_loaded_elsewhere(commands: Commands) -> None:
    commands.write_before()
    commands.run("load", commands.file, "--yes")
    document = commands.folder / "settings.yaml"
    document.write_text(commands.run("show"))
    assert commands.run("load", document, "--yes") == "nothing changes\n"
    (commands.state / "addresses.json").unlink()  # another machine, to which the database was brought
    said = commands.run("load", document, "--yes")
    assert "enter the addresses again" in said
    assert said.endswith("nothing changes\n")


def test_a_file_of_the_storer_is_taken_over_with_its_variables(commands: Commands) -> None:
    sources = [{"name": "roof", "kind": "production", "topic": "solar/roof", "power": "ac"}]
    file = commands.folder / "storer.yaml"
    file.write_text(
        "name: ${NOT_THERE}\ndatabase: {host: localhost}\nsources: ${SOURCES}\n"
        "retention:\n  frames: ${RETENTION_FRAMES}\n  minutes: ${RETENTION_MINUTES}\n"
    )
    commands.run(
        "load", file, "--yes", SOURCES=json.dumps(sources), RETENTION_FRAMES="2 years", RETENTION_MINUTES="null"
    )
    found = commands.show()
    assert found["sources"] == sources
    assert (found["retention"]["frames"], found["retention"]["minutes"]) == (24, None)
    assert yaml.safe_load(file.read_text()) == {"name": "${NOT_THERE}", "database": {"host": "localhost"}}


def test_a_wrong_document_is_refused_whole_with_each_mistake_at_its_field(commands: Commands) -> None:
    document = commands.folder / "settings.yaml"
    document.write_text(
        f"budget: {{euros: -3}}\ncontracts: [{{meter: '{METER}', from: 2025-02-01, offer: tempo, power: 99}}]\n"
        "notes: [{at: 2026-10-03, text: good}]\n"
    )
    for said in (commands.run("check", document, code=2), commands.run("load", document, "--yes", code=2)):
        assert "budget.euros: " in said
        assert "contracts[0].power: " in said
    assert commands.show()["notes"] == []


def test_a_contract_of_an_offer_that_does_not_exist_is_refused(commands: Commands) -> None:
    document = commands.folder / "settings.yaml"
    document.write_text(f"contracts: [{{meter: '{METER}', from: 2025-02-01, offer: zen-fixe, power: 9}}]\n")
    for arguments in (("check", document), ("load", document, "--yes")):
        assert "contracts[0].offer: there is no offer zen-fixe" in commands.run(*arguments, code=2)


def test_an_own_offer_that_contracts_need_is_not_taken_away(commands: Commands) -> None:
    commands.write_before()
    commands.run("load", commands.file, "--yes")
    document = commands.folder / "settings.yaml"
    document.write_text("prices: {}\n")
    assert "contracts[0].offer: " in commands.run("load", document, "--yes", code=2)
    document.write_text("contracts: []\nprices: {}\n")
    commands.run("load", document, "--yes")


def test_nothing_is_saved_unless_somebody_agreed(commands: Commands) -> None:
    document = commands.folder / "settings.yaml"
    document.write_text("budget: {euros: 90}\n")
    assert "--yes" in commands.run("load", document, code=2)
    assert commands.show()["budget"] == {"euros": None}


def test_no_address_is_printed(commands: Commands) -> None:
    commands.write_before()
    printed = commands.run("load", commands.file, "--yes") + commands.run("show")
    assert "secret" not in printed
    assert "word@" not in printed


def test_a_right_that_lacks_is_said_in_the_language_of_the_terminal(commands: Commands, database: Server) -> None:
    database.sql(f"CREATE USER looker@'%' IDENTIFIED BY 'only'; GRANT SELECT ON {database.name}.* TO looker@'%'")
    try:
        commands.file.write_text(
            commands.machine.replace(f"user: {database.user}", "user: looker").replace(database.password, "only")
        )
        file = commands.folder / "new.yaml"
        file.write_text("budget: {euros: 90}\n")
        for language, words in (("en", "grant the user its privileges"), ("fr", "donnez ses droits au compte")):
            said = commands.run("load", "--yes", file, code=3, LC_ALL=f"{language}_FR.UTF-8")
            assert "`settings` (1142)" in said
            assert words in said
    finally:
        database.sql("DROP USER looker@'%'")
