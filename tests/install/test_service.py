"""The installed services, under a systemd of their own: ready, watched, confined, taken away."""

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.contract.frame import Frame
from common.contract.labels import Mode
from common.contract.retention import Retention
from common.machine.version import __version__
from storer.backup.backup import backup
from storer.backup.restore import restore
from tests.install.machine import NAMES, PROGRAMS, READER, Machine
from tests.support.frames import ADDRESS
from tests.support.mqtt_client import MqttClient, listen
from tests.support.servers import Broker, Database
from tests.support.storing import client, exported

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
    """The same, with a reader that runs, of a simulated meter."""
    assert running.install_packages(READER).returncode == 0
    settings = {"name": "pi", "port": METER, "mqtt": {"host": broker.host, "port": broker.port}}
    running.path("/etc/teleinfo/reader.yaml").write_text(json.dumps(settings))
    running.run("systemctl", "enable", "--now", "teleinfo-reader")
    return running


def show(machine: Machine, name: str) -> str:
    return machine.run("systemctl", "show", "--value", "-p", name, "teleinfo-reader").strip()


def status(machine: Machine, pattern: str) -> str:
    return machine.wait(
        "systemctl show --value -p StatusText teleinfo-reader",
        lambda text: bool(re.fullmatch(pattern, text.strip())),
    )


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
        "[Service]\nExecStartPre=/opt/teleinfo/reader/bin/python3 /srv/probe.py\n",
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


def test_the_systemd_of_this_release_finds_little_exposed(running: Machine) -> None:
    assert running.install_packages(*(f"{name}_{__version__}_all.deb" for name in NAMES)).returncode == 0
    for program in PROGRAMS:
        running.run("systemd-analyze", "security", "--no-pager", "--threshold=19", f"teleinfo-{program}.service")


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
    reader.remove_packages("teleinfo-reader")
    assert "teleinfo" not in reader.run("systemctl", "--failed", "--no-pager")


def test_removed_it_stops_and_unconfirmed_frames_are_on_disk(reader: Machine) -> None:
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
    reader.remove_packages("teleinfo-reader")
    assert reader.try_("systemctl", "is-active", "teleinfo-reader").returncode != 0
    assert reader.path("/var/lib/teleinfo/spool.sqlite").stat().st_size > 0


BACKUPS, OTHER_DISK = "/var/lib/teleinfo-storer", "/mnt/usb/teleinfo"


def test_a_backup_of_the_service_is_restored_on_another_version_of_mariadb_and_back(
    older: Machine, broker: Broker, tmp_path: Path
) -> None:
    installed = older.install_packages(f"teleinfo-storer_{__version__}_all.deb")
    assert installed.returncode == 0, installed.stdout
    settings = {
        "mqtt": {"host": broker.host, "port": broker.port},
        "database": {"unix_socket": "/run/mysqld/mysqld.sock", "password": "change-me"},
        "backup": {"folder": BACKUPS},
    }
    older.path("/etc/teleinfo/storer.yaml").write_text(json.dumps(settings))
    older.run("systemctl", "enable", "--now", "teleinfo-storer")
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with MqttClient(broker.port, host=broker.host) as mqtt:
        for start in (hour - timedelta(days=40), hour - timedelta(hours=6)):  # final, whatever the minute
            for number in range(3):
                at = start + number * timedelta(minutes=10)
                frame = Frame(meter=ADDRESS, timestamp=at, mode=Mode.STANDARD, values={"ADSC": ADDRESS, "EAST": number})
                mqtt.publish(f"teleinfo/{ADDRESS}/frame", frame.to_json())
    rolled_up = "mariadb --skip-column-names teleinfodb --execute 'SELECT COUNT(*), SUM(frames) FROM hours'"
    older.wait(rolled_up, lambda text: text.split() == ["2", "6"])

    # Within the sandbox of the unit, as each night; and on another disk, as docs/database.md says.
    owner = ("-o", "teleinfo-storer", "-g", "teleinfo-storer")
    older.run("install", "-d", "-m", "700", *owner, OTHER_DISK)
    command = "/opt/teleinfo/storer/bin/teleinfo-storer backup"
    older.write(
        "/etc/systemd/system/teleinfo-storer.service.d/override.conf",
        f"[Service]\nReadWritePaths=-{OTHER_DISK} -/mnt/gone\n"
        f"ExecStartPost={command}\nExecStartPost={command} {OTHER_DISK}\n",
    )
    older.run("systemctl", "daemon-reload")
    older.run("systemctl", "restart", "teleinfo-storer")
    for folder in (BACKUPS, OTHER_DISK):
        assert owned(older, folder) == {f"drwx------ teleinfo-storer {folder}", f"-rw------- teleinfo-storer {folder}"}
    frames = older.run("teleinfo-storer", "export").encode().splitlines()
    assert len(frames) == 6

    saved = older.path(BACKUPS)
    with Database(tmp_path / "newer") as server:
        newer = client(server)
        restore(newer, saved)
        assert exported(newer) == frames
        older.run("systemctl", "stop", "teleinfo-storer")
        (back := tmp_path / "back").mkdir()
        backup(newer, back, Retention())
    # As docs/database.md says for a new machine.
    shutil.copytree(back, older.path("/srv/copy"))
    older.run("sh", "-c", "mariadb --execute 'DROP DATABASE teleinfodb' && mariadb </srv/storer.sql")
    older.run("rm", "-r", BACKUPS)
    older.run("cp", "-rT", "/srv/copy", BACKUPS)
    older.run("teleinfo-storer", "restore", BACKUPS)
    older.run("systemctl", "enable", "--now", "teleinfo-storer")
    assert older.run("teleinfo-storer", "export").encode().splitlines() == frames
    assert owned(older, BACKUPS) == {f"drwx------ teleinfo-storer {BACKUPS}", f"-rw------- teleinfo-storer {BACKUPS}"}

    older.remove_packages("teleinfo-storer", purge=True)
    # The files have a number that may be given to another user, who cannot enter the folder.
    assert owned(older, BACKUPS) == {f"drwx------ root {BACKUPS}", f"-rw------- UNKNOWN {BACKUPS}"}
    older.run("rm", "-r", BACKUPS, OTHER_DISK, "/srv/copy", "/srv/storer.sql")


def owned(machine: Machine, folder: str) -> set[str]:
    """Return rights and owners of a folder and of the backups in it."""
    lines = machine.run("sh", "-c", f"stat -c '%A %U %n' {folder} {folder}/*").splitlines()
    return {line.partition("/teleinfodb-")[0] for line in lines}
