import json
import logging
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigError
from common.settings.config import load
from monitor.base.config import AppFile, Ingress, MonitorConfig
from monitor.base.household import House, Note


def config(tmp_path: Path, text: str) -> MonitorConfig:
    file = tmp_path / "monitor.yaml"
    file.write_text(text, encoding="utf-8")
    return load(MonitorConfig, file)


def test_an_empty_file_reads_with_the_account_that_can_only_read(tmp_path: Path) -> None:
    settings = config(tmp_path, "")
    assert settings.database.user == "teleinfo-monitor"
    assert str(settings.time_zone) == "Europe/Paris"
    assert settings.contracts == ()


def test_contract_lines_are_sorted_by_meter_and_day(tmp_path: Path) -> None:
    settings = config(
        tmp_path,
        "contracts:\n"
        '  - {meter: "031961123456", from: 2025-02-01, offer: tempo, power: 9}\n'
        '  - {meter: "031961123456", from: 2023-05-10, offer: base, power: 6}\n',
    )
    assert [(line.start, line.offer, line.power) for line in settings.contracts] == [
        (date(2023, 5, 10), "base", 6),
        (date(2025, 2, 1), "tempo", 9),
    ]


def test_notes_are_sorted_by_day(tmp_path: Path) -> None:
    settings = config(
        tmp_path,
        "notes:\n"
        "  - {at: '2026-10-03', text: Pompe à chaleur}\n"
        '  - {at: 2025-02-01, text: " Freezer ", meter: "031961123456"}\n',
    )
    assert settings.notes == (
        Note(date(2025, 2, 1), "Freezer", "031961123456"),
        Note(date(2026, 10, 3), "Pompe à chaleur"),
    )


@pytest.mark.parametrize(
    ("written", "winter", "summer"),
    [
        ('["22:30-06:30"]', [("22:30", "06:30")], [("22:30", "06:30")]),
        ('["22:00-24:00"]', [("22:00", "00:00")], [("22:00", "00:00")]),
        (
            '{winter: ["22:00-06:00"], summer: ["02:00-07:00", "14:00-17:00"]}',
            [("22:00", "06:00")],
            [("02:00", "07:00"), ("14:00", "17:00")],
        ),
    ],
)
def test_a_line_may_have_off_peak_hours_by_season(
    tmp_path: Path, written: str, winter: list[tuple[str, str]], summer: list[tuple[str, str]]
) -> None:
    line = f'{{meter: "031961123456", from: 2026-12-05, offer: trv-hphc, power: 9, off_peak: {written}}}'
    (found,) = config(tmp_path, f"contracts: [{line}]").contracts
    assert found.off_peak is not None
    for windows, expected in ((found.off_peak.winter, winter), (found.off_peak.summer, summer)):
        assert [(f"{one.start:%H:%M}", f"{one.end:%H:%M}") for one in windows] == expected


LINE = 'contracts: [{meter: "1", from: 2025-02-01, offer: hchp, power: 9, off_peak: %s}]'


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (LINE % '{winter: ["22:00-06:00"]}', "summer"),
        (LINE % '{winter: ["22:00-06:00"], sumer: ["22:00-06:00"]}', "summer"),
        (LINE % "[22h-6h]", "22:30-06:30"),
        (LINE % '["22:00-22:00"]', "22:30-06:30"),
        (LINE % "[22:00]", "22:30-06:30"),
        (LINE % "[]", "22:30-06:30"),
        ("contracts: {meter: x}", "list"),
        ('contracts: [{meter: "1", from: 2025-02-01, offer: tempo}]', "power"),
        ("contracts: [{meter: 3196.5, from: 2025-02-01, offer: tempo, power: 9}]", "address"),
        ('contracts: [{meter: "1", from: soon, offer: tempo, power: 9}]', "2025-02-01"),
        ('contracts: [{meter: "1", from: 2025-02-01, offer: tempo, power: 9000}]', "kVA"),
        ("notes: {at: 2026-10-03, text: Heat pump}", "list"),
        ("notes: [{at: 2026-10-03}]", "text"),
        ("notes: [{at: 2026-10-03, text: Heat pump, when: now}]", "meter"),
        ("notes: [{at: 3 October, text: Heat pump}]", "2026-10-03"),
        ("notes: [{at: 2026-10-03 14:00:00, text: Heat pump}]", "2026-10-03"),
        ('notes: [{at: 2026-10-03, text: " "}]', "80"),
        ("notes: [{at: 2026-10-03, text: Heat pump, meter: 3196.5}]", "address"),
        ("notes: [{at: 2026-10-03, text: Heat pump, meter: a/b}]", "address"),
        ("time_zone: Paris", "Europe/Paris"),
        ("language: de", "fr or en"),
        ("prices: 3", "prices.yaml"),
        ("listen: {host: '127.0.0.1:8080'}", "without a port"),
        ("listen: {prefix: teleinfo}", "/teleinfo"),
        ("home_assistant: {url: homeassistant.local:8123}", "http://"),
        ("listen: {prefix: '//other.example'}", "/teleinfo"),
        ("listen: {names: ['http://energy.example.org/']}", "energy.example.org"),
        ("auth: admin", "password, header or none"),
        ("listen: {trusted: 172.16.0.0/12}", "a list of networks"),
        ("listen: {trusted: [172.16.0.1/12]}", "a network"),
        ("listen: {trusted: [proxy]}", "a network"),
        ("frame_ancestors: [\"https://a.example; script-src 'unsafe-inline'\"]", "homeassistant"),
        ("frame_ancestors: ['http://a.example/path']", "homeassistant"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_expected(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        config(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "contracts:\n  - {meter: '1', from: 2025-02-01, offer: tempo, power: 9}\n  - {meter: '1', from: soon}",
        "notes:\n  - {at: 2026-10-03, text: Heat pump}\n  - {at: soon, text: Heat pump}",
        "meters:\n  '031961123456': Maison\n  '031961123457': 5",
        "alerts:\n  rules:\n    unknown: {}",
        "alerts:\n  to: []\n  budget: 0",
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"monitor\.yaml, line [23]: ") as error:
        config(tmp_path, text)
    assert ("line 3" in str(error.value)) == ("rules" not in text)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0", "monitor.example.org"])
def test_a_page_needs_a_password_or_the_written_decision_to_have_none(tmp_path: Path, host: str) -> None:
    listen = f"listen: {{host: '{host}'}}\n"
    with pytest.raises(ConfigError, match=r"password_file.*auth: none"):
        config(tmp_path, listen).check_auth()
    for decision in ("password_file: /etc/teleinfo/page-password", "auth: none", "auth: header"):
        config(tmp_path, listen + decision).check_auth()


@pytest.mark.parametrize("auth", ["none", "header"])
def test_no_password_and_a_password_exclude_each_other(tmp_path: Path, auth: str) -> None:
    with pytest.raises(ConfigError, match="leave one out"):
        config(tmp_path, f"auth: {auth}\npassword_file: /etc/teleinfo/page-password")


def test_ingress_is_off_unless_it_is_given(tmp_path: Path) -> None:
    assert config(tmp_path, "").ingress is None
    assert config(tmp_path, "ingress: {}").ingress == Ingress(host="0.0.0.0", port=8099)
    assert config(tmp_path, "ingress: {host: 127.0.0.1, port: 8100}").ingress == Ingress(host="127.0.0.1", port=8100)


def test_ingress_has_a_port_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ingress\.port: 8080"):
        config(tmp_path, "ingress: {port: 8080}")


@pytest.mark.parametrize(
    ("address", "admitted"),
    [
        ("172.30.32.2", True),
        ("::ffff:172.30.32.2", True),  # on a socket of both kinds
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("172.30.33.9", False),  # another app
        ("::ffff:172.30.33.9", False),
        ("172.30.32.1", False),  # the machine, through which all of the home network come
        ("::172.30.32.2", False),
        ("192.168.1.20", False),
        ("fe80::1%eth0", False),
        ("", False),
    ],
)
def test_ingress_is_open_to_the_supervisor_and_to_this_machine(address: str, admitted: bool) -> None:
    assert Ingress().admits(address) is admitted


def test_the_supervisor_has_one_address_for_all_its_users() -> None:
    inside, elsewhere = MonitorConfig(ingress=Ingress()), MonitorConfig()
    assert (inside.is_proxy("172.30.32.2"), inside.is_proxy("172.30.33.9")) == (True, False)
    assert (elsewhere.is_proxy("172.30.32.2"), elsewhere.is_proxy("127.0.0.1")) == (False, True)


def test_the_prefix_has_no_slash_at_its_end(tmp_path: Path) -> None:
    assert config(tmp_path, "listen: {prefix: /teleinfo/}").listen.prefix == "/teleinfo"


def test_a_meter_has_a_name_and_says_which_addresses_it_replaced(tmp_path: Path) -> None:
    settings = config(
        tmp_path,
        "meters:\n"
        '  "031961123456": Maison\n'
        '  "041961000003": {name: Atelier, replaces: "041961000002"}\n'
        '  "041961000002": {replaces: "021861000001"}\n',
    )
    assert settings.meters == (
        House("031961123456", "Maison", ()),
        House("041961000003", "Atelier", ("021861000001", "041961000002")),
    )


def test_monitors_of_other_names_have_a_memory_of_their_own(tmp_path: Path) -> None:
    default = Path("/var/lib/teleinfo-monitor")
    assert config(tmp_path, "name: main\n").state == MonitorConfig().state == default
    named = [config(tmp_path, f"name: {name}\n").state for name in ("garage", "..", "letters")]
    assert len({default, *named}) == 4
    assert [folder.parent for folder in named] == [default] * 3
    assert config(tmp_path, "name: garage\nstate: /srv/energy\n").state == Path("/srv/energy")


def test_each_line_that_is_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        config(
            tmp_path,
            "contracts:\n"
            "- {meter: '0319', from: 2025-02-01, offer: tempo, power: 90}\n"
            "- {meter: '0319', from: 2025-02-30x, offer: tempo, power: 9}\n"
            "meters:\n"
            "  '0319': 5\n"
            "  '03/19': Maison\n"
            "alerts: {budget: 120 €}\n",
        )
    lines = [int(str(one).partition(", line ")[2].partition(":")[0]) for one in caught.value.all]
    assert [line - lines[0] for line in lines] == [0, 1, 3, 4, 5]


def test_the_address_of_a_meter_needs_no_quotes(tmp_path: Path) -> None:
    settings = config(
        tmp_path,
        "contracts: [{meter: 032161134635, from: 2025-02-01, offer: tempo, power: 9}]\n"
        "meters: {032161134635: Maison, 811961123456: {replaces: 031961123456}}\n"
        "notes: [{at: 2026-10-03, text: Heat pump, meter: 032161134635}]\n",
    )
    assert settings.contracts[0].meter == settings.notes[0].meter == "032161134635"
    assert settings.meters == (House("032161134635", "Maison", ()), House("811961123456", None, ("031961123456",)))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("meters: [Maison]", "{'031961123456': Maison}"),
        ('meters: {"0319": 5}', "name"),
        ('meters: {"0319": ""}', "name"),
        ('meters: {"03/19": Maison}', "address"),
        ('meters: {"0319": {named: Maison}}', "named"),
        ('meters: {"0319": {}}', "replaces"),
        ('meters: {"0319": {replaces: 21.8}}', "address"),
        ('meters: {"0319": {replaces: "0319"}}', "itself"),
        ('meters: {"1": {replaces: "2"}, "2": {replaces: "1"}}', "itself"),
        ('meters: {"1": {replaces: "3"}, "2": {replaces: "3"}}', "twice"),
        ('meters: {"1": Maison, "2": maison}', "twice"),
        ('meters: {"1": "a name that is much too long for the head of a page"}', "40"),
        ('meters: {"1": "a\\e[31mb"}', "name"),
    ],
)
def test_what_cannot_be_a_house_is_refused_in_one_line(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(word)) as raised:
        config(tmp_path, text)
    assert "meters" in str(raised.value)
    assert "\n" not in str(raised.value)


SAID: dict[str, Any] = {"ports": [], "found": [], "broker": "none", "database": "internal"}


@pytest.mark.parametrize("text", [None, "", "{"])
def test_a_file_that_is_absent_or_broken_says_nothing_and_the_log_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    path = tmp_path / "app.json"
    if text is not None:
        path.write_text(text)
    file = AppFile(path)
    with caplog.at_level(logging.WARNING):
        assert [file.read() for _ in range(3)] == [None] * 3
    (line,) = caplog.messages
    assert line.startswith(f"app: {path}: ")
    assert "\n" not in line
    path.write_text(json.dumps(SAID))
    assert file.read() == SAID
