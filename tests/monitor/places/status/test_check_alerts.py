"""Addresses of alerts as `check` sees them, and the command `alerts`."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from common.machine.host import Host
from monitor.__main__ import main
from monitor.alerts import child
from monitor.alerts.texts import TEXTS, why
from monitor.base.addresses import NAME, SavedAddresses, write_addresses
from monitor.base.alert_settings import AlertSettings
from monitor.base.config import MonitorConfig
from monitor.base.household import Household
from monitor.money.current import snapshot
from monitor.places.status.check_alerts import diagnose_alerts

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # by apprise, on 3.11

NTFY = "ntfys://token@secret.example.org/house"
#: As a monitor leaves it that was killed: an event goes on, one is over, a message was sent and one was given up.
NOTED = {
    "engine": {
        "active": [
            {
                "kind": "overload", "meter": "031961000001", "key": "", "began": "2026-11-28T10:00:00.000000Z",
                "ended": None, "told": True, "figures": {"power": 9300, "limit": 9000, "phase": None},
            }
        ],
        "past": [
            {
                "kind": "power_cut", "meter": "031961000001", "key": "2026-11-27T10:00:00Z",
                "began": "2026-11-27T10:00:00.000000Z", "ended": "2026-11-27T10:12:00.000000Z",
                "figures": {"start": "2026-11-27T10:00:00Z", "end": "2026-11-27T10:12:00Z", "minutes": 12},
            }
        ],
    },
    "outbox": {
        "letters": [],
        "deliveries": [
            {"letter": "a", "to": "ntfy 1", "sent_at": "2026-11-27T10:13:00Z"},
            {"letter": "b", "to": "ntfy 1", "tries": 6, "failed_at": "2026-11-28T10:00:00Z", "why": "http 403",
             "given_up": True},
        ],
    },
}  # fmt: skip


@pytest.fixture
def private(tmp_path: Path) -> Path:
    file = tmp_path / "monitor.yaml"
    file.touch(mode=0o600)
    return file


def found(path: Path, *addresses: str) -> list[tuple[str, str]]:
    settings = MonitorConfig(state=path.with_name("state"), household=Household(addresses=addresses))
    return [(finding.status.value, finding.what) for finding in diagnose_alerts(settings, path, Host(path.parent))]


def test_addresses_are_named_by_kind_only(private: Path) -> None:
    assert found(private) == []  # nobody is to be told
    ((status, what),) = found(private, NTFY)
    assert (status, "ntfys 1" in what, "secret" in what) == ("ok", True, False)


def test_what_keeps_alerts_from_being_sent_is_found(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = private.with_name("state")
    monkeypatch.setattr("monitor.places.status.check_alerts.find_spec", lambda name: None)
    state.touch()
    state_is_file, _ = found(private, NTFY)
    assert (state_is_file[0], str(state) in state_is_file[1]) == ("problem", True)
    state.unlink()
    state.mkdir()
    write_addresses(state, SavedAddresses(1, (NTFY,)))
    (state / NAME).chmod(0o644)
    *_, readable, missing = found(private, NTFY)
    assert (readable[0], str(state / NAME) in readable[1]) == ("note", True)
    assert missing == ("problem", "the Python package apprise is missing")


@pytest.mark.parametrize("language", TEXTS)
def test_each_reason_has_words(language: str) -> None:
    codes = [value for name, value in vars(child).items() if name.isupper() and isinstance(value, str)]
    codes += [*child._WORDS, "http 500", "http 401", "smtp 535", "smtp 450"]
    said = [why(code, language) for code in codes if code != child.OTHER]
    assert why(child.OTHER, language) not in said
    assert TEXTS["fr"].keys() == TEXTS["en"].keys()


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration; the command is called with it."""
    file = tmp_path / "monitor.yaml"
    file.write_text(json.dumps({"auth": "none", "state": str(tmp_path)}))
    household = Household(addresses=(NTFY,), alerts=AlertSettings(rules={"budget": False}))
    settings = snapshot(MonitorConfig(state=tmp_path), [], {})
    settings = settings._replace(config=replace(settings.config, household=household))
    monkeypatch.setattr("monitor.places.status.check_alerts.settings_now", lambda *_: settings)
    monkeypatch.setattr("sys.argv", ["teleinfo-monitor", "alerts", "--config", str(file)])
    return file


def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, file: Path, *options: str) -> str:
    monkeypatch.setattr("sys.argv", ["teleinfo-monitor", "alerts", "--config", str(file), *options])
    assert main() == 0
    return capsys.readouterr().out


def test_the_list_has_what_the_monitor_noted(
    configured: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configured.with_name("alerts.json").write_text(json.dumps(NOTED))
    listed = call(capsys, monkeypatch, configured, "--language", "en")
    shown = [" ".join(line.split()) for line in listed.splitlines()]
    assert "28 Nov 2026 11:00 About to trip: 9,300 VA, limit 9,000 VA" in shown
    assert any(line.startswith("27 Nov 2026 11:00 – 11:12 Power cut") for line in shown)
    (sent,) = [line for line in shown if line.startswith("ntfy 1")]
    assert "1 sent, on 27 November 2026 at 11:13 · 1 failed" in sent
    assert "failure on 28 November 2026 at 11:00: access denied (403)" in sent
    assert "budget off Month’s budget" in shown
    assert "1 envoyé, le 27 novembre 2026 à 11" in call(capsys, monkeypatch, configured, "--language", "fr")
    answer = json.loads(call(capsys, monkeypatch, configured, "--json"))
    assert [event["kind"] for event in (*answer["active"], *answer["past"])] == ["overload", "power_cut"]


def test_the_list_is_there_before_the_monitor_ran(
    configured: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "has not written" in call(capsys, monkeypatch, configured, "--language", "en")
    assert json.loads(call(capsys, monkeypatch, configured, "--json"))["active"] == []


def test_a_test_needs_an_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text(json.dumps({"state": str(tmp_path), "database": {"host": "127.0.0.1", "port": 1}}))
    monkeypatch.setattr("sys.argv", ["teleinfo-monitor", "alerts", "--config", str(file), "--language", "en", "--test"])
    assert main() == 2
    assert "no address" in capsys.readouterr().err
