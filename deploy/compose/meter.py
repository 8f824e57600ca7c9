"""The command `setup meter`: listens to the serial ports of the machine, and writes the meter's into .env."""

import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common.doctor.findings import Status
from common.host import Host
from deploy.compose.env_file import with_variables
from deploy.compose.user import PROJECT
from reader.doctor.command import SECONDS
from reader.doctor.line import METER, LineFacts, diagnose_line, listen
from reader.line.port import open_port
from reader.line.serial_ports import ports as serial_ports

_USUAL_GROUP = 20  # compose.yaml takes it unless TIC_GROUP says otherwise
_NOTHING_FOUND = """\
meter: this machine has no serial port: plug the dongle in; on a Raspberry Pi, docs/hardware.md tells how to enable it
meter: for a port over the network, write TIC_PORT=socket://HOST:PORT into .env"""
_NOTHING_HEARD = (
    "meter: no meter was heard; nothing is written. The reader has the port? docker compose stop reader, then try again"
)

Listen = Callable[[str], LineFacts]


def main(ports: Sequence[str], folder: Path = PROJECT) -> int:
    """Look at the ports, or at all there are; return the exit code: 0 when .env names a meter."""
    found = list(ports) or serial_ports(Host())
    if not found:
        print(_NOTHING_FOUND, file=sys.stderr)
        return 1
    print(f"meter: listening to {', '.join(found)}, for {SECONDS:.0f} s", flush=True)
    heard = look(found, lambda port: listen(port, "auto", SECONDS, open_port))
    if not heard:
        print(_NOTHING_HEARD, file=sys.stderr)
        return 1
    chosen = heard if ports or not sys.stdin.isatty() else choose(heard)
    return write_env(folder, chosen)


def look(ports: Sequence[str], listen_to: Listen) -> list[str]:
    """Listen to all of the ports at once and say what comes; return those with a meter, each meter once."""
    with ThreadPoolExecutor(len(ports)) as pool:
        facts = list(pool.map(listen_to, ports))
    heard: list[str] = []
    meters: set[str] = set()
    for port, line in zip(ports, facts, strict=True):
        findings = diagnose_line(line)
        telling = next((finding for finding in findings if finding.subject == METER), findings[0])
        known = line.meters <= meters
        if line.meters and not known:
            heard.append(port)
            meters |= line.meters
        mark = f"{len(heard)}." if line.meters and not known else "-"
        print(f"{mark:3} {port}: {telling.what}")
        if telling.status is Status.PROBLEM:
            print(f"    -> {telling.fix}")
    return heard


def choose(heard: list[str], answer: Callable[[str], str] = input) -> list[str]:
    """Ask which of several ports are to be read; nothing means all of them."""
    if len(heard) == 1:
        return heard
    numbers = {str(number): port for number, port in enumerate(heard, 1)}
    while True:
        words = answer(f"Which ({', '.join(numbers)})? Return for all: ").replace(",", " ").split()
        if all(word in numbers for word in words):
            return [numbers[word] for word in dict.fromkeys(words)] or heard
        print("meter: numbers of the list above are expected")


def write_env(folder: Path, ports: Sequence[str]) -> int:
    """Write the ports into .env, which begins as .env.example where there is none."""
    variables = port_variables(ports)
    file, example = folder / ".env", folder / ".env.example"
    text = "\n".join(f"{name}={value}" for name, value in variables.items())
    try:
        source = next((path for path in (file, example) if path.exists()), None)
        before = source.read_text(encoding="utf-8") if source else ""
        new = not file.exists()
        file.write_text(with_variables(before, variables), encoding="utf-8")
        if new:
            file.chmod(0o644)  # it holds no secret
    except OSError as error:
        print(f"meter: .env cannot be written: {error.strerror}; put this into it:\n{text}", file=sys.stderr)
        return 1
    print(f"meter: .env says now:\n{text}\nmeter: it counts after: docker compose up -d")
    return 0


def port_variables(ports: Sequence[str]) -> Mapping[str, str]:
    """Return what .env must say for these ports."""
    variables = {"TIC_PORT": ports[0] if len(ports) == 1 else f"[{', '.join(ports)}]"}
    groups = {Path(port).stat().st_gid for port in ports if Path(port).exists()} - {_USUAL_GROUP}
    if groups:
        variables["TIC_GROUP"] = str(min(groups))
    return variables
