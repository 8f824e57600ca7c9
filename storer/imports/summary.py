"""What a file has and what becomes of it, in lines for people."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from common.contract.registers import INJECTED, REGISTERS
from common.settings.language import plural
from storer.imports.kinds import Content
from storer.imports.local_clock import LocalClock
from storer.imports.model import Period
from storer.imports.plan import Plan, gaps


def summary(content: Content, plan: Plan, clock: LocalClock) -> list[str]:
    """Return the lines: counts, span, registers, overlaps with what is there, gaps, what was left out."""
    periods = content.parsed.periods
    if not periods:
        return [f"{content.name}: no energy", *_left_out(content.parsed.left_out)]
    start, end = min(period.start for period in periods), max(period.end for period in periods)
    lines = [
        f"{content.name}: {_count(periods)} from {_local(start, clock)} to {_local(end, clock)} ({clock.name})",
        f"  new: {_count(plan.new)}{_registers(plan.new)}",
    ]
    if plan.same:
        lines.append(f"  already imported: {plan.same}")
    if plan.replaced:
        lines.append(f"  corrected, instead of values of earlier imports: {len(plan.replaced)}")
    if plan.read:
        lines.append(f"  kept as the meter was read: {plan.read}")
    if plan.finer:
        lines.append(f"  not needed, since this file has finer values: {plan.finer}")
    for what, counts in (("with another value in", plan.different), ("overlap", plan.others)):
        lines += [f"  kept as they are, {what} {_import(number)}: {count}" for number, count in sorted(counts.items())]
    if plan.between:
        lines.append(f"  of the new, in gaps between readings, whose indexes count that energy too: {plan.between}")
    found = gaps(period for period in periods if period.register != INJECTED)
    if found:
        longest = max(found, key=lambda gap: gap.hours)
        lines.append(
            f"  holes: {len(found)}, {plural(sum(gap.hours for gap in found), 'hour')} together; the longest from"
            f" {_local(longest.start, clock)}, {plural(longest.hours, 'hour')}"
        )
    return [*lines, *_left_out(content.parsed.left_out)]


def _left_out(left_out: Counter[str]) -> list[str]:
    return [f"  {what}: {count}" for what, count in sorted(left_out.items()) if count]


def _import(number: int) -> str:
    if number < 0:
        return "a file before"
    return f"import {number} (to replace them, --forget {number} first)" if number else "rows of another program"


def _count(periods: Iterable[Period]) -> str:
    # Not how many rows: registers share their hours.
    found = {(period.end, period.hours) for period in periods}
    lengths = Counter("hour" if hours == 1 else _longer(hours) for _, hours in found)
    return ", ".join(plural(count, noun) for noun, count in lengths.most_common()) or "none"


def _longer(hours: int) -> str:
    return "day" if 23 <= hours <= 25 else "shorter period" if hours < 23 else "longer period"


def _registers(periods: list[Period]) -> str:
    sums: Counter[int] = Counter()
    for period in periods:
        sums[period.register] += period.wh
    listed = ", ".join(f"{REGISTERS[register]} {wh / 1000:.3f} kWh" for register, wh in sorted(sums.items()))
    return f" ({listed})" if listed else ""


def _local(instant: datetime, clock: LocalClock) -> str:
    return f"{clock.local(instant):%Y-%m-%d %H:%M}"
