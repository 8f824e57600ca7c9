"""Diagnoses whether a program runs and is connected, from what it publishes about itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.check.findings import Finding, Texts
from common.machine.deployment import here
from common.settings.language import format_days, tr

_TEXTS = Texts(Path(__file__).with_name("findings.yaml"))

_CONFLICT = 2  # times that another client took the name over: from here on, two programs have it


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFacts:
    """What a program published about itself."""

    name: str
    status: str = ""  # empty if there is none, or we may not read it
    health: Mapping[str, Any] = field(default_factory=dict)
    local: bool = False  # it runs on this machine

    @property
    def taken_over(self) -> int:
        """How often another client has taken its name lately, as it reports."""
        return number(self.health.get("taken_over"))

    @property
    def since(self) -> str:
        """For how long it has been running, to follow a sentence."""
        uptime = self.health.get("uptime")
        time = format_days(uptime / 86400) if isinstance(uptime, int) else ""
        return tr(f", for {time}", f" depuis {time}") if time else ""


def find_conflict(facts: ProgramFacts, subject: str, kind: str) -> Finding | None:
    """Return the finding that two programs of a kind, reader or storer, use one name; None: they do not."""
    if facts.taken_over < _CONFLICT:
        return None
    return _TEXTS.finding("name_taken", subject=subject, kind=kind, name=facts.name, times=facts.taken_over)


def not_connected(facts: ProgramFacts, subject: str, kind: str) -> Finding:
    """Return the finding that a program runs on this machine and is not connected, as far as we see."""
    program, key = f"teleinfo-{kind}", "not_connected" if facts.status else "not_seen"
    status, log = _TEXTS.translated(facts.status), here(program).log(program)
    return _TEXTS.finding(key, subject=subject, kind=kind, status=status, log=log)


def number(value: Any) -> int:
    """Return a count of a report, which may hold anything; 0 where it is none."""
    return value if isinstance(value, int) else 0
