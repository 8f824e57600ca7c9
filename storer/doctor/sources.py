"""Diagnoses sources from what the storer publishes of them, and shows them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from common.doctor.findings import Finding, notice, ok, problem
from common.machine.deployment import here
from common.plural import plural
from storer.sources.config import Kind, Source, doubles
from storer.sources.reading import Refusal

SUBJECT = "Sources"
_PROGRAM = "teleinfo-storer"
_SOON = {Kind.TEMPERATURE: 3600}  # seconds after the start in which nothing need have come
_SOON_OTHERS = 120
_SILENT = timedelta(days=1)  # an inverter sleeps at night
_MANY_PENDING = 5  # minutes of each source
#: Not a fault: what a broker retains is old, and devices are away at times.
_HARMLESS = {Refusal.RETAINED.value, Refusal.UNAVAILABLE.value}


def diagnose_sources(sources: Sequence[Source], health: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    """Yield the findings about the sources of the configuration; `health` is that of the running storer."""
    for one, other in doubles(tuple(sources)):
        what = f"{one.name} and {other.name} read the same value: it is stored twice"
        yield notice(SUBJECT, what, "take one out of storer.yaml")
    if not sources or not health:  # that it does not run is another finding
        return
    report = health.get("sources", {})
    known = {one["name"]: one for one in report.get("sources", ())}
    for source in sources:
        if source.name in known:
            yield from _diagnose(source, known[source.name], int(health.get("uptime", 0)), now)
        else:
            what = f"the running storer does not know {source.name}: it was started before storer.yaml had it"
            yield problem(SUBJECT, what, f"restart it: {here(_PROGRAM).restart(_PROGRAM)}")
    if (waiting := report.get("pending", 0)) > _MANY_PENDING * len(sources):
        yield notice(SUBJECT, f"{waiting} minutes wait in memory", "see the findings about the database above")


def _diagnose(source: Source, report: Mapping[str, Any], uptime: int, now: datetime) -> Iterator[Finding]:
    name, topics = source.name, sorted(source.topics)
    refused = {reason: count for reason, count in report["refused"].items() if reason not in _HARMLESS}
    listened = " ".join(f"-t '{topic}'" for topic in topics)
    look = f"see what it sends: mosquitto_sub -v {listened}; and compare with its options: docs/sources.md"
    if refused.pop(Refusal.BEHIND.value, 0):
        what = f"{name}: the clock of this machine is behind what is stored of it: nothing is added until that time"
        fix = "set the clock; if it was wrong before, wait, or give it another name in storer.yaml"
        yield (notice if report["taken"] else problem)(SUBJECT, what, fix)
    elif not report["taken"] and not refused:
        soon = uptime < _SOON.get(source.kind, _SOON_OTHERS)
        rules = ", ".join(f"topic read {topic}" for topic in topics)
        yield (notice if soon else problem)(
            SUBJECT,
            f"{name}: nothing has come on {' and '.join(topics)} since the storer's start",
            f"{look}; and allow the storer to read it in the broker's access rules: {rules}",
        )
    if refused:
        reasons = ", ".join(f"{count} × {reason}" for reason, count in refused.items())
        what = f"{name}: not all values are counted: {reasons}; the last: {report['example']}"
        yield (notice if report["taken"] else problem)(SUBJECT, what, look)
    if not report["taken"]:
        return
    last = datetime.fromisoformat(report["last"])
    if now - last > _SILENT:
        yield problem(SUBJECT, f"{name}: nothing since {last:%Y-%m-%d %H:%M} UTC", look)
    else:
        yield ok(SUBJECT, f"{name}: {values_text(report)}, at {last:%H:%M:%S} UTC")
    if report["breaks"]:
        times = plural(report["breaks"], "time")
        yield notice(SUBJECT, f"{name}: its counter was reset or replaced ({times}): it counts on from there")


def values_text(report: Mapping[str, Any]) -> str:
    """Return the last values of a source.

    >>> values_text({"power": 812.4, "energy": 1234567})
    '812 W, 1234.567 kWh'
    """
    parts = []
    if "power" in report:
        parts.append(f"{report['power']:.0f} W")
    if "energy" in report:
        parts.append(f"{report['energy'] / 1000:.3f} kWh")
    if "temperature" in report:
        parts.append(f"{report['temperature']:.1f} °C")
    return ", ".join(parts) or "no value yet"


def source_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield what has arrived, as `teleinfo-storer sources` prints it."""
    for one in report["sources"]:
        last = ""
        if one["last"] is not None:
            then = datetime.fromisoformat(one["last"])
            last = f"; last {then.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, {plural(one['taken'], 'value')}"
        yield f"{one['name']} ({one['kind']}): {values_text(one)}{last}"
        if one["breaks"]:
            yield f"  counter reset or replaced: {plural(one['breaks'], 'time')}"
        for reason, count in one["refused"].items():
            yield f"  not counted: {count} × {reason}"
        if one["example"]:
            yield f"  the last of these: {one['example']}"
    if report["pending"]:
        yield f"{plural(report['pending'], 'minute')} in memory, not stored yet"
