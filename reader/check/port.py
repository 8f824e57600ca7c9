"""Checks a serial port without reading from it: whether it exists, is free, and may be read."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.check.findings import Finding
from common.machine.host import Host, Process, User
from common.settings.file_errors import group_of
from common.settings.language import tr
from reader.check.texts import PROGRAM, TEXTS
from reader.line.port_list import DEBUG_SOCKET, pi_model, ports, taken_by_brltty

_KERNEL = "/proc/cmdline"
_CONSOLES = ("/boot/firmware/cmdline.txt", "/boot/cmdline.txt")
_CONSOLE = re.compile(r"(?:^|\s)console=([^\s,]+)")
_SETTINGS = ("/boot/firmware/config.txt", "/boot/config.txt")
_SWITCH = re.compile(r"^\s*enable_uart=1", re.MULTILINE)
_CONSOLE_PI5 = re.compile(r"^\s*dtparam=(\S*,)?uart0_console(=on)?(?![\w=])", re.MULTILINE)
_OF_A_PI = ("ttyAMA0", "ttyS0", DEBUG_SOCKET)
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


# A table: a fact a line.
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
    for file in (*_CONSOLES, _KERNEL):
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
    if not facts.exists:
        return [_missing(facts)]
    if not facts.serial:
        key = "port_not_serial" if facts.others else "port_not_serial_alone"
        return [TEXTS.finding(key, port=facts.url, other="".join(facts.others[:1]))]
    findings = [*_wrong_uart(facts), *_console_on_it(facts)]
    findings += [] if facts.allowed else [_not_allowed(facts)]
    findings += [_shared(facts, holder) for holder in facts.holders if not holder.is_ours(PROGRAM)]
    fine = not findings
    if facts.allowed and not facts.allowed_here:
        findings.append(TEXTS.finding("port_forbidden_here", port=facts.url))
    elif fine and facts.is_device:
        link = f" ({facts.device})" if facts.device and facts.device != Path(facts.url).name else ""
        key, pid = ("port_ours", facts.reader.pid) if facts.reader else ("port_free", 0)
        findings.append(TEXTS.finding(key, port=f"{facts.url}{link}", pid=pid))
    return findings


def diagnose_choice(chosen: Sequence[str], existing: Sequence[str]) -> Finding:
    """Return which ports were chosen, where the configuration says `ask`."""
    return TEXTS.finding(
        "port_chosen" if chosen else "port_not_chosen", ports=", ".join(chosen), others=_existing(existing)
    )


def _existing(ports: Sequence[str]) -> str:
    names = ", ".join(ports)
    if not names:
        return tr("there is no serial port at all", "il n’y a aucun port série")
    return tr(f"existing ports: {names}", f"ports présents : {names}")


def _missing(facts: PortFacts) -> Finding:
    others, plug_in = _existing(facts.others), TEXTS.text("plug_in_or_other" if facts.others else "plug_in")
    key = "port_missing"
    if facts.taken_by_brltty:
        key = "port_brltty"
    elif facts.pi and (not facts.others or Path(facts.url).name in _OF_A_PI):
        key = "port_missing_on_pi"
    switch = "dtparam=uart0=on" if " 5" in facts.pi else "enable_uart=1"
    adapter = facts.taken_by_brltty
    return TEXTS.finding(key, port=facts.url, others=others, adapter=adapter, switch=switch, plug_in=plug_in)


def _wrong_uart(facts: PortFacts) -> Iterator[Finding]:
    if facts.bluetooth:
        yield TEXTS.finding("port_bluetooth", port=facts.url, pi=facts.pi)
    elif facts.pins and facts.device in _OF_A_PI and facts.device != facts.pins:
        key = "port_debug_socket" if facts.device == DEBUG_SOCKET else "port_not_pins"
        yield TEXTS.finding(key, port=facts.url, pi=facts.pi, pins=facts.pins)
    elif facts.switched_off:
        yield TEXTS.finding("port_off", port=facts.url)


def _console_on_it(facts: PortFacts) -> Iterator[Finding]:
    where = facts.console
    if where:
        key = "port_console"
        if facts.uart0_console and " 5" in facts.pi:
            key = "port_console_pi_5"
        elif where == _KERNEL:
            key = "port_console_of_boot_loader"
        if where == _KERNEL:
            where = tr("the kernel's command line", "ligne de commande du noyau")
        yield TEXTS.finding(key, port=facts.url, where=where, name=facts.console_as)
    if facts.getty:
        yield TEXTS.finding("port_login", port=facts.url, unit=facts.getty)


def _not_allowed(facts: PortFacts) -> Finding:
    if facts.container and facts.member:
        key = "port_forbidden_device"
    elif facts.container and facts.gid:
        key = "port_forbidden_group"
    else:
        key = "port_forbidden_root" if facts.group in ("", "root") else "port_forbidden"
    user, group = facts.user, facts.group
    return TEXTS.finding(key, port=facts.url, user=user, group=group, gid=facts.gid, major=facts.major)


def _shared(facts: PortFacts, holder: Process) -> Finding:
    disable = "sudo systemctl disable --now"
    end = {
        **dict.fromkeys(("agetty", "getty", "login"), f"{disable} {_GETTY.format(facts.device)}"),
        **dict.fromkeys(("hciattach", "btuart"), f"{disable} hciuart"),
        "ModemManager": TEXTS.text("end_modem_manager"),
        "brltty": TEXTS.text("end_brltty"),
    }.get(holder.name, TEXTS.text("end", pid=holder.pid))
    return TEXTS.finding("port_shared", port=facts.url, name=holder.name, pid=holder.pid, end=end)
