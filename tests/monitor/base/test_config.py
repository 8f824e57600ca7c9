import json
import logging
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigError
from common.machine.deployment import VARIABLE
from common.settings.config import load
from common.settings.language import French
from monitor.base.config import AppFile, Ingress, MonitorConfig, OwnBroker
from monitor.base.french import TEXTS


def config(tmp_path: Path, text: str) -> MonitorConfig:
    file = tmp_path / "monitor.yaml"
    file.write_text(text, encoding="utf-8")
    return load(MonitorConfig, file)


def test_an_empty_file_reads_with_the_account_that_can_only_read(tmp_path: Path) -> None:
    settings = config(tmp_path, "")
    assert settings.database.user == "teleinfo-monitor"
    assert str(settings.time_zone) == "Europe/Paris"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("time_zone: Paris", "Europe/Paris"),
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
    "key",
    ["language", "prices", "tempo", "spot", "calendars", "alsace_moselle", "contracts", "meters", "notes", "alerts"],
)
def test_a_setting_of_the_household_is_refused_with_the_command_that_takes_it_over(tmp_path: Path, key: str) -> None:
    file = tmp_path / "monitor.yaml"
    with pytest.raises(ConfigError, match=rf"line 2: .*{key}; .*teleinfo-monitor settings load {file}"):
        config(tmp_path, f"name: main\n{key}: whatever it was\n")
    assert load(MonitorConfig, file, moved=True) == MonitorConfig()


def test_in_a_container_it_is_said_that_nobody_but_the_owner_can_delete_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "compose")
    command = f"`docker compose run --rm monitor settings load {tmp_path}/monitor.yaml`"
    with pytest.raises(ConfigError, match=f"{command}, then delete it") as refused:
        config(tmp_path, "notes: []\n")
    assert f"{command}, puis" in French(TEXTS)(str(refused.value))


def test_the_household_is_no_key_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="household"):
        config(tmp_path, "household: {}")


@pytest.mark.parametrize(
    ("written", "file"),
    [
        ("", "/var/lib/teleinfo-monitor/password"),
        ("state: /data/monitor", "/data/monitor/password"),
        ("password_file: /etc/teleinfo/page-password", "/etc/teleinfo/page-password"),
        ("auth: none", None),
        ("auth: header", None),
    ],
)
def test_the_password_lies_in_the_state_folder_unless_its_file_is_fixed(
    tmp_path: Path, written: str, file: str | None
) -> None:
    assert config(tmp_path, written).page_password == (None if file is None else Path(file))


def test_the_broker_is_somebody_elses_unless_it_came_along(tmp_path: Path) -> None:
    assert config(tmp_path, "").own_broker is None
    assert config(tmp_path, "own_broker: {}").own_broker == OwnBroker(port=1883, tls=False, choose=False, accounts=None)
    found = config(tmp_path, "own_broker: {port: null, choose: true, accounts: /data/accounts}").own_broker
    assert found == OwnBroker(port=None, choose=True, accounts=Path("/data/accounts"))


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


def test_monitors_of_other_names_have_a_memory_of_their_own(tmp_path: Path) -> None:
    default = Path("/var/lib/teleinfo-monitor")
    assert config(tmp_path, "name: main\n").state == MonitorConfig().state == default
    named = [config(tmp_path, f"name: {name}\n").state for name in ("garage", "..", "letters")]
    assert len({default, *named}) == 4
    assert [folder.parent for folder in named] == [default] * 3
    assert config(tmp_path, "name: garage\nstate: /srv/energy\n").state == Path("/srv/energy")


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
