"""Checks a serial port without reading from it: whether it exists, is free, and may be read."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from common.doctor.findings import Finding, notice, ok, problem
from common.machine.deployment import here
from common.machine.host import Host, Process, User
from common.settings.file_errors import group_of
from reader.line.serial_ports import DEBUG_SOCKET, pi_model, ports, taken_by_brltty

SUBJECT = "Port"
PROGRAM = "teleinfo-reader"
_CONSOLES = ("/boot/firmware/cmdline.txt", "/boot/cmdline.txt")
_CONSOLE = re.compile(r"(?:^|\s)console=([^\s,]+)")
_SETTINGS = ("/boot/firmware/config.txt", "/boot/config.txt")
_SWITCH = re.compile(r"^\s*enable_uart=1", re.MULTILINE)
_CONSOLE_PI5 = re.compile(r"^\s*dtparam=(\S*,)?uart0_console(=on)?(?![\w=])", re.MULTILINE)
_OF_A_PI = ("ttyAMA0", "ttyS0", DEBUG_SOCKET)
_REMOVE_BRLTTY = "sudo apt remove brltty (it is for Braille displays), then unplug the adapter and plug it in again"
_MINI_UART = "7e215040"  # address of a Raspberry Pi's mini UART in the device tree
_GETTY = "serial-getty@{}.service"
_GETTY_FOLDERS = ("/etc/systemd/system/getty.target.wants", "/run/systemd/generator/getty.target.wants")


@dataclass(frozen=True, slots=True, kw_only=True)
class PortFacts:
    """What is known about a port without reading from it."""

    url: str
    exists: bool = True
    serial: bool = True  # it is a character device
    device: str = ""  # behind the links: ttyAMA0
    others: tuple[str, ...] = ()  # existing ports
    user: str = ""  # that runs the reader
    allowed: bool = True  # that user may read it
    allowed_here: bool = True  # the user of this command may read it
    group: str = ""  # that may read it
    gid: int = 0  # its number; a container does not know its name
    major: int = 0  # device number
    member: bool = False  # the user is in that group
    container: bool = False  # we run inside one
    holders: tuple[Process, ...] = ()
    console: str = ""  # the file that configures a console on it
    console_as: str = ""  # its name in that file: serial0, ttyS0
    uart0_console: bool = False  # config.txt moves the console of a Pi 5 onto it
    taken_by_brltty: str = ""  # USB ids of an adapter without a port, because brltty uses it
    getty: str = ""  # unit of a login on it
    pi: str = ""  # the model, on a Raspberry Pi
    bluetooth: bool = False  # it is the UART of the Bluetooth chip
    pins: str = ""  # the UART of pins 8 and 10, if known
    switched_off: bool = False  # it is the mini UART, and config.txt does not enable it

    @property
    def is_device(self) -> bool:
        """Whether it is a device of this machine."""
        return "://" not in self.url

    @property
    def reader(self) -> Process | None:
        """The reader that has it open."""
        return next((holder for holder in self.holders if holder.is_ours(PROGRAM)), None)

    @property
    def may_listen(self) -> bool:
        """Whether we may read from it without disturbing another program."""
        return self.exists and self.serial and self.allowed_here and not self.holders


def probe_port(url: str, machine: Host, user: User) -> PortFacts:
    """Collect the facts of a port that `user` must be able to read."""
    if "://" in url:
        return PortFacts(url=url)
    path = Path(url)
    pi = pi_model(machine)
    others = tuple(ports(machine))
    try:
        status = path.stat()
    except OSError as error:
        # A folder that cannot be entered hides whether the port is there.
        if not isinstance(error, PermissionError):
            return PortFacts(
                url=url,
                exists=False,
                others=others,
                pi=pi,
                taken_by_brltty=taken_by_brltty(machine),
            )
        return PortFacts(url=url, allowed=False, allowed_here=False, user=user.name)
    device = path.resolve().name
    group = group_of(path)
    console, console_as = _console(machine, device)
    return PortFacts(
        url=url,
        serial=stat.S_ISCHR(status.st_mode),
        device=device,
        others=others,
        user=user.name,
        allowed=user.may(path, os.R_OK | os.W_OK),
        allowed_here=os.access(path, os.R_OK | os.W_OK),
        group=group,
        gid=status.st_gid,
        major=os.major(status.st_rdev),
        member=status.st_gid in user.groups,
        container=machine.path("/.dockerenv").exists(),
        holders=tuple(machine.users_of(path)),
        console=console,
        console_as=console_as,
        uart0_console=_in_settings(machine, _CONSOLE_PI5),
        getty=_getty(machine, device),
        pi=pi,
        bluetooth=_is_for_bluetooth(machine, device),
        pins=_pins(machine),
        switched_off=device == "ttyS0" and _mini_uart_is_off(machine),
    )


def _pins(machine: Host) -> str:
    if not pi_model(machine):
        return ""
    if " 5" in pi_model(machine):
        return "ttyAMA0"
    serial0 = machine.path("/dev/serial0")
    return Path(os.readlink(serial0)).name if serial0.is_symlink() else ""


def _mini_uart_is_off(machine: Host) -> bool:
    settings = [machine.text(name) for name in _SETTINGS]
    return bool(pi_model(machine)) and any(settings) and not any(_SWITCH.search(text) for text in settings)


def _in_settings(machine: Host, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(machine.text(name)) for name in _SETTINGS)


def _is_for_bluetooth(machine: Host, device: str) -> bool:
    """Return whether the PL011 UART, ttyAMA0, is for Bluetooth: then the mini UART is on the pins."""
    return (
        device == "ttyAMA0"
        and bool(pi_model(machine))
        and _MINI_UART in machine.text("/proc/device-tree/aliases/serial0")
    )


def _console(machine: Host, device: str) -> tuple[str, str]:
    """Return the file that configures a console on the device, and its name there."""
    for file in (*_CONSOLES, "/proc/cmdline"):
        if name := _console_name(machine, machine.text(file), device):
            return file, name
    return "", ""


def _console_name(machine: Host, text: str, device: str) -> str:
    names = _CONSOLE.findall(text)
    return next((name for name in names if Path(os.path.realpath(machine.path(f"/dev/{name}"))).name == device), "")


def _getty(machine: Host, device: str) -> str:
    unit = _GETTY.format(device)
    return unit if any(os.path.lexists(machine.path(f"{folder}/{unit}")) for folder in _GETTY_FOLDERS) else ""


def diagnose_port(facts: PortFacts) -> list[Finding]:
    """Return the findings; it is fine that the running reader has the port open."""
    url = facts.url
    if not facts.exists:
        return [problem(SUBJECT, *_missing(facts))]
    if not facts.serial:
        choose = facts.others[0] if facts.others else "the device of your interface, see docs/hardware.md"
        return [problem(SUBJECT, f"{url} is not a serial port", f"set port: {choose}")]
    wrong = [*_wrong_uart(facts), *_console_on_it(facts)]
    wrong += [] if facts.allowed else [_not_allowed(facts)]
    wrong += [_in_use(facts, holder) for holder in facts.holders if not holder.is_ours(PROGRAM)]
    findings = [problem(SUBJECT, what, fix) for what, fix in wrong]
    if facts.allowed and not facts.allowed_here:
        fix = f"to check the line, too: {here(PROGRAM).sudo(PROGRAM, 'check')}"
        findings.append(notice(SUBJECT, f"the reader may read {url}, but you may not", fix))
    if not findings and facts.is_device:
        behind = f" ({facts.device})" if facts.device and facts.device != Path(url).name else ""
        owner = facts.reader
        state = f"in use by the running reader (process {owner.pid})" if owner else "exists, is free and may be read"
        findings.append(ok(SUBJECT, f"{url}{behind}: {state}"))
    return findings


def _missing(facts: PortFacts) -> tuple[str, str]:
    """Return what is wrong, and the fix; so do the functions below."""
    others = f"existing ports: {', '.join(facts.others)}" if facts.others else "there is no serial port at all"
    what = f"{facts.url} does not exist; {others}"
    if facts.taken_by_brltty:
        return f"{what}; brltty uses the USB adapter {facts.taken_by_brltty}", _REMOVE_BRLTTY
    fix = "plug the interface in; ls /dev/serial/by-id should then show it"
    if facts.others:
        fix = "plug it in, or set port in reader.yaml to an existing one"
    if facts.pi and (not facts.others or Path(facts.url).name in _OF_A_PI):
        switch = "dtparam=uart0=on" if " 5" in facts.pi else "enable_uart=1"
        fix = f"for a shield: {switch} in /boot/firmware/config.txt, then reboot; otherwise: {fix}"
    return what, fix


def _wrong_uart(facts: PortFacts) -> Iterator[tuple[str, str]]:
    if facts.bluetooth:
        yield (
            f"{facts.url} is connected to Bluetooth on this {facts.pi}; the pins of a shield are on another UART",
            "set port: /dev/serial0. Or use this UART for the pins, without Bluetooth: dtoverlay=disable-bt in"
            " /boot/firmware/config.txt, sudo systemctl disable --now hciuart, then reboot",
        )
    elif facts.pins and facts.device in _OF_A_PI and facts.device != facts.pins:
        switch = ", and dtparam=uart0=on in /boot/firmware/config.txt" if facts.device == DEBUG_SOCKET else ""
        what = f"{facts.url} is not the UART of a shield's pins on this {facts.pi}: that is {facts.pins}"
        yield what, f"set port: /dev/{facts.pins}{switch}"
    elif facts.switched_off:
        what = f"{facts.url} is disabled: config.txt has no line enable_uart=1"
        yield what, "sudo raspi-config nonint do_serial_hw 0 && sudo reboot"


def _console_on_it(facts: PortFacts) -> Iterator[tuple[str, str]]:
    if facts.console:
        where = "the kernel's command line" if facts.console == "/proc/cmdline" else facts.console
        yield (
            f"the system's console uses {facts.url}, and takes characters of the meter ({where})",
            _remove_console(facts),
        )
    if facts.getty:
        fix = f"sudo systemctl disable --now {facts.getty}"
        yield f"a login prompt runs on {facts.url} ({facts.getty})", fix


def _remove_console(facts: PortFacts) -> str:
    name = facts.console_as
    if facts.uart0_console and " 5" in facts.pi:
        return "in /boot/firmware/config.txt, write dtparam=uart0=on in place of uart0_console, then sudo reboot"
    if facts.console == "/proc/cmdline":
        return f"remove only console={name},… from the settings of the boot loader, then sudo reboot"
    return f"sudo sed -i 's/console={name}[^ ]* *//' {facts.console} && sudo reboot"


def _not_allowed(facts: PortFacts) -> tuple[str, str]:
    what, restart = f"the user {facts.user} may not read {facts.url}", here(PROGRAM).restart(PROGRAM)
    if facts.container and facts.member:
        return (
            f"{what}: this container has no rule for devices with the major number {facts.major}",
            f'add to compose.override.yaml: device_cgroup_rules: ["c {facts.major}:* rw"], see docs/operations.md',
        )
    if facts.container and facts.gid:
        fix = f"set TIC_GROUP={facts.gid} in .env, then docker compose up -d"
        return f"{what}: it belongs to group {facts.gid} of the host", fix
    if facts.group in ("", "root"):
        return what, f"unplug it and plug it in again; if that does not help: sudo chgrp dialout {facts.url}"
    fix = f"sudo usermod -aG {facts.group} {facts.user}, then log in again; then: {restart}"
    return f"{what}: the user is not in the group {facts.group}, or has not logged in since", fix


def _in_use(facts: PortFacts, holder: Process) -> tuple[str, str]:
    what = f"{facts.url} is in use by {holder}: two programs on one port steal each other's characters"
    disable = "sudo systemctl disable --now"
    known = {
        **dict.fromkeys(("agetty", "getty", "login"), f"{disable} {_GETTY.format(facts.device)}"),
        **dict.fromkeys(("hciattach", "btuart"), f"{disable} hciuart"),
        "ModemManager": f"{disable} ModemManager; where a modem needs it, see docs/hardware.md",
        "brltty": _REMOVE_BRLTTY,
    }
    return what, known.get(holder.name, f"end it: kill {holder.pid}, and find out who starts it")
