"""The app's files, made of its options and of the Supervisor's answers."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from common.settings import config
from deploy.app.configuration import Alone, Known, affected, broker_of, files, has_own_broker, state
from deploy.app.options import Options
from monitor.base.config import MonitorConfig
from reader.config import ReaderConfig
from storer.config.options import StorerConfig

PORT = "/dev/serial/by-id/usb-FTDI"
MQTT = {"host": "core-mosquitto", "port": 1883, "username": "addons", "password": "p", "ssl": False, "addon": "x"}
MYSQL = {"host": "core-mariadb", "port": 3306, "username": "service", "password": "s"}
ALONE = Alone("1f2e3d4c", {"reader": "r", "storer": "s", "monitor": "m"})
CHOSEN = {"host": "192.168.1.5", "port": 1884, "username": "teleinfo", "password": "p", "tls": True}
KEYS = {"reader": ReaderConfig, "storer": StorerConfig, "monitor": MonitorConfig}


def made(known: Known) -> dict[str, dict[str, Any]]:
    """Return the configurations."""
    return {program: yaml.safe_load(texts[f"{program}.yaml"]) for program, texts in files(known).items()}


@pytest.mark.parametrize(
    "known",
    [
        Known(Options((PORT,)), {}),
        Known(Options((PORT, "socket://192.168.1.20:5331")), {"mqtt": MQTT}),
        Known(Options((PORT,), mqtt={"host": "nas", "port": 8883, "username": "u", "password": "p"}), {"mqtt": MQTT}),
        Known(Options((PORT,), database="mariadb"), {"mysql": MYSQL}, "", {"storer": "a", "monitor": "b"}),
        Known(Options(), {}, alone=ALONE),
    ],
    ids=["no broker", "service", "own broker", "own database", "alone"],
)
def test_each_program_reads_its_file(known: Known, tmp_path: Path) -> None:
    for program, texts in files(known).items():
        (tmp_path / "it.yaml").write_text(texts[f"{program}.yaml"])
        config.load(KEYS[program], tmp_path / "it.yaml")


def test_the_options_name_the_broker_before_the_service_does() -> None:
    own = Options((PORT,), mqtt={"host": "nas", "password": "mine"})
    assert made(Known(own, {"mqtt": MQTT}))["storer"]["mqtt"] == {
        "host": "nas",
        "password_file": "/run/teleinfo/storer.mqtt-password",
    }
    assert files(Known(own, {"mqtt": MQTT}))["storer"]["storer.mqtt-password"] == "mine\n"
    assert made(Known(Options((PORT,)), {"mqtt": MQTT}))["reader"]["mqtt"] == {
        "host": "core-mosquitto",
        "port": 1883,
        "username": "addons",
        "password_file": "/run/teleinfo/reader.mqtt-password",
    }


@pytest.mark.parametrize(
    ("options", "answers", "source"),
    [
        (Options(), {}, "none"),
        (Options(mqtt={"port": 1883}), {}, "none"),
        (Options(), {"mqtt": MQTT}, "service"),
        (Options(mqtt={"host": "nas"}), {"mqtt": MQTT}, "options"),
    ],
)
def test_the_page_shows_where_the_broker_comes_from(options: Options, answers: Any, source: str) -> None:
    assert broker_of(Known(options, answers)) == source
    assert state(Known(options, answers), [])["broker"] == source


def test_a_broker_with_tls_is_reached_with_tls() -> None:
    assert made(Known(Options(), {"mqtt": MQTT | {"ssl": True}}))["reader"]["mqtt"]["tls"] == {}


def test_programs_have_passwords_of_their_own_at_another_database_and_never_the_services() -> None:
    known = Known(Options(database="mariadb"), {"mysql": MYSQL}, "", {"storer": "a", "monitor": "b"})
    assert made(known)["storer"]["database"] == {
        "host": "core-mariadb",
        "port": 3306,
        "user": "teleinfo",
        "name": "teleinfodb",
        "password_file": "/run/teleinfo/storer.database-password",
    }
    assert made(known)["monitor"]["database"]["user"] == "teleinfo-monitor"
    assert files(known)["storer"]["storer.database-password"] == "a\n"
    assert "service" not in str(files(known))


def test_our_own_database_needs_no_password() -> None:
    known = Known(Options(), {"mysql": MYSQL}, "", {})
    assert made(known)["storer"]["database"] == {
        "unix_socket": "/run/mysqld/mysqld.sock",
        "user": "teleinfo",
        "name": "teleinfodb",
    }


@pytest.mark.parametrize(
    ("chosen", "of_core", "language"),
    [("auto", None, "fr"), ("auto", "fr", "fr"), ("auto", "en-GB", "en"), ("auto", "de", "en"), ("fr", "en", "fr")],
)
def test_the_language_is_home_assistants_unless_one_is_chosen(chosen: str, of_core: str | None, language: str) -> None:
    answers = {} if of_core is None else {"core": {"language": of_core}}
    assert made(Known(Options(language=chosen), answers))["reader"]["home_assistant"]["language"] == language


@pytest.mark.parametrize(
    ("of_core", "of_environment", "zone"),
    [
        (None, "", "Europe/Paris"),
        (None, "Indian/Reunion", "Indian/Reunion"),
        ("America/Martinique", "Indian/Reunion", "America/Martinique"),
        ("Nowhere/None", "Indian/Reunion", "Indian/Reunion"),
        ("../etc", "", "Europe/Paris"),
    ],
)
def test_the_time_zone_is_home_assistants_if_there_is_one(of_core: str | None, of_environment: str, zone: str) -> None:
    answers = {"core": {"time_zone": of_core}}
    assert made(Known(Options(), answers, of_environment))["monitor"]["time_zone"] == zone


@pytest.mark.parametrize(
    ("own", "zone"), [("Indian/Reunion", "Indian/Reunion"), ("Nowhere/None", "Europe/Paris"), ([], "Europe/Paris")]
)
def test_the_time_zone_of_the_owners_own_file_counts_if_there_is_one(own: Any, zone: str) -> None:
    known = Known(Options(), {"core": {"time_zone": "Europe/Paris"}}, own_zone=own)
    assert made(known)["monitor"]["time_zone"] == zone


def test_the_ports_of_the_machine_are_shown_until_one_is_chosen() -> None:
    found = [PORT, "/dev/ttyAMA0"]
    assert state(Known(Options(), {}), found) == {
        "ports": [],
        "found": [PORT, "/dev/ttyAMA0"],
        "broker": "none",
        "database": "internal",
    }
    assert state(Known(Options((PORT,)), {}), found)["found"] == []


def test_without_a_port_the_reader_asks_for_it() -> None:
    assert made(Known(Options(), {}))["reader"]["port"] == "ask"
    assert made(Known(Options((PORT,)), {}))["reader"]["port"] == [PORT]


CORE = {"language": "fr", "time_zone": "Europe/Paris"}


@pytest.mark.parametrize(
    ("before", "after", "restarted"),
    [
        ({}, {"mqtt": MQTT}, ["monitor", "reader", "storer"]),
        ({"mqtt": MQTT}, {"mqtt": MQTT | {"password": "new"}}, ["monitor", "reader", "storer"]),
        ({"mqtt": MQTT}, {"mqtt": MQTT | {"addon": "renamed"}}, []),
        ({"core": CORE}, {"core": CORE | {"language": "en"}}, ["reader"]),
        ({"core": CORE}, {"core": CORE | {"time_zone": "Indian/Reunion"}}, ["monitor"]),
        ({}, {"accounts": MYSQL}, []),
    ],
)
def test_only_what_uses_a_changed_answer_is_restarted(before: Any, after: Any, restarted: list[str]) -> None:
    assert affected(Known(Options((PORT,)), before), Known(Options((PORT,)), after)) == restarted


def test_another_database_server_restarts_those_who_use_it() -> None:
    options, passwords = Options((PORT,), database="mariadb"), {"storer": "a", "monitor": "b"}
    before = Known(options, {}, "", passwords)
    after = Known(options, {"mysql": MYSQL | {"host": "elsewhere"}}, "", passwords)
    assert affected(before, after) == ["monitor", "storer"]


def test_without_home_assistant_each_program_has_an_account_of_its_own_at_the_broker_that_comes_along() -> None:
    known = Known(Options(), {}, alone=ALONE)
    assert has_own_broker(known)
    assert made(known)["storer"]["mqtt"] == {
        "host": "127.0.0.1",
        "port": 1884,
        "username": "storer",
        "password_file": "/run/teleinfo/storer.mqtt-password",
    }
    assert [files(known)[program][f"{program}.mqtt-password"] for program in KEYS] == ["r\n", "s\n", "m\n"]
    monitor = made(known)["monitor"]
    assert monitor["own_broker"] == {"port": 1883, "choose": True, "accounts": "/data/monitor/accounts"}
    assert {"ingress", "app", "home_assistant", "password_file"}.isdisjoint(monitor)


def test_the_broker_that_the_page_names_takes_its_place_and_may_be_left_again() -> None:
    own, named = Known(Options(), {}, alone=ALONE), Known(Options(), {"chosen": CHOSEN}, alone=ALONE)
    assert not has_own_broker(named)
    assert made(named)["reader"]["mqtt"] == {
        "host": "192.168.1.5",
        "port": 1884,
        "username": "teleinfo",
        "password_file": "/run/teleinfo/reader.mqtt-password",
        "tls": {},
    }
    assert "own_broker" in made(named)["monitor"]
    assert affected(own, named) == affected(named, own) == ["monitor", "reader", "storer"]


def test_a_broker_of_the_environment_counts_more_than_one_of_the_page_which_may_name_none() -> None:
    known = Known(Options(mqtt={"host": "nas"}), {"chosen": CHOSEN}, alone=ALONE)
    assert not has_own_broker(known)
    assert made(known)["reader"]["mqtt"] == {"host": "nas"}
    assert "own_broker" not in made(known)["monitor"]


def test_two_installations_on_a_machine_share_neither_names_nor_the_journal() -> None:
    one, other = Known(Options(), {}, alone=ALONE), Known(Options(), {}, alone=ALONE._replace(id="00000000"))
    assert made(one)["reader"]["name"] == made(one)["storer"]["name"] == "docker-1f2e3d4c"
    assert made(one)["reader"]["spool"]["journal"] == "/dev/shm/teleinfo-reader-1f2e3d4c"
    assert made(other)["reader"]["name"] != made(one)["reader"]["name"]
