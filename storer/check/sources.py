"""Diagnoses sources from what the running storer publishes of them; and the command `teleinfo-storer sources`."""

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from common.check.broker_probe import ConnectionFailed, Probe
from common.check.findings import Finding, Status
from common.contract.sources import TEMPERATURE, Source, doubles
from common.contract.topics import Topics
from common.database.mariadb import Database
from common.errors import TeleinfoError
from common.machine.deployment import here
from common.runtime.logs import printable
from common.settings import config
from common.settings.language import plural, tr
from storer.check.texts import PROGRAM, TEXTS
from storer.config.options import StorerConfig
from storer.database.settings import read_saved
from storer.sources.reading import Refusal

_SOON = {TEMPERATURE: 3600}  # seconds after the start in which nothing need have come
_SOON_OTHERS = 120
_SILENT = timedelta(days=1)  # an inverter sleeps at night
_MANY_PENDING = 5  # minutes of each source
_WITHIN = 3.0  # seconds for what the broker retains
#: Not a fault: what a broker retains is old, and devices are away at times.
_HARMLESS = {Refusal.RETAINED.value, Refusal.UNAVAILABLE.value}


def diagnose_sources(sources: Sequence[Source], health: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    """Yield the findings about the sources that are set; `health` is that of the running storer."""
    for one, other in doubles(tuple(sources)):
        yield TEXTS.finding("source_doubled", name=one.name, other=other.name)
    if not sources or not health:  # that it does not run is another finding
        return
    report = health.get("sources", {})
    known = {one["name"]: one for one in report.get("sources", ())}
    for source in sources:
        if source.name in known:
            yield from _diagnose(source, known[source.name], int(health.get("uptime", 0)), now)
        else:
            yield TEXTS.finding("source_unknown", name=source.name)
    if (waiting := report.get("pending", 0)) > _MANY_PENDING * len(sources):
        yield TEXTS.finding("sources_wait", n=waiting)


def _diagnose(source: Source, report: Mapping[str, Any], uptime: int, now: datetime) -> Iterator[Finding]:
    name, topics = source.name, sorted(source.topics)
    refused = {reason: times for reason, times in report["refused"].items() if reason not in _HARMLESS}
    look = TEXTS.text("look", listened=" ".join(f"-t '{topic}'" for topic in topics))
    level = Status.NOTICE if report["taken"] else Status.PROBLEM
    if refused.pop(Refusal.BEHIND.value, 0):
        yield TEXTS.finding("source_ahead", level=level, name=name)
    elif not report["taken"] and not refused:
        soon = uptime < _SOON.get(source.kind, _SOON_OTHERS)
        rules = ", ".join(f"topic read {topic}" for topic in topics)
        those = tr(" and ", " et ").join(topics)
        missing = Status.NOTICE if soon else Status.PROBLEM
        yield TEXTS.finding("source_missing", level=missing, name=name, topics=those, look=look, rules=rules)
    if refused:
        reasons = ", ".join(f"{times} × {reason}" for reason, times in refused.items())
        example = report["example"]
        yield TEXTS.finding("source_refused", level=level, name=name, reasons=reasons, example=example, look=look)
    if not report["taken"]:
        return
    last = datetime.fromisoformat(report["last"])
    if now - last > _SILENT:
        yield TEXTS.finding("source_silent", name=name, time=f"{last:%Y-%m-%d %H:%M}", look=look)
    else:
        yield TEXTS.finding("source_ok", name=name, values=_values(report), time=f"{last:%H:%M:%S}")
    if report["breaks"]:
        yield TEXTS.finding("source_reset", name=name, n=report["breaks"])


def _values(report: Mapping[str, Any]) -> str:
    """Return the last values of a source.

    >>> _values({"power": 812.4, "energy": 1234567})
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


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield what has arrived."""
    for one in report["sources"]:
        last = ""
        if one["last"] is not None:
            then = datetime.fromisoformat(one["last"])
            last = f"; last {then.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, {plural(one['taken'], 'value')}"
        yield f"{one['name']} ({one['kind']}): {_values(one)}{last}"
        if one["breaks"]:
            yield f"  counter reset or replaced: {plural(one['breaks'], 'time')}"
        for reason, count in one["refused"].items():
            yield f"  not counted: {count} × {reason}"
        if one["example"]:
            yield f"  the last of these: {one['example']}"
    if report["pending"]:
        yield f"{plural(report['pending'], 'minute')} in memory, not stored yet"


# -- the command -------------------------------------------------------------------------------------------------------


class NotSeen(TeleinfoError):
    """There is nothing to show; the message gives the reason and the fix."""


def declare_sources(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command, besides `--config`."""
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(command=_run)


def _run(arguments: argparse.Namespace) -> int:
    settings = config.load(StorerConfig, arguments.config)
    if not read_saved(Database(settings.database)).sources:
        raise NotSeen("there are no sources: add them in the page, see docs/sources.md")
    report = _read_report(settings)
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False))  # noqa: T201 - the command's output
    else:
        for line in _lines(report):
            print(printable(line))  # noqa: T201 - the command's output
    return 0


def _read_report(settings: StorerConfig) -> Mapping[str, Any]:
    """Return what the storer published last, at most a minute ago while it runs.

    Raises:
        NotSeen: the broker cannot be reached, or has nothing of this storer.
    """
    topic = Topics(settings.mqtt.topic[0]).health("storer", settings.name)
    deadline = time.monotonic() + _WITHIN
    try:
        with Probe(settings.mqtt) as probe:
            probe.subscribe([topic])
            while time.monotonic() < deadline:
                for message in probe.listen(0.1):
                    if isinstance(found := message.fields.get("sources"), dict):
                        return found
                    raise NotSeen(f"the storer {settings.name} has no sources yet: it takes them within a minute")
    except ConnectionFailed as error:
        raise NotSeen(f"the broker {settings.mqtt.address} cannot be reached: {error}") from error
    raise NotSeen(
        f"the broker has nothing on {topic}: is the storer running? {here(PROGRAM).run(PROGRAM, 'check')} says more"
    )
