"""The command `setup meter`: finds the meter on the serial ports of the machine, and writes its port to .env."""

import re
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common.check.findings import Status
from common.machine.host import Host
from reader.check.command import SECONDS
from reader.check.line import METER, LineFacts, diagnose_line, listen
from reader.line.port import open_port
from reader.line.port_list import ports as serial_ports
from reader.line.radio import is_radio

PROJECT = Path("/project")
_USUAL_GROUP = 20  # compose.yaml takes it unless TIC_GROUP says otherwise
_NO_PORT = """\
meter: no serial port found: plug in the adapter; on a Raspberry Pi, enable the port (see docs/hardware.md)
meter: for a port over the network, write TIC_PORT=socket://HOST:PORT into .env
meter: for an adapter that decodes by itself, choose the meter in the page, or write TIC_PORT=mqtt:TOPIC into .env"""
_NO_METER = "meter: no meter found, .env not changed; if the reader is using the port: docker compose stop reader"


def main(ports: Sequence[str], folder: Path = PROJECT) -> int:
    """Listen to the ports, or to all that exist but radio sticks; return the exit code: 0 when .env names a meter."""
    machine = Host()
    found = list(ports) or [port for port in serial_ports(machine) if not is_radio(port, machine)]
    if not found:
        print(_NO_PORT, file=sys.stderr)
        return 1
    print(f"meter: listening to {', '.join(found)} for {SECONDS:.0f} s", flush=True)
    with_meter = look(found, lambda port: listen(port, "auto", SECONDS, open_port))
    if not with_meter:
        print(_NO_METER, file=sys.stderr)
        return 1
    chosen = with_meter if ports or not sys.stdin.isatty() else choose(with_meter)
    return write_env(folder, chosen)


def look(ports: Sequence[str], listen_to: Callable[[str], LineFacts]) -> list[str]:
    """Listen to all of the ports at once and print the result; return those with a meter, each meter once."""
    with_meter: list[str] = []
    known: set[str] = set()
    with ThreadPoolExecutor(len(ports)) as pool:
        lines = list(pool.map(listen_to, ports))
    for port, line in zip(ports, lines, strict=True):
        findings = diagnose_line(line)
        finding = next((one for one in findings if one.subject == METER), findings[0])  # else why there is none
        new = not line.meters <= known
        if new:
            with_meter.append(port)
            known |= line.meters
        mark = f"{len(with_meter)}." if new else "-"
        print(f"{mark:3} {port}: {finding.what}")
        if finding.status is Status.PROBLEM:
            print(f"    -> {finding.fix}")
    return with_meter


def choose(ports: list[str], answer: Callable[[str], str] = input) -> list[str]:
    """Ask which of several ports are to be read; an empty answer means all of them."""
    if len(ports) == 1:
        return ports
    numbers = {str(number): port for number, port in enumerate(ports, 1)}
    while True:
        words = answer(f"Which ({', '.join(numbers)})? Press Enter for all: ").replace(",", " ").split()
        if all(word in numbers for word in words):
            return [numbers[word] for word in dict.fromkeys(words)] or ports
        print("meter: enter numbers from the list above")


def write_env(folder: Path, ports: Sequence[str]) -> int:
    """Write the ports to .env; a new one begins as a copy of .env.example."""
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
        print(f"meter: .env cannot be written: {error.strerror}; add these lines yourself:\n{text}", file=sys.stderr)
        return 1
    print(f"meter: wrote to .env:\n{text}\nmeter: to apply: docker compose up -d")
    return 0


def port_variables(ports: Sequence[str]) -> dict[str, str]:
    """Return the variables of .env for these ports."""
    variables = {"TIC_PORT": ports[0] if len(ports) == 1 else f"[{', '.join(ports)}]"}
    groups = {Path(port).stat().st_gid for port in ports if Path(port).exists()} - {_USUAL_GROUP}
    if groups:
        variables["TIC_GROUP"] = str(min(groups))
    return variables


def with_variables(text: str, variables: dict[str, str]) -> str:
    """Return the text of an .env file with these variables.

    A line that sets a variable is replaced; else a line that has it as a comment; else it is added at the end.
    """
    for name, value in variables.items():
        found = re.search(rf"^{name}=.*$", text, re.MULTILINE) or re.search(rf"^# ?{name}=.*$", text, re.MULTILINE)
        before, after = (text[: found.start()], text[found.end() :]) if found else (f"{text.rstrip()}\n".lstrip(), "\n")
        text = f"{before}{name}={value}{after}"
    return text
