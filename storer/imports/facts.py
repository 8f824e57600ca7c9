"""What a file has and what becomes of it, for programs: `import --json`, and the result of a request."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from common.contract.registers import INJECTED, REGISTERS
from common.runtime.logs import redact_prm
from common.settings.language import French
from storer.config.french import TEXTS
from storer.imports.importer import DayOutcome, Outcome
from storer.imports.model import Period
from storer.imports.plan import gaps
from storer.imports.writer import TEMPERATURES


def facts(outcome: Outcome | DayOutcome) -> dict[str, Any]:
    """Return the JSON of a file: times in UTC, energy in Wh, counts of periods by their length."""
    return _of_days(outcome) if isinstance(outcome, DayOutcome) else _of_energy(outcome)


def _of_energy(outcome: Outcome) -> dict[str, Any]:
    periods, plan = outcome.content.parsed.periods, outcome.plan
    drawn = gaps(period for period in periods if period.register != INJECTED)
    longest = max(drawn, key=lambda gap: gap.hours, default=None)
    return {
        "file": redact_prm(outcome.content.name),
        "kind": outcome.kind,
        "meter": outcome.meter,
        "meter_is_new": outcome.meter_is_new,
        "dry_run": outcome.is_dry_run,
        "import": outcome.number,
        "from": _utc(min((period.start for period in periods), default=None)),
        "to": _utc(max((period.end for period in periods), default=None)),
        "has": _lengths(periods),
        "new": _lengths(plan.new),
        "new_wh": _sums(plan.new),
        "same": plan.same,
        "read": plan.read,
        "finer": plan.finer,
        "between": plan.between,
        "replaced": len(plan.replaced),
        "different": _by_import(plan.different),
        "overlaps": _by_import(plan.others),
        "gaps": {
            "count": len(drawn),
            "hours": sum(gap.hours for gap in drawn),
            "longest": None if longest is None else {"from": _utc(longest.start), "hours": longest.hours},
        },
        "left_out": _left_out(outcome.content.parsed.left_out),
    }


def _of_days(outcome: DayOutcome) -> dict[str, Any]:
    days, plan = outcome.days, outcome.plan
    first, last = min(days), max(days)
    return {
        "file": redact_prm(outcome.file),
        "kind": TEMPERATURES,
        "meter": outcome.meter,
        "dry_run": outcome.is_dry_run,
        "import": outcome.number,
        "from": f"{first}",
        "to": f"{last}",
        "has": {"days": len(days)},
        "new": {"days": len(plan.new)},
        "same": plan.same,
        "different": _by_import(plan.different),
        "gaps": {"days": (last - first).days + 1 - len(days)},
        "mean": round(sum(days.values()) / len(days) / 10, 1),
    }


def _utc(instant: datetime | None) -> str | None:
    return None if instant is None else f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def _lengths(periods: Iterable[Period]) -> dict[str, int]:
    """Return how many periods there are of each length; registers share theirs."""
    found = {(period.end, period.hours) for period in periods}
    return dict(Counter(_length(hours) for _, hours in found))


def _length(hours: int) -> str:
    return "hours" if hours == 1 else "days" if 23 <= hours <= 25 else "shorter" if hours < 23 else "longer"


def _sums(periods: Iterable[Period]) -> dict[str, int]:
    sums: Counter[int] = Counter()
    for period in periods:
        sums[period.register] += period.wh
    return {REGISTERS[register]: wh for register, wh in sorted(sums.items())}


def _by_import(counts: Mapping[int, int]) -> list[dict[str, int | None]]:
    """Return by the import that they are of; None: of a file before, or of another program."""
    return [{"import": number if number > 0 else None, "count": count} for number, count in sorted(counts.items())]


def _left_out(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    french = French(TEXTS)
    # The whole line is what there is in French.
    return [
        {"en": what, "fr": french(f"  {what}: {count}").strip().rpartition("\u00a0: ")[0], "count": count}
        for what, count in sorted(counts.items())
        if count
    ]
