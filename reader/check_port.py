"""Looks at the serial port before anything is read from it: whether it is there, free, and ours to read."""

import grp
import os
import pwd
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from common.deployment import here
from common.finding import Finding, cure, fine, mind
from common.machine import Machine, Process, User, group_of

SUBJECT = "Port"
PROGRAM = "teleinfo-reader"
_CONSOLES = ("/boot/firmware/cmdline.txt", "/boot/cmdline.txt")
_CONSOLE = re.compile(r"(?:^|\s)console=([^\s,]+)")
_SETTINGS = ("/boot/firmware/config.txt", "/boot/config.txt")
_SWITCH = re.compile(r"^\s*enable_uart=1", re.MULTILINE)
_UARTS = re.compile(r"tty(?:AMA|USB|ACM)\d+")
_OF_A_PI = ("ttyAMA0", "ttyS0")
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
    console_now: bool = False
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


def probe_port(url: str, machine: Machine, user: User) -> PortFacts:
    """Look at a port, which `user` shall read."""
    if "://" in url:
        return PortFacts(url=url)
    path = Path(url)
    others = tuple(serial_ports(machine))
    try:
        status = path.stat()
    except OSError as error:
        # A folder that cannot be entered hides whether the port is there.
        if not isinstance(error, PermissionError):
            return PortFacts(url=url, exists=False, others=others, pi=_pi(machine))
        return PortFacts(url=url, allowed=False, allowed_here=False, user=user.name)
    device = path.resolve().name
    group = group_of(path)
    console, console_now = _console(machine, device)
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
        holders=tuple(machine.holders(path)),
        console=console,
        console_now=console_now,
        getty=_getty(machine, device),
        pi=_pi(machine),
        bluetooth=_is_bluetooths(machine, device),
        debug_connector=device == "ttyAMA10",
        pins=pins,
        switched_off=device == "ttyS0" and _small_uart_is_off(machine),
    )


def serial_ports(machine: Machine) -> list[str]:
    """Return the serial ports that there are, by the names that stay theirs."""
    by_id = machine.path("/dev/serial/by-id")
    found = sorted(f"/dev/serial/by-id/{path.name}" for path in by_id.iterdir()) if by_id.is_dir() else []
    if machine.path("/dev/serial0").exists():
        found.append("/dev/serial0")
    if not found and machine.path("/dev").is_dir():
        names = (path.name for path in machine.path("/dev").iterdir())
        found = sorted(f"/dev/{name}" for name in names if _UARTS.fullmatch(name))
    return found


def _pi(machine: Machine) -> str:
    model = machine.text("/proc/device-tree/model").strip()
    return model if model.startswith("Raspberry Pi") else ""


def _pins(machine: Machine) -> str:
    if not _pi(machine):
        return ""
    if " 5" in _pi(machine):
        return "ttyAMA0"
    serial0 = machine.path("/dev/serial0")
    return Path(os.readlink(serial0)).name if serial0.is_symlink() else ""


def _small_uart_is_off(machine: Machine) -> bool:
    settings = [machine.text(name) for name in _SETTINGS]
    return bool(_pi(machine)) and any(settings) and not any(_SWITCH.search(text) for text in settings)


def _is_bluetooths(machine: Machine, device: str) -> bool:
    """Say whether the good UART, ttyAMA0, goes to Bluetooth: then the small one is on the pins."""
    return (
        device == "ttyAMA0" and bool(_pi(machine)) and _MINI_UART in machine.text("/proc/device-tree/aliases/serial0")
    )


def _console(machine: Machine, device: str) -> tuple[str, bool]:
    """Return which file puts a console on the device, and whether it is there now."""
    running = device in _consoles(machine, machine.text("/proc/cmdline"))
    for name in _CONSOLES:
        if device in _consoles(machine, machine.text(name)):
            return name, running
    return ("/proc/cmdline", True) if running else ("", False)


def _consoles(machine: Machine, text: str) -> set[str]:
    return {Path(os.path.realpath(machine.path(f"/dev/{name}"))).name for name in _CONSOLE.findall(text)}


def _getty(machine: Machine, device: str) -> str:
    unit = _GETTY.format(device)
    return unit if any(os.path.lexists(machine.path(f"{folder}/{unit}")) for folder in _GETTY_FOLDERS) else ""


def _is_member(user: User, group: str) -> bool:
    try:
        entry = grp.getgrnam(group)
        return user.name in entry.gr_mem or pwd.getpwnam(user.name).pw_gid == entry.gr_gid
    except KeyError:
        return False


def judge_port(facts: PortFacts) -> list[Finding]:
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
    if facts.others:
        return cure(
            SUBJECT,
            f"{facts.url} is not there; there is: {', '.join(facts.others)}",
            "plug it in, or write the right one into reader.yaml, as port",
        )
    what = f"{facts.url} is not there, nor any other serial port"
    if facts.pi:
        switch = "dtparam=uart0=on" if " 5" in facts.pi else "enable_uart=1"
        return cure(
            SUBJECT, what, f"for a shield: {switch} in /boot/firmware/config.txt, then reboot; for a dongle: plug it in"
        )
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
                "sudo raspi-config nonint do_serial_cons 1 && sudo reboot; by hand: take console="
                f"{facts.device},… out of that line, and leave the rest of it",
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
        remedy = "sudo systemctl disable --now ModemManager, unless a modem is connected"
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
