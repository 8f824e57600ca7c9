import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.machine.host import Host, Process, User

READER = "teleinfo-reader"
CONFIG = Path("/etc/teleinfo/reader.yaml")
SOMEBODY = User("somebody", 54_321, frozenset({54_321}))


@pytest.fixture
def terminal() -> Iterator[Path]:
    master, slave = os.openpty()
    yield Path(os.ttyname(slave))
    os.close(master)
    os.close(slave)


def test_the_process_that_has_a_device_open_is_found_by_any_of_its_names(terminal: Path, tmp_path: Path) -> None:
    link = tmp_path / "by-id"
    link.symlink_to(terminal)
    assert Host().users_of(link) == []
    code = "import sys; file = open(sys.argv[1]); print(flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(terminal)], **pipes) as other:  # type: ignore[call-overload]
        other.stdout.readline()
        (holder,) = Host().users_of(link)
        other.stdin.close()
    assert holder.pid == other.pid
    assert holder.command[1] == "-c"


_OPEN_THE_SAME_NUMBER = """
import fcntl, os, sys
folder, wanted = sys.argv[1:]
while not os.path.exists(f"{folder}/{wanted}"):
    master = os.open(f"{folder}/ptmx", os.O_RDWR | os.O_NOCTTY)
fcntl.ioctl(master, 0x40045431, bytes(4))  # TIOCSPTLCK: unlock it
terminal = os.open(f"{folder}/{wanted}", os.O_RDWR | os.O_NOCTTY)
print("open", flush=True)
sys.stdin.read()
"""


def test_a_terminal_of_a_container_is_not_the_one_here_with_its_number(terminal: Path, tmp_path: Path) -> None:
    mount = 'mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1" && exec "$0" -c "$3" "$1" "$2"'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount]
    arguments = [sys.executable, str(tmp_path), terminal.name, _OPEN_THE_SAME_NUMBER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([*command, *arguments], **pipes) as other:  # type: ignore[call-overload]
        if not other.stdout.readline():
            pytest.skip("no file system can be mounted here")
        holders = Host().users_of(terminal)
        other.stdin.close()
    assert holders == []


@pytest.mark.parametrize(
    ("command", "simulates"),
    [
        ("python3 -P -m demo.sun --broker 1", True),
        ("python3 -P -m reader simulate historic-single-phase-base", True),
        ("teleinfo-reader run", False),
        ("python3 -P -m demo --sun", False),
    ],
)
def test_a_simulated_meter_is_no_user_of_its_port(command: str, simulates: bool) -> None:
    assert Process(1, "python3", tuple(command.split())).is_simulator() == simulates


@pytest.mark.parametrize(
    ("command", "ours"),
    [
        (("/opt/teleinfo/bin/python", "/opt/teleinfo/bin/teleinfo-reader", "run"), True),
        (("python3", "-m", "reader", "run"), True),
        (("/usr/bin/python3", "/usr/bin/teleinfo-reader", "watch"), False),
        (("grep", "teleinfo-reader"), False),
        (("/usr/bin/teleinfo-storer", "run"), False),
    ],
)
def test_our_service_is_recognised_by_its_command(command: tuple[str, ...], ours: bool) -> None:
    assert Process(1, "python3", command).is_ours(READER) is ours


@pytest.mark.parametrize(
    ("arguments", "same"),
    [
        ((), True),
        (("--config", "/etc/teleinfo/reader.yaml"), True),
        (("--config=/etc/teleinfo/reader.yaml",), True),
        (("--config", "reader.yaml"), True),
        (("--config", "/srv/second/reader.yaml"), False),
        (("--config", "second.yaml"), False),
    ],
)
def test_of_two_readers_the_one_with_the_same_configuration_is_found(arguments: tuple[str, ...], same: bool) -> None:
    assert Process(1, "python3", (READER, "run", *arguments)).has_config(CONFIG, READER) is same


def test_permissions_are_checked_for_the_user_of_the_service(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch(mode=0o600)
    assert not SOMEBODY.may(file, os.R_OK)
    file.chmod(0o664)
    assert SOMEBODY.may(file, os.R_OK)
    assert not SOMEBODY.may(file, os.W_OK)
    member = User("member", 54_321, frozenset({file.stat().st_gid}))
    assert member.may(file, os.R_OK | os.W_OK)


def test_the_user_of_the_service_is_read_from_its_unit(tmp_path: Path) -> None:
    unit = tmp_path / "etc/systemd/system/teleinfo-reader.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nUser=daemon\nSupplementaryGroups=dialout\n")
    user = Host(tmp_path).user(READER, CONFIG)
    assert user.name == "daemon"
    assert len(user.groups) > 1
    unit.write_text("[Service]\nUser=nobody-of-that-name\n")
    assert Host(tmp_path).user(READER, CONFIG).uid == os.geteuid()


def test_the_process_that_has_locked_a_device_is_found_without_access_to_its_files(
    terminal: Path, tmp_path: Path
) -> None:
    code = "import fcntl, sys; file = open(sys.argv[1]); fcntl.flock(file, fcntl.LOCK_EX); print(flush=True); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(terminal)], **pipes) as other:  # type: ignore[call-overload]
        other.stdout.readline()
        folder = tmp_path / "proc" / str(other.pid)
        folder.mkdir(parents=True)
        for name in ("cmdline", "comm"):
            (folder / name).write_bytes((Path("/proc") / str(other.pid) / name).read_bytes())
        (tmp_path / "proc" / "locks").write_bytes(Path("/proc/locks").read_bytes())
        holders = Host(tmp_path).users_of(terminal)
        other.communicate(b"\n")
    assert [holder.pid for holder in holders] == [other.pid]
