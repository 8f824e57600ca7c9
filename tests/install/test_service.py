"""The installed services, under a systemd of their own: ready, watched, confined, upgraded, taken away."""

import http.client
import json
import re
import urllib.parse
import urllib.request

import pytest

from tests.install.machine import CLONE, Machine
from tests.support.mqtt_client import listen
from tests.support.servers import Broker, free_port

METER = "simulate://standard-single-phase-tempo"
PROBE = """
import ctypes, errno, os
from common.machine.clock import _Timex

libc = ctypes.CDLL(None, use_errno=True)
read, write = _Timex(), _Timex()
write.modes = 0x10  # ADJ_STATUS
print("probe clock is read:", libc.adjtimex(ctypes.byref(read)) >= 0)
print("probe clock is set:", libc.adjtimex(ctypes.byref(write)) >= 0)
for name in ("/dev/ttyS0", "/dev/ttyUSB9", "/dev/other"):
    try:
        os.close(os.open(name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK))
        print("probe", name, "open")
    except OSError as error:
        print("probe", name, errno.errorcode[error.errno])
for name in ("/etc/teleinfo/x", "/opt/x", "/var/lib/teleinfo/x", "/run/teleinfo/x"):
    try:
        open(name, "w").close()
        os.unlink(name)
        print("probe", name, "written")
    except OSError as error:
        print("probe", name, errno.errorcode[error.errno])
"""


@pytest.fixture
def reader(running: Machine, broker: Broker) -> Machine:
    """The machine with a reader that runs, of a simulated meter."""
    running.path("/etc/teleinfo").mkdir()
    configure(running, broker)
    running.install("reader")
    return running


def configure(machine: Machine, broker: Broker) -> None:
    settings = {"name": "pi", "port": METER, "mqtt": {"host": broker.host, "port": broker.port}}
    machine.path("/etc/teleinfo/reader.yaml").write_text(json.dumps(settings))


def show(machine: Machine, name: str) -> str:
    return machine.run("systemctl", "show", "--value", "-p", name, "teleinfo-reader").strip()


def status(machine: Machine, pattern: str) -> str:
    return machine.wait(
        "systemctl show --value -p StatusText teleinfo-reader",
        lambda text: bool(re.fullmatch(pattern, text.strip())),
    )


def test_it_starts_once_its_configuration_is_complete(running: Machine, broker: Broker) -> None:
    assert "not started" in running.install("reader")
    assert running.try_("systemctl", "is-enabled", "teleinfo-reader").stdout.strip() == "disabled"
    configure(running, broker)
    output = running.install("reader")
    assert "start teleinfo-reader" in output
    assert "sudo nano /etc/teleinfo/reader.yaml; sudo systemctl restart teleinfo-reader" in output
    assert running.run("systemctl", "is-enabled", "teleinfo-reader").strip() == "enabled"
    assert show(running, "ActiveState") == "active"


def test_a_service_that_does_not_start_is_an_error(running: Machine, broker: Broker) -> None:
    running.path("/etc/teleinfo").mkdir()
    configure(running, broker)
    running.write(
        "/etc/systemd/system/teleinfo-reader.service.d/fails.conf", "[Service]\nExecStartPre=/usr/bin/false\n"
    )
    result = running.try_(f"{CLONE}/run", "install", "reader")
    assert result.returncode == 1
    assert "sudo teleinfo-reader check" in result.stdout


def test_it_is_ready_and_its_status_is_shown(reader: Machine, broker: Broker) -> None:
    assert show(reader, "ActiveState") == "active"
    status(reader, r"1 meter, \d\.\d frames/s, connected, \d+ pending")
    assert show(reader, "NRestarts") == "0"


def test_frames_reach_the_broker(reader: Machine, broker: Broker) -> None:
    with listen(broker) as mqtt:
        assert mqtt.wait(lambda: any(topic.endswith("/frame") for topic, _ in mqtt.messages))


def test_it_reads_the_clock_and_its_port_and_can_do_nothing_else(reader: Machine) -> None:
    reader.write("/srv/probe.py", PROBE)
    reader.write(
        "/etc/systemd/system/teleinfo-reader.service.d/probe.conf",
        "[Service]\nExecStartPre=/opt/teleinfo-monitor/current/bin/python /srv/probe.py\n",
    )
    reader.run("systemctl", "daemon-reload")
    reader.run("systemctl", "restart", "teleinfo-reader")
    output = reader.wait(
        "journalctl -o cat --no-pager -u teleinfo-reader", lambda text: "probe /run/teleinfo/x" in text
    )
    found = dict(line.removeprefix("probe ").rsplit(" ", 1) for line in output.splitlines() if line.startswith("probe"))
    port = found.pop("/dev/ttyS0")
    assert port in ("open", "EIO", "ENXIO")  # there may be none here, but it is not forbidden
    assert found == {
        "clock is read:": "True",
        "clock is set:": "False",
        "/dev/ttyUSB9": "ENXIO",  # its driver is not loaded: allowed, for the dongle that is plugged in later
        "/dev/other": "EPERM",
        "/etc/teleinfo/x": "EROFS",
        "/opt/x": "EROFS",
        "/var/lib/teleinfo/x": "written",
        "/run/teleinfo/x": "written",
    }


@pytest.mark.parametrize("program", ["reader", "storer", "monitor"])
def test_the_systemd_of_this_release_finds_little_exposed(running: Machine, program: str) -> None:
    unit = f"{CLONE}/deploy/systemd/teleinfo-{program}.service"
    running.run("systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=19", unit)


def test_a_reader_that_hangs_is_killed_by_the_watchdog_and_its_frames_are_kept(reader: Machine, broker: Broker) -> None:
    reader.write(
        "/etc/systemd/system/teleinfo-reader.service.d/watchdog.conf", "[Service]\nWatchdogSec=10\nRestartSec=0\n"
    )
    reader.run("systemctl", "daemon-reload")
    reader.run("systemctl", "restart", "teleinfo-reader")
    status(reader, "1 meter, .*")
    reader.run("systemctl", "kill", "--signal=SIGSTOP", "teleinfo-reader")
    reader.wait("systemctl show --value -p NRestarts teleinfo-reader", lambda output: int(output) >= 1)
    output = reader.wait(
        "journalctl -o cat --no-pager -u teleinfo-reader", lambda output: "unconfirmed frames" in output
    )
    assert "Watchdog timeout" in output
    assert "1 meter" in status(reader, "1 meter, .*")


def test_with_a_wrong_configuration_it_is_not_restarted_and_the_journal_says_why(reader: Machine) -> None:
    reader.path("/etc/teleinfo/reader.yaml").write_text("prot: /dev/ttyS0\n")
    assert reader.try_("systemctl", "restart", "teleinfo-reader").returncode != 0
    reader.wait("systemctl show --value -p ActiveState teleinfo-reader", lambda output: output.strip() == "failed")
    assert "did you mean 'port'?" in reader.run("journalctl", "-o", "cat", "--no-pager", "-u", "teleinfo-reader")
    reader.uninstall("reader")
    assert "teleinfo" not in reader.run("systemctl", "--failed", "--no-pager")


def test_an_upgrade_restarts_it(reader: Machine) -> None:
    before = show(reader, "MainPID")
    version = reader.path(f"{CLONE}/common/machine/version.py")
    version.write_text(version.read_text() + "\n# Newer.\n")
    output = reader.install("reader")
    assert "restart teleinfo-reader" in output
    assert show(reader, "MainPID") not in (before, "0")
    assert show(reader, "ActiveState") == "active"


def test_an_interrupted_upgrade_is_completed(reader: Machine) -> None:
    before = show(reader, "MainPID")
    old, new = reader.run("readlink", "-f", "/opt/teleinfo-monitor/current").strip(), "20990101T000000Z-1"
    # As after a kill between the change of version and the restart.
    reader.run("cp", "-a", old, f"/opt/teleinfo-monitor/{new}")
    reader.run("ln", "-sfn", new, "/opt/teleinfo-monitor/current")
    reader.run(
        "sed", "-i", f"1s|{old}|/opt/teleinfo-monitor/{new}|", f"/opt/teleinfo-monitor/{new}/bin/teleinfo-reader"
    )
    assert "restart teleinfo-reader" in reader.install("reader")
    assert show(reader, "MainPID") not in (before, "0")
    assert not reader.path(old).exists()
    assert "restart teleinfo-reader" not in reader.install("reader")


def test_an_upgrade_that_does_not_start_is_rolled_back(reader: Machine) -> None:
    service = reader.path(f"{CLONE}/reader/service.py")
    broken = "def run(self) -> None:\n        return 1 / 0"
    assert "def run(self) -> None:" in service.read_text()
    service.write_text(service.read_text().replace("def run(self) -> None:", broken))
    result = reader.try_(f"{CLONE}/run", "install", "reader")
    assert result.returncode == 1
    assert "the previous version was restored" in result.stdout
    assert show(reader, "ActiveState") == "active"
    assert "1 / 0" not in reader.run(
        "sh", "-c", "cat /opt/teleinfo-monitor/current/lib/python*/site-packages/reader/service.py"
    )


def test_uninstalled_it_stops_and_unconfirmed_frames_are_on_disk(reader: Machine) -> None:
    # A storer was seen once, and never confirms anything.
    reader.run(
        "setpriv",
        "--reuid=teleinfo-reader",
        "--regid=teleinfo-reader",
        "--clear-groups",
        "mkdir",
        "/var/lib/teleinfo/storers",
    )
    reader.run("touch", "/var/lib/teleinfo/storers/main")
    reader.run("systemctl", "restart", "teleinfo-reader")
    status(reader, r"1 meter, .*, [1-9]\d* pending")
    reader.uninstall("reader")
    assert reader.try_("systemctl", "is-active", "teleinfo-reader").returncode != 0
    assert [path for path in reader.path("/var/lib/teleinfo").iterdir() if path.suffix == ".spool"]


def test_a_storer_without_its_database_is_ready_and_waits(running: Machine, broker: Broker) -> None:
    settings = {
        "mqtt": {"host": broker.host, "port": broker.port},
        "database": {"host": "127.0.0.1", "port": free_port(), "password": "none"},
    }
    running.path("/etc/teleinfo").mkdir()
    running.path("/etc/teleinfo/storer.yaml").write_text(json.dumps(settings))
    assert "start teleinfo-storer" in running.install("storer")
    assert running.run("systemctl", "is-active", "teleinfo-storer").strip() == "active"
    running.wait("systemctl show -p StatusText teleinfo-storer", lambda text: "no database" in text)


def test_a_monitor_without_its_database_is_ready_and_serves_the_page(running: Machine, broker: Broker) -> None:
    port = free_port()
    settings = {
        "listen": {"port": port},
        "auth": "none",
        "mqtt": {"host": broker.host, "port": broker.port},
        "database": {"host": "127.0.0.1", "port": free_port(), "password": "none"},
    }
    running.path("/etc/teleinfo").mkdir()
    running.path("/etc/teleinfo/monitor.yaml").write_text(json.dumps(settings))
    output = running.install("monitor")
    assert f"the page is at http://127.0.0.1:{port}/" in output
    assert running.run("systemctl", "is-active", "teleinfo-monitor").strip() == "active"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/jour/2026-11-25", timeout=60) as page:
        assert b"<!doctype html>" in page.read()
    running.uninstall("monitor", "--purge")
    assert running.try_("systemctl", "is-active", "teleinfo-monitor").returncode != 0


def test_a_page_without_a_password_is_not_started_and_is_given_one_where_its_file_is_named(running: Machine) -> None:
    running.write("/etc/teleinfo/monitor.yaml", "database: {password: none}\n")
    output = running.install("monitor")
    assert "not started" in output
    assert "auth: none" in output
    port = free_port()
    running.write(
        "/etc/teleinfo/monitor.yaml",
        f"listen: {{port: {port}}}\npassword_file: /etc/teleinfo/page-password\ndatabase: {{password: none}}\n",
    )
    output = running.install("monitor")
    (password,) = re.findall(r"the password of the page: (\S+)", output)
    assert running.run("systemctl", "is-active", "teleinfo-monitor").strip() == "active"
    form = urllib.parse.urlencode({"password": password}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/login", form)
    assert connection.getresponse().status == 303
    connection.close()
    assert password not in running.path("/etc/teleinfo/page-password").read_text()
    assert running.run("stat", "-c", "%a", "/var/lib/teleinfo-monitor").strip() == "700"
    running.uninstall("monitor", "--purge")
    assert not running.path("/var/lib/teleinfo-monitor").exists()
