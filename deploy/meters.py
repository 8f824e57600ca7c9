"""Listens to the serial ports of the machine, to find the meter."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from common.doctor.findings import Finding
from reader.doctor.line import METER, LineFacts, diagnose_line

_TTY_MAJORS = (4, 166, 188, 204, 207)  # as in compose.yaml

Listen = Callable[[str], LineFacts]


class Heard(NamedTuple):
    """What was received on a port."""

    port: str
    meters: set[str]
    finding: Finding  # about the meter, or why there is none


def listen_to_all(ports: Sequence[str], listen_to: Listen) -> list[Heard]:
    """Listen to all of the ports at once."""
    with ThreadPoolExecutor(len(ports)) as pool:
        facts = list(pool.map(listen_to, ports))
    return [Heard(port, line.meters, _main_finding(line)) for port, line in zip(ports, facts, strict=True)]


def _main_finding(line: LineFacts) -> Finding:
    findings = diagnose_line(line)
    return next((finding for finding in findings if finding.subject == METER), findings[0])


def port_groups(devices: Path) -> set[int]:
    """Return the groups that may open the serial ports, without root's."""
    groups = set()
    for path in devices.glob("tty*"):
        status = path.stat()
        if os.major(status.st_rdev) in _TTY_MAJORS and status.st_gid:
            groups.add(status.st_gid)
    return groups
