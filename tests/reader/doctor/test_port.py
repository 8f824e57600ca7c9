import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from common.doctor.findings import Status
from common.machine.host import Host, Process, User
from reader.doctor.port import PortFacts, diagnose_port, probe_port

ME = User("me", os.geteuid(), frozenset((os.getegid(), *os.getgroups())))
STRANGER = User("stranger", 54_321, frozenset({54_321}))
PI3, PI5 = "Raspberry Pi 3 Model B Rev 1.2", "Raspberry Pi 5 Model B Rev 1.0"
GOOD = PortFacts(url="/dev/ttyAMA0", device="ttyAMA0", user="teleinfo", group="dialout")
READER = Process(77, "teleinfo-reader", ("python", "/opt/teleinfo/bin/teleinfo-reader", "run"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine without anything."""
    (tmp_path / "dev").mkdir()
    (tmp_path / "proc").mkdir()
    return tmp_path


@pytest.fixture
def terminal() -> Iterator[Path]:
    master, slave = os.openpty()
    yield Path(os.ttyname(slave))
    os.close(master)
    os.close(slave)


def put(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_the_running_reader_may_use_the_port_but_we_may_not_listen() -> None:
    facts = replace(GOOD, holders=(READER,))
    (finding,) = diagnose_port(facts)
    assert finding.status is Status.OK
    assert "process 77" in finding.what
    assert not facts.may_listen


def test_a_network_port_is_not_searched_on_this_machine(root: Path) -> None:
    facts = probe_port("socket://192.168.1.30:2000", Host(root), ME)
    assert diagnose_port(facts) == []
    assert facts.may_listen


def test_a_free_port_is_ok(root: Path, terminal: Path) -> None:
    facts = probe_port(str(terminal), Host(root), ME)
    assert facts.may_listen
    assert [finding.status for finding in diagnose_port(facts)] == [Status.OK]


def test_the_rights_are_those_of_the_user_of_the_service(root: Path, terminal: Path) -> None:
    terminal.chmod(0o660)
    assert not probe_port(str(terminal), Host(root), STRANGER).allowed


def test_in_a_container_the_group_is_known_by_its_number(root: Path, terminal: Path) -> None:
    assert not probe_port(str(terminal), Host(root), STRANGER).container
    put(root, ".dockerenv", "")
    facts = probe_port(str(terminal), Host(root), STRANGER)
    assert (facts.container, facts.gid, facts.member) == (True, terminal.stat().st_gid, False)
    assert facts.major == os.major(terminal.stat().st_rdev)
    guest = User("guest", 54_321, frozenset({terminal.stat().st_gid}))
    assert probe_port(str(terminal), Host(root), guest).member


def test_for_a_missing_port_those_that_are_there_are_listed(root: Path) -> None:
    assert probe_port("/dev/none", Host(root), ME).others == ()
    put(root, "dev/ttyUSB0", "")
    put(root, "dev/tty1", "")
    assert probe_port("/dev/none", Host(root), ME).others == ("/dev/ttyUSB0",)
    (root / "dev/serial/by-id").mkdir(parents=True)
    (root / "dev/serial/by-id/usb-FTDI-port0").symlink_to("../../ttyUSB0")
    facts = probe_port("/dev/none", Host(root), ME)
    assert not facts.exists
    assert facts.others == ("/dev/serial/by-id/usb-FTDI-port0",)
    put(root, "dev/ttyUSB1", "")  # of the same make and without a number: the two share one name
    assert probe_port("/dev/none", Host(root), ME).others == ("/dev/serial/by-id/usb-FTDI-port0", "/dev/ttyUSB1")


def others(root: Path) -> tuple[str, ...]:
    return probe_port("/dev/none", Host(root), ME).others


def test_on_a_pi_5_the_debug_socket_is_never_offered(root: Path) -> None:
    put(root, "proc/device-tree/model", f"{PI5}\0")
    put(root, "dev/ttyAMA10", "")
    (root / "dev/serial0").symlink_to("ttyAMA10")
    assert others(root) == ()
    put(root, "dev/ttyAMA0", "")
    assert others(root) == ("/dev/ttyAMA0",)


def test_on_a_pi_without_the_link_its_own_uarts_are_offered(root: Path) -> None:
    put(root, "proc/device-tree/model", f"{PI3}\0")
    put(root, "dev/ttyS0", "")
    assert others(root) == ("/dev/ttyS0",)
    (root / "dev/serial0").symlink_to("ttyS0")
    assert others(root) == ("/dev/serial0",)


def test_on_other_boards_a_uart_of_the_device_tree_is_offered_and_a_made_up_one_is_not(root: Path) -> None:
    for name in ("ttyAML1", "ttyS0", "ttyS3"):
        put(root, f"dev/{name}", "")
    assert others(root) == ("/dev/ttyAML1",)
    (root / "sys/class/tty/ttyS3/device/of_node").mkdir(parents=True)
    assert others(root) == ("/dev/ttyAML1", "/dev/ttyS3")


@pytest.mark.parametrize("line", ["dtparam=uart0_console", "dtparam=uart0=on,uart0_console=on"])
def test_a_pi_5_that_moves_its_console_to_the_pins_is_known(root: Path, line: str) -> None:
    put(root, "dev/ttyAMA0", "")
    put(root, "proc/device-tree/model", f"{PI5}\0")
    put(root, "boot/firmware/config.txt", f"{line}\n")
    assert probe_port(str(root / "dev/ttyAMA0"), Host(root), ME).uart0_console


def plug_in(root: Path, where: str, vendor: str, product: str) -> Path:
    put(root, f"sys/bus/usb/devices/{where}/idVendor", f"{vendor}\n")
    put(root, f"sys/bus/usb/devices/{where}/idProduct", f"{product}\n")
    interface = root / f"sys/bus/usb/devices/{where}/{where}:1.0"
    interface.mkdir()
    return interface


def test_an_adapter_that_brltty_has_taken_is_known(root: Path) -> None:
    interface = plug_in(root, "1-1", "1a86", "7523")
    plug_in(root, "1-2", "046d", "c077")  # a mouse
    assert probe_port("/dev/ttyUSB0", Host(root), ME).taken_by_brltty == ""  # some other reason: it is not there
    put(root, "usr/bin/brltty", "")
    assert probe_port("/dev/ttyUSB0", Host(root), ME).taken_by_brltty == "1a86:7523"
    (interface / "ttyUSB0").mkdir()
    assert probe_port("/dev/ttyUSB0", Host(root), ME).taken_by_brltty == ""


def test_of_two_adapters_the_one_that_brltty_has_taken_is_named(root: Path) -> None:
    put(root, "usr/bin/brltty", "")
    (plug_in(root, "1-1", "0403", "6015") / "ttyUSB0").mkdir()
    (plug_in(root, "1-3", "1a86", "55d4") / "tty/ttyACM0").mkdir(parents=True)
    assert probe_port("/dev/ttyUSB1", Host(root), ME).taken_by_brltty == ""
    plug_in(root, "1-2", "10c4", "ea60")
    assert probe_port("/dev/ttyUSB1", Host(root), ME).taken_by_brltty == "10c4:ea60"


def test_a_file_is_no_port(root: Path) -> None:
    put(root, "dev/file", "")
    assert not probe_port(str(root / "dev/file"), Host(root), ME).serial


@pytest.mark.parametrize("file", ["proc/cmdline", "boot/firmware/cmdline.txt", "boot/cmdline.txt"])
def test_a_console_is_found_under_the_name_of_the_link(root: Path, file: str) -> None:
    put(root, "dev/ttyS0", "")
    (root / "dev/serial0").symlink_to("ttyS0")
    put(root, file, "console=tty1 console=serial0,115200 root=/dev/mmcblk0p2")
    facts = probe_port(str(root / "dev/serial0"), Host(root), ME)
    assert (facts.console, facts.console_as) == (f"/{file}", "serial0")


def test_a_console_on_the_screen_is_in_nobodys_way(root: Path) -> None:
    put(root, "dev/ttyS0", "")
    put(root, "proc/cmdline", "console=tty1 root=/dev/mmcblk0p2")
    assert probe_port(str(root / "dev/ttyS0"), Host(root), ME).console == ""


@pytest.mark.parametrize("folder", ["etc/systemd/system", "run/systemd/generator"])
def test_a_login_on_the_port_is_found(root: Path, folder: str) -> None:
    put(root, "dev/ttyS0", "")
    wants = root / folder / "getty.target.wants"
    wants.mkdir(parents=True)
    (wants / "serial-getty@ttyS0.service").symlink_to("/lib/systemd/system/serial-getty@.service")
    assert probe_port(str(root / "dev/ttyS0"), Host(root), ME).getty == "serial-getty@ttyS0.service"


def test_on_a_raspberry_pi_the_uart_of_bluetooth_is_known(root: Path) -> None:
    put(root, "dev/ttyAMA0", "")
    port = str(root / "dev/ttyAMA0")
    put(root, "proc/device-tree/model", f"{PI3}\0")
    put(root, "proc/device-tree/aliases/serial0", "/soc/serial@7e215040\0")
    assert probe_port(port, Host(root), ME).bluetooth
    put(root, "proc/device-tree/aliases/serial0", "/soc/serial@7e201000\0")
    assert not probe_port(port, Host(root), ME).bluetooth


def test_on_a_raspberry_pi_it_is_known_what_is_on_the_pins(root: Path) -> None:
    put(root, "dev/ttyS0", "")
    put(root, "proc/device-tree/model", f"{PI3}\0")
    (root / "dev/serial0").symlink_to("ttyAMA0")
    assert probe_port(str(root / "dev/ttyS0"), Host(root), ME).pins == "ttyAMA0"
    put(root, "proc/device-tree/model", f"{PI5}\0")
    (root / "dev/serial0").unlink()
    (root / "dev/serial0").symlink_to("ttyAMA10")
    assert probe_port(str(root / "dev/ttyS0"), Host(root), ME).pins == "ttyAMA0"


def test_a_small_uart_that_is_not_switched_on_is_known(root: Path) -> None:
    put(root, "dev/ttyS0", "")
    put(root, "proc/device-tree/model", f"{PI3}\0")
    put(root, "boot/firmware/config.txt", "#enable_uart=1\n")
    assert probe_port(str(root / "dev/ttyS0"), Host(root), ME).switched_off
    put(root, "boot/firmware/config.txt", "[all]\nenable_uart=1\n")
    assert not probe_port(str(root / "dev/ttyS0"), Host(root), ME).switched_off
