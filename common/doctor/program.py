"""Diagnoses whether a program runs and is connected, from what it publishes about itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.doctor.findings import Finding, notice, problem
from common.doctor.formatting import format_days
from common.machine.deployment import here

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
        return f", for {format_days(uptime / 86400)}" if isinstance(uptime, int) else ""


def find_conflict(facts: ProgramFacts, subject: str, kind: str) -> Finding | None:
    """Return the finding that two programs of a kind, reader or storer, use one name; None: they do not."""
    if facts.taken_over < _CONFLICT:
        return None
    return problem(
        subject,
        f"two {kind}s use the name {facts.name} and disconnect each other (client id conflict): {facts.taken_over}"
        " times recently",
        f"give one of them another name in its {kind}.yaml, and restart it",
    )


def not_connected(facts: ProgramFacts, subject: str, kind: str) -> Finding:
    """Return the finding that a program runs on this machine and is not connected, as far as we see."""
    # No status proves nothing: we may not be allowed to read it.
    state = f"its status at the broker is {facts.status}" if facts.status else "the broker has no status of it"
    program = f"teleinfo-{kind}"
    return (problem if facts.status else notice)(
        subject, f"the {kind} runs here, but {state}", f"look for the reason in its log: {here(program).log(program)}"
    )


def number(value: Any) -> int:
    """Return a count of a report, which may hold anything; 0 where it is none."""
    return value if isinstance(value, int) else 0
