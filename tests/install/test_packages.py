"""The packages for Debian: installed, upgraded, removed and purged, on both releases."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.machine.version import __version__
from tests.install.machine import DIST, NAMES, NEWER, PROGRAMS, READER, Machine
from tests.support.servers import Broker, free_port

READER_YAML = "/etc/teleinfo/reader.yaml"
METER = "simulate://standard-single-phase-tempo"


@pytest.fixture(params=["bare", "other"])
def debian(request: pytest.FixtureRequest, packages: Path) -> Iterator[Machine]:
    """A machine of each release, to which the packages were copied; it does not run."""
    machine: Machine = request.getfixturevalue(request.param)
    yield from machine.with_packages(packages)


def test_lintian_finds_nothing_but_what_is_explained(packages: Path) -> None:
    files = [packages / f"{name}_{__version__}_all.deb" for name in ("teleinfo", *NAMES)]
    result = subprocess.run(["lintian", "--fail-on", "error,warning", *files], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_all_are_installed_without_a_network_and_purged_without_a_trace(debian: Machine) -> None:
    result = debian.install_packages(*(f"{name}_{__version__}_all.deb" for name in NAMES))
    assert result.returncode == 0, result.stdout
    for program in PROGRAMS:
        name = f"teleinfo-{program}"
        code = "; sudo teleinfo-monitor password --code" if program == "monitor" else ""
        then = f"then: sudo systemctl enable --now {name}; sudo {name} check{code}"
        assert f"{name}: complete /etc/teleinfo/{program}.yaml, {then}" in result.stdout
        as_user = ("setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups")
        assert debian.run(*as_user, name, "--version").split()[-1].startswith(__version__)
        assert debian.run("stat", "-c", "%A %U:%G", f"/etc/teleinfo/{program}.yaml").strip() == (
            f"-rw-r----- root:{name}"
        )
        groups = {name, "teleinfo", *(["dialout"] if program == "reader" else [])}
        assert set(debian.run("id", "-nG", name).split()) == groups
        debian.run("systemctl", "enable", name)
    assert debian.run("stat", "-c", "%A %U:%G", "/etc/teleinfo").strip() == "drwxr-x--- root:teleinfo"
    # Their parts in C were left out.
    libraries = "import apprise, charset_normalizer.md, requests, uvicorn, websocket, yaml"
    debian.run("/opt/teleinfo/monitor/bin/python3", "-P", "-W", "error", "-c", libraries)
    debian.run("/opt/teleinfo/reader/bin/python3", "-P", "-c", "import paho.mqtt.client, rich, serial")
    debian.run("/opt/teleinfo/storer/bin/python3", "-P", "-c", "import paho.mqtt.client, pymysql, tenacity")

    debian.remove_packages("teleinfo-reader", purge=True)
    assert debian.path("/etc/teleinfo/storer.yaml").exists()
    debian.remove_packages(*NAMES, purge=True)
    assert debian.traces() == []


def test_the_service_runs_as_its_user_and_its_configuration_outlives_upgrade_and_removal(
    debian: Machine, broker: Broker
) -> None:
    settings = {"name": "pi", "port": METER, "mqtt": {"host": broker.host, "port": broker.port}}
    with debian.booted():
        assert debian.install_packages(READER).returncode == 0
        debian.path(READER_YAML).write_text(json.dumps(settings))
        debian.run("systemctl", "enable", "--now", "teleinfo-reader")
        before = main_process(debian)
        assert debian.run("stat", "-c", "%U", f"/proc/{before}").strip() == "teleinfo-reader"

        result = debian.install_packages(NEWER)
        assert result.returncode == 0, result.stdout
        assert "complete" not in result.stdout
        assert debian.run("systemctl", "is-active", "teleinfo-reader").strip() == "active"
        assert main_process(debian) != before
        assert json.loads(debian.path(READER_YAML).read_text()) == settings

        debian.path(READER_YAML).write_text("prot: /dev/ttyS0\n")
        output = debian.run("dpkg", "--install", f"{DIST}/{NEWER}")
        assert any(READER_YAML in line and "did you mean 'port'?" in line for line in output.splitlines())
        assert "install ok installed" in debian.run("dpkg", "--status", "teleinfo-reader")
        debian.path(READER_YAML).write_text(json.dumps(settings))

        debian.remove_packages("teleinfo-reader")
        assert debian.try_("systemctl", "is-active", "teleinfo-reader").returncode != 0
    assert json.loads(debian.path(READER_YAML).read_text()) == settings
    assert debian.path("/var/lib/teleinfo").exists()
    assert not debian.path("/opt/teleinfo").exists()
    assert not debian.path("/etc/systemd/system/multi-user.target.wants/teleinfo-reader.service").is_symlink()
    debian.remove_packages("teleinfo-reader", purge=True)
    assert debian.traces() == []


def test_storer_and_monitor_run_as_services_too(debian: Machine, broker: Broker) -> None:
    port = free_port()
    common = {
        "mqtt": {"host": broker.host, "port": broker.port},
        "database": {"host": "127.0.0.1", "port": free_port(), "password": "none"},
    }
    settings = {"storer": common, "monitor": common | {"listen": {"port": port}, "auth": "none"}}
    with debian.booted():
        assert debian.install_packages(*(f"teleinfo-{name}_{__version__}_all.deb" for name in settings)).returncode == 0
        for name, content in settings.items():
            debian.path(f"/etc/teleinfo/{name}.yaml").write_text(json.dumps(content))
            debian.run("systemctl", "enable", "--now", f"teleinfo-{name}")
        debian.wait("systemctl show -p StatusText teleinfo-storer", lambda text: "no database" in text)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/jour/2026-11-25", timeout=60) as page:
            assert b"<!doctype html>" in page.read()


def main_process(machine: Machine) -> int:
    return int(machine.run("systemctl", "show", "--value", "-p", "MainPID", "teleinfo-reader"))


def test_a_package_is_refused_beside_the_programs_of_the_former_installer(debian: Machine) -> None:
    debian.path("/opt/teleinfo-monitor/current").mkdir(parents=True)
    before = debian.traces()
    result = debian.install_packages(READER)
    assert result.returncode != 0
    assert "sudo rm -rf /opt/teleinfo-monitor" in result.stdout
    assert debian.traces() == before
    debian.run("rm", "-r", "/opt/teleinfo-monitor")
    assert debian.install_packages(READER).returncode == 0
