"""Looks at the serial port before anything is read from it: whether it is there, free, and ours to read."""

import grp
import os
import pwd
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from common.deployment import here
from common.doctor.findings import Finding, cure, fine, mind
from common.file_errors import group_of
from common.host import Host, Process, User
from reader.line.serial_ports import DEBUG_SOCKET, pi_model, ports, taken_by_brltty

SUBJECT = "Port"
PROGRAM = "teleinfo-reader"
_CONSOLES = ("/boot/firmware/cmdline.txt", "/boot/cmdline.txt")
_CONSOLE = re.compile(r"(?:^|\s)console=([^\s,]+)")
_SETTINGS = ("/boot/firmware/config.txt", "/boot/config.txt")
_SWITCH = re.compile(r"^\s*enable_uart=1", re.MULTILINE)
_SWITCH_PI5 = re.compile(r"^\s*(dtparam=(\S*,)?uart0(=on)?(?![\w=])|dtoverlay=uart0-pi5\b)", re.MULTILINE)
_CONSOLE_PI5 = re.compile(r"^\s*dtparam=(\S*,)?uart0_console(=on)?(?![\w=])", re.MULTILINE)
_BY_RASPI_CONFIG = ("serial0", "ttyAMA0")  # what raspi-config takes out of cmdline.txt
_OF_A_PI = ("ttyAMA0", "ttyS0")
_BRLTTY_CURE = "sudo apt remove brltty (it is for Braille displays), then unplug the adapter and plug it in again"
_MINI_UART = "7e215040"  # where the small UART of a Raspberry Pi is, in its device tree
_GETTY = "serial-getty@{}.service"
_GETTY_FOLDERS = ("/etc/systemd/system/getty.target.wants", "/run/systemd/generator/getty.target.wants")


@dataclass(frozen=True, slots=True, kw_only=True)
class PortFacts:
    """What is known of a port without reading from it."""

    url: str
    exists: bool = True
    serial: bool = True  # it is a character device
    device: str = ""  # what it really is, behind its links: ttyAMA0
    others: tuple[str, ...] = ()  # ports that are there
    user: str = ""  # as whom the reader runs
    allowed: bool = True  # that user may read it
    allowed_here: bool = True  # whoever runs the doctor may read it
    group: str = ""  # the group that may
    gid: int = 0  # its number, by which alone a container knows it
    major: int = 0  # the number of the device's kind
    member: bool = False  # the user is in that group
    container: bool = False  # all this is seen from inside one
    log_in_again: bool = False  # the user has become a member of it, and has not logged in since
    holders: tuple[Process, ...] = ()
    console: str = ""  # the file that puts a console on it
    console_as: str = ""  # the name that it has there: serial0, ttyS0
    console_now: bool = False
    uart0_on: bool = False  # config.txt switches the UART of a Pi 5's pins on
    uart0_console: bool = False  # config.txt moves the console of a Pi 5 onto it
    taken_by_brltty: str = ""  # the USB numbers of an adapter for which there is no port, because brltty has it
    getty: str = ""  # the unit of a login on it
    pi: str = ""  # the model, on a Raspberry Pi
    bluetooth: bool = False  # it is the UART to which Bluetooth is wired
    debug_connector: bool = False  # it is the connector between the HDMI sockets of a Pi 5
    pins: str = ""  # which UART is on pins 8 and 10, where that is known
    switched_off: bool = False  # the small UART is there, and config.txt does not switch it on

    @property
    def is_device(self) -> bool:
        """Whether it is a device of this machine."""
        return "://" not in self.url

    @property
    def ours(self) -> Process | None:
        """The reader that has it open."""
        return next((holder for holder in self.holders if holder.is_ours(PROGRAM)), None)

    @property
    def may_listen(self) -> bool:
        """Whether reading from it now disturbs nobody."""
        return self.exists and self.serial and self.allowed_here and not self.holders


def probe_port(url: str, machine: Host, user: User) -> PortFacts:
    """Look at a port, which `user` shall read."""
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
                uart0_on=_in_settings(machine, _SWITCH_PI5),
                taken_by_brltty=taken_by_brltty(machine),
            )
        return PortFacts(url=url, allowed=False, allowed_here=False, user=user.name)
    device = path.resolve().name
    group = group_of(path)
    console, console_as, console_now = _console(machine, device)
    pins = _pins(machine)
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
        log_in_again=_is_member(user, group) and status.st_gid not in user.groups,
        holders=tuple(machine.users_of(path)),
        console=console,
        console_as=console_as,
        uart0_console=_in_settings(machine, _CONSOLE_PI5),
        console_now=console_now,
        getty=_getty(machine, device),
        pi=pi,
        bluetooth=_is_bluetooths(machine, device),
        debug_connector=device == DEBUG_SOCKET,
        pins=pins,
        switched_off=device == "ttyS0" and _small_uart_is_off(machine),
    )


def _pins(machine: Host) -> str:
    if not pi_model(machine):
        return ""
    if " 5" in pi_model(machine):
        return "ttyAMA0"
    serial0 = machine.path("/dev/serial0")
    return Path(os.readlink(serial0)).name if serial0.is_symlink() else ""


def _small_uart_is_off(machine: Host) -> bool:
    settings = [machine.text(name) for name in _SETTINGS]
    return bool(pi_model(machine)) and any(settings) and not any(_SWITCH.search(text) for text in settings)


def _in_settings(machine: Host, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(machine.text(name)) for name in _SETTINGS)


def _is_bluetooths(machine: Host, device: str) -> bool:
    """Say whether the good UART, ttyAMA0, goes to Bluetooth: then the small one is on the pins."""
    return (
        device == "ttyAMA0"
        and bool(pi_model(machine))
        and _MINI_UART in machine.text("/proc/device-tree/aliases/serial0")
    )


def _console(machine: Host, device: str) -> tuple[str, str, bool]:
    """Return which file puts a console on the device, by which name, and whether it is there now."""
    running = _console_name(machine, machine.text("/proc/cmdline"), device)
    for file in _CONSOLES:
        if name := _console_name(machine, machine.text(file), device):
            return file, name, bool(running)
    return ("/proc/cmdline", running, True) if running else ("", "", False)


def _console_name(machine: Host, text: str, device: str) -> str:
    names = _CONSOLE.findall(text)
    return next((name for name in names if Path(os.path.realpath(machine.path(f"/dev/{name}"))).name == device), "")


def _getty(machine: Host, device: str) -> str:
    unit = _GETTY.format(device)
    return unit if any(os.path.lexists(machine.path(f"{folder}/{unit}")) for folder in _GETTY_FOLDERS) else ""


def _is_member(user: User, group: str) -> bool:
    try:
        entry = grp.getgrnam(group)
        return user.name in entry.gr_mem or pwd.getpwnam(user.name).pw_gid == entry.gr_gid
    except KeyError:
        return False


def diagnose_port(facts: PortFacts) -> list[Finding]:
    """Say what is wrong with a port; that the running reader has it open is not."""
    url = facts.url
    if not facts.exists:
        return [_missing(facts)]
    if not facts.serial:
        return [cure(SUBJECT, f"{url} is not a serial port", f"port: {_choose(facts)}")]
    findings = [*_wrong_uart(facts), *_console_on_it(facts)]
    if not facts.allowed:
        findings.append(_not_allowed(facts))
    elif not facts.allowed_here:
        findings.append(
            mind(SUBJECT, f"the reader may read {url}, you may not", f"to listen to the line: sudo {PROGRAM} check")
        )
    findings += [_held(facts, holder) for holder in facts.holders if not holder.is_ours(PROGRAM)]
    if not findings and facts.is_device:
        behind = f" ({facts.device})" if facts.device and facts.device != Path(url).name else ""
        owner = facts.ours
        state = f"the reader that runs (process {owner.pid}) has it open" if owner else "free, and ours to read"
        findings.append(fine(SUBJECT, f"{url}{behind}: {state}"))
    return findings


def _missing(facts: PortFacts) -> Finding:
    there = f"there is: {', '.join(facts.others)}" if facts.others else "nor any other serial port"
    what = f"{facts.url} is not there{';' if facts.others else ','} {there}"
    if facts.taken_by_brltty:
        return cure(SUBJECT, f"{what}; brltty has taken the USB adapter {facts.taken_by_brltty}", _BRLTTY_CURE)
    pi_5 = " 5" in facts.pi
    if pi_5 and facts.uart0_on and Path(facts.url).name in _OF_A_PI:
        return cure(SUBJECT, f"{what}; config.txt switches it on", "sudo reboot")
    shield = f"{'dtparam=uart0=on' if pi_5 else 'enable_uart=1'} in /boot/firmware/config.txt, then reboot"
    if facts.others:
        remedy = "plug it in, or write the right one into reader.yaml, as port"
        if pi_5 and Path(facts.url).name in _OF_A_PI:
            remedy = f"for a shield: {shield}; else write the right one into reader.yaml, as port"
        return cure(SUBJECT, what, remedy)
    if facts.pi:
        return cure(SUBJECT, what, f"for a shield: {shield}; for a dongle: plug it in")
    return cure(SUBJECT, what, "plug the interface in; ls /dev/serial/by-id must then show it")


def _choose(facts: PortFacts) -> str:
    return facts.others[0] if facts.others else "the device of your interface, see docs/hardware.md"


def _wrong_uart(facts: PortFacts) -> list[Finding]:
    if facts.debug_connector:
        return [
            cure(
                SUBJECT,
                f"{facts.url} is the debug connector between the HDMI sockets of the Pi 5, not pins 8 and 10",
                "port: /dev/ttyAMA0, and dtparam=uart0=on in /boot/firmware/config.txt",
            )
        ]
    if facts.bluetooth:
        return [
            cure(
                SUBJECT,
                f"{facts.url} goes to Bluetooth on this {facts.pi}; the pins of the shield are on another UART",
                "port: /dev/serial0. Or give the pins this one, and do without Bluetooth: dtoverlay=disable-bt in"
                " /boot/firmware/config.txt, sudo systemctl disable --now hciuart, then reboot",
            )
        ]
    if facts.pins and facts.device in _OF_A_PI and facts.device != facts.pins:
        what = f"{facts.url} is not the UART of the pins of a shield on this {facts.pi}: that is {facts.pins}"
        return [cure(SUBJECT, what, f"port: /dev/{facts.pins}")]
    if facts.switched_off:
        what = f"{facts.url} is not switched on: config.txt has no line enable_uart=1"
        return [cure(SUBJECT, what, "sudo raspi-config nonint do_serial_hw 0 && sudo reboot")]
    return []


def _console_on_it(facts: PortFacts) -> list[Finding]:
    findings = []
    if facts.console:
        now = "talks into" if facts.console_now else "will talk into"
        when = "" if facts.console_now else " after the next start"
        where = "the kernel's command line" if facts.console == "/proc/cmdline" else facts.console
        findings.append(
            cure(
                SUBJECT,
                f"the system's console {now} {facts.url}{when}, and eats what the meter says ({where})",
                _console_cure(facts),
            )
        )
    if facts.getty:
        findings.append(
            cure(
                SUBJECT,
                f"a login waits on {facts.url} ({facts.getty})",
                f"sudo systemctl disable --now {facts.getty}",
            )
        )
    return findings


def _console_cure(facts: PortFacts) -> str:
    name = facts.console_as
    if facts.uart0_console and " 5" in facts.pi:
        return "in /boot/firmware/config.txt: dtparam=uart0=on in the place of uart0_console, then sudo reboot"
    if facts.console == "/proc/cmdline":
        return f"take console={name},… out of the settings of the boot loader, and leave the rest, then sudo reboot"
    by_hand = f"sudo sed -i 's/console={name}[^ ]* *//' {facts.console} && sudo reboot"
    if name in _BY_RASPI_CONFIG:
        return f"sudo raspi-config nonint do_serial_cons 1 && sudo reboot; by hand: {by_hand}"
    return by_hand  # raspi-config leaves this name where it is


def _not_allowed(facts: PortFacts) -> Finding:
    what = f"the user {facts.user} may not read {facts.url}"
    if facts.container and facts.member:
        return cure(
            SUBJECT,
            f"{what}: this container has no rule for its kind, {facts.major}",
            f'in compose.override.yaml: device_cgroup_rules: ["c {facts.major}:* rw"], see docs/operations.md',
        )
    if facts.container and facts.gid:
        return cure(
            SUBJECT,
            f"{what}: it belongs to the group {facts.gid} of the machine",
            f"in .env: TIC_GROUP={facts.gid}, then docker compose up -d",
        )
    if facts.log_in_again:
        return cure(
            SUBJECT,
            f"{what}: it is in the group {facts.group}, but has not logged in since",
            f"log out and in again; then: {here(PROGRAM).restart(PROGRAM)}",
        )
    if facts.group in ("", "root"):
        return cure(SUBJECT, what, f"unplug it and plug it in again; else: sudo chgrp dialout {facts.url}")
    return cure(
        SUBJECT,
        f"{what}: it is not in the group {facts.group}",
        f"sudo usermod -aG {facts.group} {facts.user}, then log in again; then: {here(PROGRAM).restart(PROGRAM)}",
    )


def _held(facts: PortFacts, holder: Process) -> Finding:
    if holder.name in ("agetty", "getty", "login"):
        remedy = f"sudo systemctl disable --now {_GETTY.format(facts.device)}"
    elif holder.name == "hciattach" or holder.name.startswith("btuart"):
        remedy = "sudo systemctl disable --now hciuart"
    elif holder.name == "ModemManager":
        remedy = (
            "sudo systemctl disable --now ModemManager; where a modem needs it: a udev rule with"
            ' ENV{ID_MM_PORT_IGNORE}="1" for the adapter, see docs/hardware.md'
        )
    elif holder.name == "brltty":
        remedy = _BRLTTY_CURE
    elif PROGRAM in " ".join(holder.command):
        remedy = f"let that command end, or end it: kill {holder.pid}"
    else:
        remedy = f"end it: kill {holder.pid}, and find out who starts it"
    return cure(
        SUBJECT,
        f"{facts.url} is in use by {holder.name} (process {holder.pid}): two programs on one port steal each other's"
        " characters",
        remedy,
    )
