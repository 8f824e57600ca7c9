"""Checks what the storer and its readers publish about themselves."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.check.broker_probe import Received
from common.check.findings import Finding, Status, count
from common.check.program import ProgramFacts, find_conflict, not_connected, number
from common.contract.topics import Topics
from common.machine.deployment import here
from common.settings.language import format_days, tr
from storer.check.texts import TEXTS

_READER = "teleinfo-reader"
_ROLLUPS_BEHIND = 3600  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class StorerFacts(ProgramFacts):
    """What the storer and its readers published."""

    readers: Mapping[str, str] = field(default_factory=dict)  # status by name
    links: Mapping[str, str] = field(default_factory=dict)  # by meter
    live: Mapping[str, int] = field(default_factory=dict)  # frames, by meter
    seconds: float = 0.0  # of listening


def collect_facts(
    name: str, topics: Iterable[Topics], messages: Iterable[Received], *, seconds: float, local: bool
) -> StorerFacts:
    """Collect the facts from messages; what is not valid is ignored."""
    bases = [one.base for one in topics]
    status, health = "", {}
    readers, links = {}, {}
    live: Counter[str] = Counter()
    for message in messages:
        text = message.payload.decode("utf-8", "replace")
        base = next((base for base in bases if message.topic.startswith(f"{base}/")), None)
        if base is None:  # of a source
            continue
        match message.topic.removeprefix(f"{base}/").split("/"):
            case ["reader", reader, "status"]:
                readers[reader] = text
            case ["storer", storer, "status"] if storer == name:
                status = str(message.fields.get("status", ""))
            case ["storer", storer, "health"] if storer == name:
                health = message.fields
            case [meter, "link"]:
                links[meter] = text
            case [meter, "frame"]:
                live[meter] += 1
            case _:
                pass
    return StorerFacts(
        name=name,
        seconds=seconds,
        status=status,
        health=health,
        local=local,
        readers={reader: status for reader, status in readers.items() if status},
        links={meter: link for meter, link in links.items() if link},
        live=live,
    )


def diagnose_storer(facts: StorerFacts) -> Iterator[Finding]:
    """Yield the findings about the storer itself, and about its work if it runs."""
    subject = tr("Storer", "Archiveur")
    if (conflict := find_conflict(facts, subject, "storer")) is not None:
        yield conflict
    elif facts.status == "stalled":
        yield TEXTS.finding("storer_stalled", name=facts.name)
    elif facts.status == "online":
        stored = number(facts.health.get("stored"))
        yield TEXTS.finding("storer_ok", name=facts.name, since=facts.since, stored=stored)
        yield from _work(facts)
    elif facts.local:
        yield not_connected(facts, subject, "storer")
    else:
        yield TEXTS.finding("storer_stopped", name=facts.name)


def _work(facts: StorerFacts) -> Iterator[Finding]:
    if rollups := facts.health.get("rollups"):
        yield _rollups(rollups)
    if blocked := (facts.health.get("retention") or {}).get("blocked"):
        what, _, fix = blocked.rpartition("; ")
        what, key = what or fix, "retention_blocked" if what else "retention_waits"
        yield TEXTS.finding(key, what=TEXTS.translated(what), fix=TEXTS.translated(fix))
    if (backup := facts.health.get("backup")) is not None:
        yield _backup(backup)
    if lost := number(facts.health.get("rejected_not_kept")):
        yield TEXTS.finding("rejected_full", n=lost)
    elif rejected := number(facts.health.get("rejected")):
        yield TEXTS.finding("rejected", n=rejected)


def _rollups(report: Mapping[str, Any]) -> Finding:
    lag, rest = report["lag"], ""
    if lag is None:
        return TEXTS.finding("rollups_none")
    if hours := report["rebuild_hours"]:
        rest += f"; {count(hours, 'older hour', 'heure passée', 'heures passées')} {tr('to rebuild', 'à refaire')}"
    if hours := report["late_hours"]:
        rest += f"; {count(hours, 'hour', 'heure a', 'heures ont')} {tr('with late frames', 'des trames en retard')}"
    key = "rollups_behind" if lag > _ROLLUPS_BEHIND else "rollups_ok"
    return TEXTS.finding(key, lag=format_days(lag / 86400), rest=tr(rest, rest.replace(";", " ;")))


def _backup(backup: Mapping[str, Any]) -> Finding:
    if backup["folder"] is None:
        return TEXTS.finding("backup_none")
    return TEXTS.finding("backup_ok" if backup["failed"] is None else "backup_failed", **backup)


def diagnose_readers(facts: StorerFacts) -> Iterator[Finding]:
    """Yield the findings about readers and meters."""
    online = "online" in facts.readers.values()
    for name, status in sorted(facts.readers.items()):
        if status == "online":
            yield TEXTS.finding("reader_online", name=name)
        else:  # one that was renamed leaves its old status behind
            level = Status.NOTICE if online else Status.PROBLEM
            yield TEXTS.finding("reader_away", level=level, status=TEXTS.translated(status), **_look(name))
    silent = [meter for meter, link in sorted(facts.links.items()) if link == "offline" and meter not in facts.live]
    silent = silent if online else []
    for meter in silent:  # one that was replaced leaves its old link behind
        yield TEXTS.finding("meter_silent", level=Status.NOTICE if facts.live else Status.PROBLEM, **_look(meter))
    if facts.live:
        rates = (f"{meter} {frames / facts.seconds:.1f}" for meter, frames in sorted(facts.live.items()))
        yield TEXTS.finding("frames_arrive", rates=", ".join(rates))
    elif "online" in facts.links.values():
        yield TEXTS.finding("frames_missing", seconds=facts.seconds)
    elif not facts.readers and not silent:
        start = here(_READER).start(_READER)
        yield TEXTS.finding("readers_missing", seconds=facts.seconds, start_reader=start)


def _look(name: str) -> dict[str, Any]:
    return {"name": name, "reader_check": here(_READER).run(_READER, "check")}
