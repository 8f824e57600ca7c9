"""The service `setup`, and the files that compose.yaml puts together."""

import ast
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import deploy.__main__ as deploy
from common.config import Tls, load
from deploy.accounts import SetupError
from deploy.backups import TRY_AGAIN_AFTER, Schedule
from deploy.database import accounts_sql, hashed
from deploy.files import write
from deploy.zone import ZONES, zone_file
from reader.config import ReaderConfig
from storer.config import StorerConfig
from tests.test_layers import imported

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
_VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::[-+?]([^}]*))?\}")


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("keep", "broker", "database", "reader", "storer"):
        (tmp_path / name).mkdir()
    for group in ("MARIADB", "READER", "STORER"):
        monkeypatch.setattr(deploy, group, os.getgid())
    return tmp_path


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_second_run_changes_nothing(folders: Path) -> None:
    setup = deploy.Setup(folders, ROOT, ("localhost",))
    assert setup.prepare()
    before = files(folders)
    assert not setup.prepare()
    assert files(folders) == before


def test_each_program_is_given_its_own_passwords_and_no_other(folders: Path) -> None:
    setup = deploy.Setup(folders, ROOT, ("localhost",))
    setup.prepare()
    given = {
        "broker": {"health", "console"},  # all others only hashed
        "database": set(),
        "reader": {"reader"},
        "storer": {"storer", "teleinfo"},
    }
    for account in setup.vault.accounts():
        password = setup.vault.password(account)
        holders = {name for name in given if any(password in text for text in files(folders / name).values())}
        assert holders == {name for name, names in given.items() if account.name in names}, account.name


@pytest.mark.parametrize(
    ("name", "variable", "what"),
    [("home-assistant", "MQTT_HOST", "broker"), ("grafana", "DATABASE_HOST", "database")],
)
def test_who_has_a_server_of_their_own_is_sent_there(
    name: str,
    variable: str,
    what: str,
    folders: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The account that we would show is none of that server."""
    monkeypatch.setattr(deploy, "ROOT", folders)
    monkeypatch.setattr(deploy, "TEMPLATES", ROOT)
    monkeypatch.setattr(os, "umask", lambda _: 0)  # of the process that runs the tests
    monkeypatch.setattr(sys, "argv", ["setup", "credentials", name])
    monkeypatch.setenv(variable, "")  # as compose gives it
    assert deploy.main() == 0
    assert "password " in capsys.readouterr().out
    monkeypatch.setenv(variable, "192.168.1.20")
    assert deploy.main() == 1
    assert capsys.readouterr() == (
        "",
        f"setup: the {what} is your own, 192.168.1.20 ({variable} in .env): whoever comes in has an account there\n",
    )


def test_a_renewed_certificate_reaches_the_broker(folders: Path) -> None:
    setup = deploy.Setup(folders, ROOT, ("localhost",))
    setup.prepare()
    before = files(folders)
    setup.renew_certificate()
    changed = {name for name, text in files(folders).items() if before[name] != text}
    assert changed == {"keep/server.crt", "keep/server.key", "broker/server.crt", "broker/server.key"}


def test_a_file_is_written_whole_and_only_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert write(file, "one", group=os.getgid())
    assert file.stat().st_mode & 0o777 == 0o640
    inode = file.stat().st_ino
    assert not write(file, "one", group=os.getgid())
    (tmp_path / ".file.part").write_text("what a kill left")
    assert write(file, "two")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("two", 0o600)
    assert file.stat().st_ino != inode
    assert list(tmp_path.iterdir()) == [file]


def test_the_sql_has_one_statement_a_line_and_no_password() -> None:
    sources = ("storer.sql", "people.sql")
    text = accounts_sql([((ROOT / "mariadb" / name).read_text(), "a-secret") for name in sources])
    assert all(line.endswith(";") for line in text.splitlines())
    assert not re.search("a-secret|change-me", text)
    assert text.count(hashed("a-secret")) == 2
    with pytest.raises(SetupError, match="one account"):
        accounts_sql([("CREATE USER x;", "a-secret")])


def test_a_backup_is_due_when_the_newest_is_old_enough(tmp_path: Path) -> None:
    schedule = Schedule(tmp_path, 3600)
    assert schedule.due(10_000)
    file = tmp_path / "teleinfodb-x.jsonl.gz"
    file.touch()
    os.utime(file, (10_000, 10_000))
    assert not schedule.due(10_000 + 3599)
    assert schedule.due(10_000 + 3600)
    assert schedule.due(9_000)  # the file is of the future: of a clock that was wrong


def test_a_backup_that_failed_is_tried_again_soon_but_not_at_once(tmp_path: Path) -> None:
    schedule = Schedule(tmp_path, 86_400)
    schedule.done(False, 100_000)
    assert not schedule.healthy
    assert not schedule.due(100_000 + TRY_AGAIN_AFTER - 1)
    assert schedule.due(100_000 + TRY_AGAIN_AFTER)
    schedule.done(True, 200_000)
    assert schedule.healthy


def _defaults(service: str, *, own_authority: bool = False) -> dict[str, str]:
    """The environment of a service, with nothing in .env, or with MQTT_TLS."""
    return {
        name: _VARIABLE.sub(
            lambda match: match[2] or "",
            re.sub(r"\$\{MQTT_TLS:\+([^}]*)\}", r"\1" if own_authority else "", str(value)),
        )
        for name, value in COMPOSE["services"][service]["environment"].items()
    }


@pytest.mark.parametrize(("service", "kind"), [("reader", ReaderConfig), ("storer", StorerConfig)])
@pytest.mark.parametrize("tls", [False, True])
def test_the_configuration_in_a_container_is_one(
    service: str, kind: type[Any], tls: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in _defaults(service, own_authority=tls).items():
        monkeypatch.setenv(name, value)
    text = (ROOT / "deploy" / f"{service}.yaml").read_text()
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in ("mqtt-password", "database-password"):
        (secrets / name).write_text("x\n")
    text = text.replace("/run/teleinfo", str(secrets))
    file = tmp_path / "program.yaml"
    file.write_text(text)
    settings = load(kind, file)
    assert settings.mqtt.tls == (Tls(ca="/etc/teleinfo/broker-ca.pem") if tls else None)
    assert settings.mqtt.username == service
    assert settings.heartbeat == Path("/tmp/heartbeat")


def test_the_reader_of_compose_reads_a_port_or_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "reader.yaml"
    text = (ROOT / "deploy" / "reader.yaml").read_text().replace("/run/teleinfo", str(tmp_path))
    file.write_text(text)
    (tmp_path / "mqtt-password").write_text("x\n")
    for name, value in _defaults("reader").items():
        monkeypatch.setenv(name, value)
    by_id = "/dev/serial/by-id/usb-FTDI_FT230X_Basic_UART_DN00001-if00-port0"
    for given, ports in {
        "/dev/ttyAMA0": ("/dev/ttyAMA0",),
        by_id: (by_id,),
        "socket://192.168.1.5:7000": ("socket://192.168.1.5:7000",),
        "[/dev/ttyUSB0, /dev/ttyUSB1]": ("/dev/ttyUSB0", "/dev/ttyUSB1"),
    }.items():
        monkeypatch.setenv("TIC_PORT", given)
        assert load(ReaderConfig, file).port == ports


def test_each_variable_is_explained_and_no_other() -> None:
    used = {name for name, _ in _VARIABLE.findall((ROOT / "compose.yaml").read_text())} - {"COMPOSE_PROJECT_NAME"}
    used |= set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text())) - {"COMPOSE_PROJECT_NAME"}
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^# ?([A-Z_]+)=", example, flags=re.MULTILINE)) == used


def test_images_are_of_one_release_line_and_name_no_architecture() -> None:
    text = (ROOT / "compose.yaml").read_text() + (ROOT / "Dockerfile").read_text()
    images = {
        service["image"] for service in COMPOSE["services"].values() if "image" in service and "build" not in service
    }
    assert images == {"eclipse-mosquitto:2.0", "mariadb:11.8"}
    assert set(re.findall(r"^FROM (\S+:\S+)", text, flags=re.MULTILINE)) == {"python:3.13-slim"}
    assert not re.search(r"amd64|arm64|arm/v|aarch64|x86|platform", text)
    assert not text.startswith("# syntax")


def test_what_sets_up_knows_nothing_of_the_programs() -> None:
    """But `meter`, which listens to ports as the reader does; `backups.py` stands alone in the storer's image."""
    for file in (ROOT / "deploy").glob("*.py"):
        modules = set(imported(ast.parse(file.read_text())))
        allowed = sys.stdlib_module_names | ({"deploy"} if file.name != "backups.py" else set())
        if file.name == "meter.py":  # it listens as the reader does
            allowed |= {"common", "reader"}
        assert modules <= allowed, file.name


def test_every_container_has_the_time_zone_of_the_house() -> None:
    for name, service in COMPOSE["services"].items():
        wanted = ":/mosquitto/config/localtime" if name == "mosquitto" else "${TZ:-Europe/Paris}"
        assert service["environment"]["TZ"] == wanted, name


def test_mosquitto_is_given_the_file_of_the_zone(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its image need not have any."""
    monkeypatch.setenv("TZ", "Europe/Paris")
    deploy.Setup(folders, ROOT, ("localhost",)).prepare()
    assert (folders / "broker" / "localtime").read_bytes() == (ZONES / "Europe" / "Paris").read_bytes()


@pytest.mark.parametrize("name", ["Europe/Pari", "../../etc/passwd", "/etc/passwd", "Europe", ""])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(SetupError, match=r"^TZ: .* Europe/Paris"):
        zone_file(name)


def test_whoever_starts_with_the_stack_has_no_rights_and_is_not_root() -> None:
    """`setup` begins as root, with the right to become somebody else, so `up` must not start it."""
    for name, service in COMPOSE["services"].items():
        if service.get("profiles") != ["tools"]:
            assert "cap_add" not in service, name
            assert not str(service.get("user", "1")).startswith("0"), name
    assert COMPOSE["services"]["setup"]["cap_add"] == ["SETGID", "SETUID"]
    assert COMPOSE["services"]["setup"]["cap_drop"] == ["ALL"]
