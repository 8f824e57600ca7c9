from datetime import time
from pathlib import Path

import pytest

from common.contract.offers import Window
from common.errors import ConfigError
from common.settings.config import load
from monitor.base.config import MonitorConfig
from tests.support.wording import warnings_of

ALL = """
alerts:
  to: ["ntfys://me:secret@example.org/house", {file: /etc/teleinfo/mail}]
  language: fr
  quiet: "22:30-7:00"
  budget: 120
  rules: {white: true, budget: false}
  digest: weekly
  page: https://energy.example.org/
"""


def read(folder: Path, text: str) -> AlertsConfig | None:
    file = folder / "monitor.yaml"
    file.write_text(text)
    return load(MonitorConfig, file).alerts


def test_without_the_section_there_are_no_alerts(tmp_path: Path) -> None:
    assert read(tmp_path, "name: mine") is None


def test_each_option_is_read_and_no_address_is_shown(tmp_path: Path) -> None:
    alerts = read(tmp_path, ALL)
    assert alerts == AlertsConfig(
        to=("ntfys://me:secret@example.org/house", Address(file=Path("/etc/teleinfo/mail"))),
        language="fr",
        quiet=Window(time(22, 30), time(7)),
        budget=120,
        rules=(("white", True), ("budget", False)),
        digest="weekly",
        page="https://energy.example.org",
    )
    assert "secret" not in repr(alerts)
    assert [alerts.is_on(kind) for kind in ("white", "budget", "overload")] == [True, False, True]


def test_rules_and_options_of_an_earlier_version_have_no_effect_and_are_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = "alerts: {away: {topic: home/away, on: away}, rules: {talon: false, voltage: true, white: true}}"
    assert read(tmp_path, text) == AlertsConfig(rules=(("white", True),))
    assert warnings_of(caplog) == [
        "'alerts.away' has no effect any more: delete it",
        "'alerts.rules.talon' has no effect any more: delete it",
        "'alerts.rules.voltage' has no effect any more: delete it",
    ]


def test_white_days_are_not_told_unless_asked_for() -> None:
    assert not AlertsConfig().is_on("white")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("to: ntfy://secret", "list"),
        ("to: [secret-without-a-kind]", "an address such as ntfy"),
        ("to: [{path: secret}]", "an address such as ntfy"),
        ("to: [{file: 3}]", "an address such as ntfy"),
        ("to: [{file: 'ntfy://secret'}]", "an address such as ntfy"),
        ("to: [{file: a, secret: b}]", "an address such as ntfy"),
        ("quiet: 22-7", "in quotes"),
        ("quiet: '25:00-07:00'", "22:00-07:00"),
        ("quiet: '22:00-22:00'", "22:00-07:00"),  # that would be all day
        ("budget: -3", "euros"),
        ("budget: true", "euros"),
        ("rules: {buget: false}", "there is no rule 'buget'"),
        ("rules: {budget: 3}", "on or off"),
        ("digest: yearly", "weekly"),
        ("page: energy.example.org", "https://"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_expected(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, f"alerts: {{{text}}}")
    assert word in str(refused.value)
    assert "secret" not in str(refused.value)
