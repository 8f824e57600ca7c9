"""Finds the serial ports of the host that a meter may be connected to, and USB adapters without a port."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from common.machine.host import Host

DEBUG_SOCKET = "ttyAMA10"  # between the HDMI sockets of a Raspberry Pi 5; /dev/serial0 may point at it
_USB = re.compile(r"tty(USB|ACM)\d+")
_BOARD = re.compile(r"ttyAM[AL]\d+")
_NUMBERED = re.compile(r"ttyS\d+")  # a PC has 32 of them, most without hardware
#: Chips of serial adapters, by their USB ids.
_CHIPS = {"0403:6001", "0403:6015", "10c4:ea60", "1a86:7523", "1a86:55d4", "067b:2303"}
_BRLTTY = ("/usr/bin/brltty", "/bin/brltty", "/sbin/brltty", "/usr/sbin/brltty")


def pi_model(machine: Host) -> str:
    """Return the model of Raspberry Pi; empty on other machines."""
    model = machine.text("/proc/device-tree/model").strip()
    return model if model.startswith("Raspberry Pi") else ""


def ports(machine: Host) -> list[str]:
    """Return the ports, each by the name that is best for the configuration."""
    pi = bool(pi_model(machine))
    folder = machine.path("/dev")
    names = [path.name for path in _content(folder)]
    links = _content(machine.path("/dev/serial/by-id"))
    named = {_target(link) for link in links}
    listed = [f"/dev/serial/by-id/{link.name}" for link in links]
    listed += [f"/dev/{name}" for name in names if _USB.fullmatch(name) and name not in named]
    if "serial0" in names and _target(folder / "serial0") != DEBUG_SOCKET:
        return [*listed, "/dev/serial0"]
    return [*listed, *(f"/dev/{name}" for name in names if _is_onboard(machine, name, pi=pi))]


def _content(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # there is none, such as after the last adapter was unplugged
        return []


def _is_onboard(machine: Host, name: str, *, pi: bool) -> bool:
    if _NUMBERED.fullmatch(name):
        given = not machine.path("/dev/tty0").exists()  # /dev of a container: only what it was given is there
        return given or pi or machine.path(f"/sys/class/tty/{name}/device/of_node").exists()
    return name != DEBUG_SOCKET and _BOARD.fullmatch(name) is not None


def taken_by_brltty(machine: Host) -> str:
    """Return the USB id of an adapter that has no port because brltty took it; empty if there is none."""
    if not any(machine.path(name).exists() for name in _BRLTTY):
        return ""
    return next((chip for chip, device in _adapters(machine) if not _has_port(device)), "")


def _adapters(machine: Host) -> Iterator[tuple[str, Path]]:
    for device in _content(machine.path("/sys/bus/usb/devices")):
        name = f"/sys/bus/usb/devices/{device.name}"
        chip = f"{machine.text(f'{name}/idVendor').strip()}:{machine.text(f'{name}/idProduct').strip()}"
        if chip in _CHIPS:
            yield chip, device


def _has_port(device: Path) -> bool:
    # Each interface has a folder: 1-1:1.0/ttyUSB0, or 1-1:1.0/tty/ttyACM0.
    return any(_USB.fullmatch(path.name) for depth in ("*/*", "*/tty/*") for path in device.glob(depth))


def _target(link: Path) -> str:
    return Path(os.path.realpath(link)).name
