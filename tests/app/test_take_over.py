"""What an owner's files of commit 61720cba say of the household is in the page's settings after an update."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.app.house import WITHIN, App, House, archive
from tests.support.programs import wait_until

METER = "031961123456"
MONITOR = f"""\
time_zone: Indian/Reunion  # not of the household
contracts:
  - {{meter: "{METER}", from: 2025-09-01, offer: mine, power: 9}}
meters: {{"{METER}": Maison}}
prices: prices.yaml
notes: [{{at: 2026-10-03, text: Spa}}]
alerts:
  to: [{{file: mail}}]
  budget: 120
"""
FILES = {
    "config/monitor.yaml": MONITOR,
    "config/prices.yaml": "offers: [{id: mine, rows: [{from: 2025-08-01, kwh: {BASE: 0.2}, subscription: {9: 9}}]}]\n",
    "config/mail": "json://127.0.0.1:9/secret\n",
    "config/storer.yaml": 'sources: [{name: roof, kind: production, topic: solar/roof, power: ""}]\n',
}


@pytest.fixture(scope="module")
def updated(house: House) -> Iterator[App]:
    """The app with such files."""
    app = App(house, "updated")
    try:
        app.start(restore=archive(FILES))
        wait_until(lambda: "sources" in settings(app), WITHIN, "the settings")
        yield app
    finally:
        app.remove()


def settings(app: App) -> dict[str, Any]:
    """Return what the database has."""
    rows = app.sql("SELECT section, HEX(value) FROM settings")
    return {name: json.loads(bytes.fromhex(value)) for name, value in rows}


def test_it_is_taken_over_and_what_is_not_of_the_household_stays(updated: App) -> None:
    found = settings(updated)
    assert found["contracts"][0]["offer"] == "mine"
    assert found["meters"][METER]["name"] == "Maison"
    assert found["notes"][0]["text"] == "Spa"
    assert found["prices"]["offers"][0]["id"] == "mine"
    assert [source["name"] for source in found["sources"]] == ["roof"]
    assert found["budget"]["euros"] == 120
    left = updated.inside("cat", "/config/monitor.yaml", "/config/storer.yaml").splitlines()
    in_force = [line for line in left if line.strip() and not line.startswith("#")]
    assert [line.partition(":")[0] for line in in_force] == ["time_zone"]
    assert "time_zone: Indian/Reunion\n" in updated.inside("cat", "/run/teleinfo/monitor.yaml")


def test_addresses_are_the_monitors_alone(updated: App) -> None:
    assert "secret" not in str(settings(updated))
    (file,) = updated.inside("grep", "-lr", "secret", "/data/monitor").splitlines()
    assert updated.inside("stat", "--format", "%U %a", file).split() == ["teleinfo-monitor", "600"]


def test_a_backup_has_the_settings(updated: App, house: House) -> None:
    before, backup = settings(updated), updated.backup()
    new = App(house, "renewed")
    try:
        new.start(restore=backup)
        wait_until(lambda: settings(new) == before, WITHIN, "the settings on the new machine")
    finally:
        new.remove()
