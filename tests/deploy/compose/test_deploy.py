"""The service `setup`, and the files that compose.yaml puts together."""

import ast
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import deploy.compose.__main__ as commands
from common.settings.config import Tls, load
from deploy.compose.accounts import GROUPS
from deploy.compose.setup import ACCOUNTS_SQL, ZONES, Setup
from deploy.database_accounts import hashed
from deploy.files import write
from monitor.base.config import MonitorConfig
from reader.config import ReaderConfig
from storer.config.options import StorerConfig
from tests.test_layers import imported

ROOT = Path(__file__).parents[3]
#: Of these two services there is never a container.
SWITCHES = ("started", "not-started")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
_VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::[-+?]([^}]*))?\}")


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TZ", raising=False)  # of the machine
    for name in ("keep", "broker", *GROUPS):
        (tmp_path / name).mkdir()
        monkeypatch.setitem(GROUPS, name, os.getgid())
    return tmp_path


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run_setup(folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command of the service `setup`; returns its exit code, its output and its errors."""
    monkeypatch.setattr(commands, "ROOT", folders)
    monkeypatch.setattr(commands, "TEMPLATES", ROOT)
    monkeypatch.setattr(os, "umask", lambda _: 0)  # of the process that runs the tests

    def run(*arguments: str, given: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["setup", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        return commands.main(), *capsys.readouterr()

    return run


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def changed(folder: Path, before: dict[str, bytes]) -> set[str]:
    return {name for name, content in files(folder).items() if before.get(name) != content}


def test_a_second_run_changes_nothing_and_a_renewal_the_certificate_only(folders: Path, run_setup: Run) -> None:
    assert run_setup("prepare")[0] == 0
    before = files(folders)
    _, said, _ = run_setup("prepare")
    assert files(folders) == before
    assert "restart" not in said
    run_setup("renew")
    kept_and_given = {"keep/server.crt", "keep/server.key", "broker/server.crt", "broker/server.key"}
    assert changed(folders, before) == kept_and_given


def test_each_program_is_given_its_own_passwords_and_no_other(folders: Path) -> None:
    setup = Setup(folders, ROOT, ("localhost",))
    setup.prepare()
    given = {
        "broker": {"health", "console"},  # all others only hashed
        "database": set(),
        "reader": {"reader"},
        "storer": {"storer", "teleinfo"},
        "monitor": {"monitor", "teleinfo-monitor"},
        "grafana": {"grafana"},
    }
    for account in setup.vault.accounts():
        password = setup.vault.password(account).encode()
        holders = {name for name in given if any(password in text for text in files(folders / name).values())}
        assert holders == {name for name, names in given.items() if account.name in names}, account.name
    # The page has no account at the broker.
    assert b"page" not in files(folders)["broker/passwords"] + files(folders)["broker/acl"]


def test_the_sql_has_one_statement_a_line_and_an_account_for_each_of_the_database(folders: Path) -> None:
    setup = Setup(folders, ROOT, ("localhost",))
    setup.prepare()
    text = (folders / "database" / ACCOUNTS_SQL).read_text()
    assert all(line.endswith(";") for line in text.splitlines())
    assert "change-me" not in text
    for name in ("teleinfo", "teleinfo-monitor", "grafana"):
        assert f"'{name}'@'%' IDENTIFIED VIA mysql_native_password USING '{hashed(setup.password(name))}'" in text


def test_a_rotation_spares_the_passwords_of_ones_own_server_unless_they_are_named(
    folders: Path, run_setup: Run
) -> None:
    run_setup("prepare")
    run_setup("password", "reader", given="of my own broker\n")
    assert (folders / "reader" / "mqtt-password").read_text() == "of my own broker\n"
    before = files(folders)
    _, said, _ = run_setup("rotate")
    assert "docker compose restart mosquitto mariadb" in said
    kept = {"keep/reader.password"}
    assert {name for name in before if name.endswith(".password")} - changed(folders, before) == kept
    run_setup("rotate", "reader")
    assert "of my own" not in (folders / "reader" / "mqtt-password").read_text()


def test_an_account_is_listed_from_its_addition_to_its_removal(folders: Path, run_setup: Run) -> None:
    for command, there in ((("add", "attic", "reader"), True), (("remove", "attic"), False)):
        _, said, _ = run_setup(*command)
        assert ("attic" in said, "restart" in said) == (True, False)
        listed = [line.split()[:2] for line in run_setup("credentials")[1].splitlines()]
        assert (["attic", "reader"] in listed) == there
        assert ("user attic\n" in (folders / "broker" / "acl").read_text()) == there
        assert ("attic:" in (folders / "broker" / "passwords").read_text()) == there


@pytest.mark.parametrize(
    ("name", "variable", "what"),
    [("home-assistant", "MQTT_HOST", "broker"), ("grafana", "DATABASE_HOST", "database")],
)
def test_who_has_a_server_of_their_own_is_sent_there(
    name: str, variable: str, what: str, run_setup: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account that we would show is none of that server."""
    monkeypatch.setenv(variable, "")  # as compose gives it
    code, output, _ = run_setup("credentials", name)
    assert (code, "password " in output) == (0, True)
    monkeypatch.setenv(variable, "192.168.1.20")
    code, output, error = run_setup("credentials", name)
    assert (code, output) == (1, "")
    assert re.fullmatch(rf"setup: .*own {what}, 192\.168\.1\.20 \({variable} in \.env\).*\n", error)


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


def test_prepare_has_the_groups_of_all_containers_that_it_gives_files_to() -> None:
    assert {int(group) for group in COMPOSE["services"]["prepare"]["group_add"]} == set(GROUPS.values())


def _defaults(service: str, *, own_authority: bool = False) -> dict[str, str]:
    """The environment of a service, with nothing in .env, or with MQTT_TLS."""
    return {
        name: _VARIABLE.sub(
            lambda match: match[2] or "",
            re.sub(r"\$\{MQTT_TLS:\+([^}]*)\}", r"\1" if own_authority else "", str(value)),
        )
        for name, value in COMPOSE["services"][service]["environment"].items()
    }


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Loads the configuration of a service as its container does, with variables of its own."""
    for name in ("mqtt-password", "database-password"):
        (tmp_path / name).write_text("x\n")

    def load_it(service: str, *, own_authority: bool = False, **variables: str) -> Any:
        for name, value in (_defaults(service, own_authority=own_authority) | variables).items():
            monkeypatch.setenv(name, value)
        file = tmp_path / "program.yaml"
        text = (ROOT / "deploy" / "compose" / f"{service}.yaml").read_text()
        file.write_text(text.replace("/run/teleinfo", str(tmp_path)))
        return load({"reader": ReaderConfig, "storer": StorerConfig, "monitor": MonitorConfig}[service], file)

    return load_it


@pytest.mark.parametrize("service", ["reader", "storer", "monitor"])
@pytest.mark.parametrize("tls", [False, True])
def test_the_configuration_in_a_container_is_one(configured: Callable[..., Any], service: str, tls: bool) -> None:
    settings = configured(service, own_authority=tls)
    assert settings.mqtt.tls == (Tls(ca="/etc/teleinfo/broker-ca.pem") if tls else None)
    assert settings.mqtt.username == service
    assert settings.heartbeat == Path("/tmp/heartbeat")


def test_the_page_in_a_container_asks_for_a_password_that_it_sets_itself_and_is_open_to_the_home_network(
    configured: Callable[..., Any],
) -> None:
    settings = configured("monitor")
    assert (settings.auth, settings.password_file, settings.own_broker) == ("password", None, None)
    assert (settings.frame_ancestors, settings.listen.trusted) == ((), ())
    assert f"monitor-state:{settings.state}" in COMPOSE["services"]["monitor"]["volumes"]
    (port,) = COMPOSE["services"]["monitor"]["ports"]
    assert _VARIABLE.sub(lambda match: match[2], port) == f"8080:{settings.listen.port}"
    home_assistant = "http://homeassistant.local:8123"
    settings = configured(
        "monitor",
        MONITOR_PREFIX="/teleinfo",
        MONITOR_FRAME_ANCESTORS=f"[{home_assistant}]",
        MONITOR_TRUSTED="[172.16.0.0/12]",
    )
    assert (settings.listen.prefix, settings.frame_ancestors) == ("/teleinfo", (home_assistant,))
    assert settings.listen.trusts("172.18.0.5")


@pytest.mark.parametrize(
    ("given", "ports"),
    [
        ("/dev/ttyAMA0", ("/dev/ttyAMA0",)),
        ("/dev/serial/by-id/usb-FTDI_FT230X-if00-port0", ("/dev/serial/by-id/usb-FTDI_FT230X-if00-port0",)),
        ("socket://192.168.1.5:7000", ("socket://192.168.1.5:7000",)),
        ("[/dev/ttyUSB0, /dev/ttyUSB1]", ("/dev/ttyUSB0", "/dev/ttyUSB1")),
    ],
)
def test_the_reader_of_compose_reads_a_port_or_several(
    configured: Callable[..., Any], given: str, ports: tuple[str, ...]
) -> None:
    assert configured("reader", TIC_PORT=given).port == ports


#: Of an .env of commit 61720cba, for `take-over`.
FORMER = {"SOURCES", "RETENTION_FRAMES", "RETENTION_MINUTES", "MONITOR_PRICES"}


def test_each_variable_is_explained_and_no_other_but_those_that_are_taken_over() -> None:
    used = {name for name, _ in _VARIABLE.findall((ROOT / "compose.yaml").read_text())} - {"COMPOSE_PROJECT_NAME"}
    used |= set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text())) - {"COMPOSE_PROJECT_NAME"}
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^# ?([A-Z_]+)=", example, flags=re.MULTILINE)) == used - FORMER


IMAGES = {
    "MOSQUITTO_IMAGE": "eclipse-mosquitto:2.0",
    "MARIADB_IMAGE": "mariadb:11.8",
    "GRAFANA_IMAGE": "grafana/grafana:12.3",
    "PYTHON_IMAGE": "python:3.13-slim",
}


def test_each_image_can_be_replaced_by_one_of_a_digest() -> None:
    """Those that are pulled, and the one that ours are built on."""
    services = COMPOSE["services"].values()
    pulled = {service["image"] for service in services if "image" in service and "build" not in service}
    assert pulled == {f"${{{name}:-{IMAGES[name]}}}" for name in ("MOSQUITTO_IMAGE", "MARIADB_IMAGE", "GRAFANA_IMAGE")}
    built = [service["build"]["args"] for service in services if "build" in service]
    assert len(built) + 3 + len(SWITCHES) == len(services)
    assert all(arguments == {"PYTHON_IMAGE": "${PYTHON_IMAGE:-python:3.13-slim}"} for arguments in built)
    dockerfile = (ROOT / "Dockerfile").read_text()
    stages = re.findall(r"^FROM .+ AS (\S+)", dockerfile, flags=re.MULTILINE)
    bases = re.findall(r"^FROM (?:--\S+ )?(\S+)", dockerfile, flags=re.MULTILINE)
    assert {base for base in bases if base not in stages} == {"${PYTHON_IMAGE}"}


def pin(folder: Path, digests: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run deploy/compose/pin in a clone, with a Docker that knows these digests of images."""
    (folder / "deploy" / "compose").mkdir(parents=True, exist_ok=True)
    for name in ("compose.yaml", "deploy/compose/pin"):
        shutil.copy(ROOT / name, folder / name)
    docker = folder / "bin" / "docker"
    docker.parent.mkdir(exist_ok=True)
    cases = "".join(f"{image}) echo other/name@sha256:{'f' * 64}; echo {found};;\n" for image, found in digests.items())
    docker.write_text(
        f'#!/bin/sh\n[ "$1" = pull ] && exit 0\nfor image; do :; done\ncase $image in\n{cases}*) exit 1;;\nesac\n'
    )
    docker.chmod(0o755)
    environment = {"PATH": f"{docker.parent}:/usr/bin:/bin"}
    return subprocess.run(
        ["sh", folder / "deploy" / "compose" / "pin"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def digests(digit: str) -> dict[str, str]:
    return {image: f"{image.split(':')[0]}@sha256:{digit * 64}" for image in IMAGES.values()}


@pytest.mark.parametrize("kept", ["TIC_PORT=/dev/ttyAMA0\n# a comment\n", "TZ=Europe/Paris"])
def test_one_command_pins_all_images_by_digest_and_again_moves_them(kept: str, tmp_path: Path) -> None:
    """Some editors leave the last line without its end."""
    (tmp_path / ".env").write_text(kept)
    for digit in "12":
        result = pin(tmp_path, digests(digit))
        assert result.returncode == 0, result.stderr
        pinned = [f"{name}={image}@sha256:{digit * 64}" for name, image in IMAGES.items()]
        assert (tmp_path / ".env").read_text().splitlines() == [*kept.splitlines(), *pinned]
    assert "docker compose build" in result.stderr


def test_an_image_without_a_digest_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TIC_PORT=/dev/ttyAMA0\n")
    result = pin(tmp_path, {**digests("1"), "mariadb:11.8": ""})
    assert (result.returncode, result.stdout) == (1, "")
    assert "mariadb:11.8 has no digest" in result.stderr
    assert (tmp_path / ".env").read_text() == "TIC_PORT=/dev/ttyAMA0\n"


def test_what_sets_up_knows_nothing_of_the_programs() -> None:
    """But `meter`, which listens as the reader does."""
    for file in (ROOT / "deploy" / "compose").glob("*.py"):
        modules = set(imported(ast.parse(file.read_text())))
        allowed = sys.stdlib_module_names | {"deploy"}
        if file.name == "meter.py":
            allowed |= {"common", "reader"}
        assert modules <= allowed, file.name


def test_every_container_has_the_time_zone_of_the_house() -> None:
    for name, service in COMPOSE["services"].items():
        if name in SWITCHES:
            continue
        wanted = ":/mosquitto/config/localtime" if name == "mosquitto" else "${TZ:-Europe/Paris}"
        assert service["environment"]["TZ"] == wanted, name


def test_mosquitto_is_given_the_file_of_the_zone(
    folders: Path, run_setup: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its image need not have any."""
    monkeypatch.setenv("TZ", "Europe/Paris")
    assert run_setup("prepare")[0] == 0
    assert (folders / "broker" / "localtime").read_bytes() == (ZONES / "Europe" / "Paris").read_bytes()
    for name in ("Europe/Pari", "../../etc/passwd", "/etc/passwd", "Europe"):
        monkeypatch.setenv("TZ", name)
        code, _, error = run_setup("prepare")
        assert (code, "Europe/Paris" in error) == (1, True), name


def test_whoever_starts_with_the_stack_has_no_rights_and_is_not_root() -> None:
    """`setup` begins as root, with the right to become somebody else, so `up` must not start it."""
    for name, service in COMPOSE["services"].items():
        if service.get("profiles") != ["tools"]:
            assert "cap_add" not in service, name
            assert not str(service.get("user", "1")).startswith("0"), name
    assert COMPOSE["services"]["setup"]["cap_add"] == ["SETGID", "SETUID"]
    assert COMPOSE["services"]["setup"]["cap_drop"] == ["ALL"]


def test_without_a_port_the_reader_asks_for_it(configured: Callable[..., Any]) -> None:
    assert configured("reader").port == ()


def test_what_an_upgrade_must_not_stop_depends_on_nothing_and_waits_for_its_own_file(folders: Path) -> None:
    """Compose creates a container anew with each that it depends on."""
    Setup(folders, ROOT, ("localhost",)).prepare()
    where = {
        "mosquitto": ("broker", "command"),
        "mariadb": ("database", "entrypoint"),
        "reader": ("reader", "entrypoint"),
    }
    for service, (folder, start) in where.items():
        description = COMPOSE["services"][service]
        assert "depends_on" not in description
        (awaited,) = re.findall(r"\[ -s (\S+) \]", description[start][2])
        (target,) = (v["target"] for v in description["volumes"] if isinstance(v, dict) and v.get("source") == folder)
        assert (folders / folder / Path(awaited).relative_to(target)).stat().st_size > 0
    assert COMPOSE["services"]["mariadb"]["command"][0].endswith(f"/{ACCOUNTS_SQL}")
