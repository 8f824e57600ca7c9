"""The package with all programs on a bare Debian: from one command to the first value, and what the page changes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.machine.version import __version__
from tests.install.machine import NAMES, PROGRAMS, Machine
from tests.install.page import PASSWORD, Page

WHOLE = f"teleinfo_{__version__}_all.deb"
SERVICES = [*NAMES, "teleinfo-setup.path"]
ACTIVE = f"systemctl is-active {' '.join(SERVICES)}"
COUNT = "mariadb --skip-column-names teleinfodb --execute 'SELECT COUNT(*) FROM frames'"
#: A meter behind a port of the network.
METER = """
import socket
from reader.simulator.line import SimulatedLine

server = socket.create_server(("127.0.0.1", 2000))
while True:
    connection, _ = server.accept()
    line = SimulatedLine("standard-single-phase-tempo")
    try:
        while True:
            connection.sendall(line.read(1.0))
    except OSError:
        pass
"""
OTHER_BROKER = """\
listener 1999 127.0.0.1
allow_anonymous false
password_file /srv/other-passwords
"""


@pytest.fixture
def debian(request: pytest.FixtureRequest, packages: Path) -> Iterator[Machine]:
    """A machine that runs, without a network; apt has what the package depends on."""
    machine: Machine = request.getfixturevalue(request.param)
    machine.fetch("mosquitto", "mosquitto-clients", "mariadb-server")
    for prepared in machine.with_packages(packages):
        with prepared.starting_services(), prepared.booted(alone=True):
            yield prepared
            prepared.remove_packages("teleinfo", *NAMES, purge=True)
            prepared.remove_servers()


def install(machine: Machine) -> str:
    """Install the package as a person does; return the code that apt's last line has."""
    result = machine.install_packages(WHOLE)
    assert result.returncode == 0, result.stdout
    opened = re.search(r"^teleinfo: ouvrez / open http://[0-9.]+:8080/#(\d{4}-\d\d)$", result.stdout, re.MULTILINE)
    assert opened, result.stdout[-3000:]
    return opened[1]


def start_meter(machine: Machine) -> None:
    machine.write("/srv/meter.py", METER)
    machine.run("systemd-run", "--unit=meter", "/opt/teleinfo/reader/bin/python3", "-P", "/srv/meter.py")


def rows(machine: Machine) -> int:
    return int(machine.run("sh", "-c", COUNT))


def wait_for_rows(machine: Machine, more_than: int) -> None:
    machine.wait(COUNT, lambda text: text.strip().isdigit() and int(text) > more_than)


def configuration(machine: Machine) -> str:
    return "".join(machine.path(f"/etc/teleinfo/{program}.yaml").read_text() for program in PROGRAMS)


@pytest.mark.parametrize("debian", ["bare", "other"], indirect=True)
def test_one_command_and_the_page_lead_to_the_first_value_and_a_purge_takes_all_but_the_database(
    debian: Machine,
) -> None:
    code = install(debian)
    debian.wait(ACTIVE, lambda text: text.split() == ["active"] * len(SERVICES))
    page = Page(debian, code)
    page.send("PUT", "access/password", {"password": PASSWORD, "current": None})
    start_meter(debian)
    reader = debian.run("hostname").strip()
    page.save("ports", {"reader": reader, "ports": ["socket://127.0.0.1:2000"], "labels": {}})
    wait_for_rows(debian, 1)
    assert re.fullmatch(r"\d{12}", Page(debian, PASSWORD).get("live")["meter"])
    for name in NAMES:
        # The clock is that of the machine on which the tests run.
        found = debian.try_(name, "check").stdout.splitlines()
        assert [line for line in found if line.startswith("✗") and "Clock:" not in line] == []
        debian.run("systemd-analyze", "security", "--no-pager", "--threshold=19", f"{name}.service")
    debian.run("systemd-analyze", "security", "--no-pager", "--threshold=19", "teleinfo-setup.service")

    account_of_the_page_works_until_it_is_removed(debian, page)
    broker_of_the_page_is_used_and_ours_again(debian, page)

    before, stored = configuration(debian), rows(debian)
    assert debian.install_packages("--reinstall", WHOLE).returncode == 0
    assert configuration(debian) == before
    debian.remove_packages("teleinfo")
    assert debian.try_("systemctl", "is-active", *NAMES).stdout.split() == ["inactive"] * 3
    assert configuration(debian) == before
    assert debian.install_packages(WHOLE).returncode == 0
    debian.wait(ACTIVE, lambda text: text.split() == ["active"] * len(SERVICES))
    wait_for_rows(debian, stored)

    debian.run("systemctl", "stop", "meter")
    debian.remove_packages("teleinfo")
    output = debian.run("dpkg", "--purge", "teleinfo")
    assert 'sudo mariadb --execute "DROP DATABASE teleinfodb; DROP USER teleinfo@localhost' in output
    assert rows(debian) > stored
    debian.run("sh", "-c", output.splitlines()[-1].strip().removeprefix("sudo "))
    debian.run("rm", "/srv/meter.py")
    assert debian.traces() == []


def account_of_the_page_works_until_it_is_removed(debian: Machine, page: Page) -> None:
    debian.install("mosquitto-clients")
    made = page.send("POST", "access/accounts", {"name": "prise-cave", "role": "phone"})
    listen = f"mosquitto_sub -p 1883 -u prise-cave -P {made['password']} -t 'teleinfo/+/frame' -C 1 -W 20"
    debian.wait(listen, lambda text: '"meter"' in text)
    assert debian.try_("mosquitto_sub", "-p", "1883", "-t", "#", "-C", "1", "-W", "5").returncode != 0
    page.send("DELETE", "access/accounts/prise-cave")
    debian.wait(listen, lambda text: "not authori" in text.lower())


def broker_of_the_page_is_used_and_ours_again(debian: Machine, page: Page) -> None:
    debian.write("/srv/other.conf", OTHER_BROKER)
    debian.run("mosquitto_passwd", "-c", "-b", "/srv/other-passwords", "house", "secret")
    debian.run("chmod", "644", "/srv/other-passwords")
    debian.run("systemd-run", "--unit=other-broker", "mosquitto", "-c", "/srv/other.conf")
    listen = "mosquitto_sub -p 1999 -u house -P secret -t 'teleinfo/+/frame' -C 1 -W 5"
    debian.wait(listen.replace("frame", "none"), lambda text: "refused" not in text)
    kept = configuration(debian)
    other = {"host": "127.0.0.1", "port": 1999, "username": "house", "password": "secret", "tls": False}
    page.send("PUT", "access/broker", other)
    debian.wait(listen, lambda text: '"meter"' in text)
    assert configuration(debian).count('"port": 1999, "username": "house"') == 3
    assert "secret" not in configuration(debian)
    wait_for_rows(debian, rows(debian))
    page.send("PUT", "access/broker", {"host": None})
    debian.wait("cat /etc/teleinfo/*.yaml", lambda text: text.count('"port": 1884') == 3)
    assert configuration(debian) == kept
    debian.wait(ACTIVE, lambda text: text.split() == ["active"] * len(SERVICES))
    wait_for_rows(debian, rows(debian))
    debian.run("systemctl", "stop", "other-broker")
    debian.run("rm", "/srv/other.conf", "/srv/other-passwords")


@pytest.mark.parametrize("debian", ["other"], indirect=True)
def test_a_broker_that_was_there_is_used_as_it_is_and_its_account_is_asked_in_the_page(debian: Machine) -> None:
    debian.install("mosquitto")
    debian.write("/etc/mosquitto/conf.d/mine.conf", "listener 1883\nallow_anonymous true\n")
    debian.run("systemctl", "restart", "mosquitto")
    page = Page(debian, install(debian))
    assert (
        page.get("access")["broker"] | {"may_add": False, "may_choose": True, "fixed": False}
        == (page.get("access")["broker"])
    )
    start_meter(debian)
    page.save("ports", {"reader": debian.run("hostname").strip(), "ports": ["socket://127.0.0.1:2000"], "labels": {}})
    wait_for_rows(debian, 1)
    assert not debian.path("/etc/mosquitto/conf.d/teleinfo.conf").exists()
    debian.run("systemctl", "stop", "meter")
    debian.run("rm", "/srv/meter.py")


@pytest.mark.parametrize("debian", ["bare"], indirect=True)
def test_the_single_packages_are_replaced_with_their_configuration_and_their_data(debian: Machine) -> None:
    debian.install("mosquitto", "mariadb-server")
    debian.write("/etc/mosquitto/conf.d/mine.conf", "listener 1883\nallow_anonymous true\n")
    debian.run("systemctl", "restart", "mosquitto")
    debian.run("mariadb", "--execute", "; ".join(statements("storer") + statements("monitor")))
    assert debian.install_packages(*(f"{name}_{__version__}_all.deb" for name in NAMES)).returncode == 0
    database = {"unix_socket": "/run/mysqld/mysqld.sock", "password": "change-me"}
    settings = {
        "reader": {"port": "simulate://standard-single-phase-tempo", "mqtt": {"host": "127.0.0.1"}},
        "storer": {"database": database, "mqtt": {"host": "127.0.0.1"}},
        "monitor": {"database": database, "mqtt": {"host": "127.0.0.1"}, "listen": {"host": "0.0.0.0"}},
    }
    for program, content in settings.items():
        debian.path(f"/etc/teleinfo/{program}.yaml").write_text(json.dumps(content))
    debian.run("systemctl", "enable", "--now", *NAMES)
    wait_for_rows(debian, 1)
    reader = debian.run("systemctl", "show", "--value", "-p", "MainPID", "teleinfo-reader")
    before = configuration(debian)

    stored = rows(debian)
    install(debian)
    assert configuration(debian) == before
    debian.wait(ACTIVE, lambda text: text.split() == ["active"] * len(SERVICES))
    assert debian.run("systemctl", "show", "--value", "-p", "MainPID", "teleinfo-reader") != reader
    wait_for_rows(debian, stored)
    assert not debian.path("/etc/mosquitto/conf.d/teleinfo.conf").exists()
    # What is left of the single packages is purged: the files are the other package's now.
    debian.run("dpkg", "--purge", *NAMES)
    assert configuration(debian) == before
    wait_for_rows(debian, rows(debian))


def statements(program: str) -> list[str]:
    sql = (Path(__file__).resolve().parents[2] / f"mariadb/{program}.sql").read_text()
    return [line.rstrip(";") for line in sql.splitlines() if not line.startswith("--")]
