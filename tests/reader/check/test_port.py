import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.check.findings import Status
from common.machine.host import Host, Process, User
from reader.check.port import PortFacts, diagnose_port, probe_port

ME = User("me", os.geteuid(), frozenset((os.getegid(), *os.getgroups())))
STRANGER = User("stranger", 54_321, frozenset({54_321}))
MODEL, ALIAS = "proc/device-tree/model", "proc/device-tree/aliases/serial0"
PI3, PI5 = {MODEL: "Raspberry Pi 3 Model B Rev 1.2\0"}, {MODEL: "Raspberry Pi 5 Model B Rev 1.0\0"}
READER = Process(77, "teleinfo-reader", ("python", "/opt/teleinfo/bin/teleinfo-reader", "run"))
GETTY = "serial-getty@ttyS0.service"
CONSOLE = "console=tty1 console=serial0,115200 root=/dev/mmcblk0p2"


@pytest.fixture
def terminal() -> Iterator[Path]:
    master, slave = os.openpty()
    yield Path(os.ttyname(slave))
    os.close(master)
    os.close(slave)


def put(root: Path, files: dict[str, str]) -> None:
    """Make files; of a name that ends with `->` the text is where the link leads."""
    for name, text in files.items():
        file = root / name.removesuffix("->")
        file.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("->"):
            file.unlink(missing_ok=True)
            file.symlink_to(text)
        else:
            file.write_text(text)


def test_the_running_reader_may_use_the_port_but_we_may_not_listen() -> None:
    facts = PortFacts(url="/dev/ttyAMA0", device="ttyAMA0", holders=(READER,))
    (finding,) = diagnose_port(facts)
    assert finding.status is Status.OK
    assert not facts.may_listen
    assert replace(facts, holders=()).may_listen


def test_a_network_port_is_not_searched_on_this_machine(tmp_path: Path) -> None:
    facts = probe_port("socket://192.168.1.30:2000", Host(tmp_path), ME)
    assert diagnose_port(facts) == []
    assert facts.may_listen


def test_a_free_port_is_ok_and_rights_are_those_of_the_user_of_the_service(tmp_path: Path, terminal: Path) -> None:
    facts = probe_port(str(terminal), Host(tmp_path), ME)
    assert facts.may_listen
    assert [finding.status for finding in diagnose_port(facts)] == [Status.OK]
    terminal.chmod(0o660)
    assert not probe_port(str(terminal), Host(tmp_path), STRANGER).allowed


def test_in_a_container_the_group_is_known_by_its_number(tmp_path: Path, terminal: Path) -> None:
    assert not probe_port(str(terminal), Host(tmp_path), STRANGER).container
    put(tmp_path, {".dockerenv": ""})
    status = terminal.stat()
    facts = probe_port(str(terminal), Host(tmp_path), STRANGER)
    assert (facts.container, facts.gid, facts.member) == (True, status.st_gid, False)
    assert facts.major == os.major(status.st_rdev)
    assert probe_port(str(terminal), Host(tmp_path), User("guest", 54_321, frozenset({status.st_gid}))).member


@pytest.mark.parametrize(
    ("files", "others"),
    [
        ({}, ()),
        ({"dev/ttyUSB0": "", "dev/tty1": ""}, ("/dev/ttyUSB0",)),
        ({"dev/ttyUSB0": "", "dev/serial/by-id/usb-FTDI->": "../../ttyUSB0"}, ("/dev/serial/by-id/usb-FTDI",)),
        # Another of the same make and without a number: the two share one name.
        (
            {"dev/ttyUSB0": "", "dev/ttyUSB1": "", "dev/serial/by-id/usb-FTDI->": "../../ttyUSB0"},
            ("/dev/serial/by-id/usb-FTDI", "/dev/ttyUSB1"),
        ),
        # On a Pi 5, ttyAMA10 is the socket for debugging.
        (PI5 | {"dev/ttyAMA10": "", "dev/serial0->": "ttyAMA10"}, ()),
        (PI5 | {"dev/ttyAMA10": "", "dev/serial0->": "ttyAMA10", "dev/ttyAMA0": ""}, ("/dev/ttyAMA0",)),
        (PI3 | {"dev/ttyS0": ""}, ("/dev/ttyS0",)),
        (PI3 | {"dev/ttyS0": "", "dev/serial0->": "ttyS0"}, ("/dev/serial0",)),
        # On other boards a UART counts if the device tree has it.
        ({"dev/tty0": "", "dev/ttyAML1": "", "dev/ttyS0": "", "dev/ttyS3": ""}, ("/dev/ttyAML1",)),
        ({"dev/ttyS0": "", "dev/console": ""}, ("/dev/ttyS0",)),  # a container that was given one
        (
            {"dev/tty0": "", "dev/ttyAML1": "", "dev/ttyS3": "", "sys/class/tty/ttyS3/device/of_node/name": ""},
            ("/dev/ttyAML1", "/dev/ttyS3"),
        ),
    ],
)
def test_for_a_missing_port_those_that_are_there_are_listed(
    tmp_path: Path, files: dict[str, str], others: tuple[str, ...]
) -> None:
    put(tmp_path, files)
    facts = probe_port("/dev/none", Host(tmp_path), ME)
    assert not facts.exists
    assert facts.others == others


def plugged_in(where: str, ids: str, port: str = "") -> dict[str, str]:
    """Return the files of a USB adapter, with the port that a driver has made of it."""
    device = f"sys/bus/usb/devices/{where}"
    vendor, product = ids.split(":")
    return {
        f"{device}/idVendor": f"{vendor}\n",
        f"{device}/idProduct": f"{product}\n",
        f"{device}/{where}:1.0/{port or 'power'}/x": "",
    }


BRLTTY = {"usr/bin/brltty": ""}
MOUSE = plugged_in("1-2", "046d:c077")


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        (plugged_in("1-1", "1a86:7523") | MOUSE, ""),  # some other reason: brltty is not there
        (plugged_in("1-1", "1a86:7523") | MOUSE | BRLTTY, "1a86:7523"),
        (plugged_in("1-1", "1a86:7523", "ttyUSB0") | MOUSE | BRLTTY, ""),
        (plugged_in("1-1", "0403:6015", "ttyUSB0") | plugged_in("1-3", "1a86:55d4", "tty/ttyACM0") | BRLTTY, ""),
        (plugged_in("1-1", "0403:6015", "ttyUSB0") | plugged_in("1-2", "10c4:ea60") | BRLTTY, "10c4:ea60"),
    ],
)
def test_an_adapter_that_brltty_has_taken_is_known(tmp_path: Path, files: dict[str, str], taken: str) -> None:
    put(tmp_path, files)
    assert probe_port("/dev/ttyUSB1", Host(tmp_path), ME).taken_by_brltty == taken


@pytest.mark.parametrize(
    ("files", "port", "expected"),
    [
        ({}, "ttyS0", {"serial": False, "console": "", "getty": ""}),
        ({"proc/cmdline": CONSOLE}, "serial0", {"console": "/proc/cmdline", "console_as": "serial0"}),
        (
            {"boot/firmware/cmdline.txt": CONSOLE},
            "serial0",
            {"console": "/boot/firmware/cmdline.txt", "console_as": "serial0"},
        ),
        ({"boot/cmdline.txt": CONSOLE}, "serial0", {"console": "/boot/cmdline.txt", "console_as": "serial0"}),
        ({"proc/cmdline": "console=tty1 root=/dev/mmcblk0p2"}, "ttyS0", {"console": ""}),  # on the screen
        ({f"etc/systemd/system/getty.target.wants/{GETTY}->": "/lib/x"}, "ttyS0", {"getty": GETTY}),
        ({f"run/systemd/generator/getty.target.wants/{GETTY}->": "/lib/x"}, "ttyS0", {"getty": GETTY}),
        (PI5 | {"boot/firmware/config.txt": "dtparam=uart0_console\n"}, "ttyS0", {"uart0_console": True}),
        (PI5 | {"boot/firmware/config.txt": "dtparam=uart0=on,uart0_console=on\n"}, "ttyS0", {"uart0_console": True}),
        (PI3 | {ALIAS: "/soc/serial@7e215040\0"}, "ttyAMA0", {"bluetooth": True}),
        (PI3 | {ALIAS: "/soc/serial@7e201000\0"}, "ttyAMA0", {"bluetooth": False}),
        (PI3 | {"dev/serial0->": "ttyAMA0"}, "ttyS0", {"pins": "ttyAMA0"}),
        (PI5 | {"dev/serial0->": "ttyAMA10"}, "ttyS0", {"pins": "ttyAMA0"}),
        (PI3 | {"boot/firmware/config.txt": "#enable_uart=1\n"}, "ttyS0", {"switched_off": True}),
        (PI3 | {"boot/firmware/config.txt": "[all]\nenable_uart=1\n"}, "ttyS0", {"switched_off": False}),
    ],
)
def test_who_else_uses_a_uart_and_what_it_is_connected_to_is_known(
    tmp_path: Path, files: dict[str, str], port: str, expected: dict[str, Any]
) -> None:
    put(tmp_path, {"dev/ttyS0": "", "dev/ttyAMA0": "", "dev/serial0->": "ttyS0"} | files)
    facts = probe_port(str(tmp_path / "dev" / port), Host(tmp_path), ME)
    assert {name: getattr(facts, name) for name in expected} == expected
