"""Says what the storer and its readers publish of themselves."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from common.contract.topics import Topics
from common.doctor.broker_probe import Received
from common.doctor.findings import Finding, notice, ok, problem
from common.doctor.formatting import format_days
from common.doctor.program import ProgramFacts, find_conflict, not_connected, number
from common.machine.deployment import here
from common.plural import plural

PROGRAM, _READER = "teleinfo-storer", "teleinfo-reader"
_ROLLUPS_BEHIND = 3600  # seconds
_SHOW_REJECTED = "SELECT last_at, times, topic, reason FROM rejected_messages;"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorerFacts(ProgramFacts):
    """What the storer and its readers published."""

    readers: Mapping[str, str] = field(default_factory=dict)  # status by name
    links: Mapping[str, str] = field(default_factory=dict)  # by meter
    live: Mapping[str, int] = field(default_factory=dict)  # frames, by meter
    seconds: float = 0.0  # of listening


def gather(
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
    if (conflict := find_conflict(facts, "Storer", "storer")) is not None:
        yield conflict
    elif facts.status == "stalled":
        what = f"{facts.name} is running, but cannot reach its database"
        yield problem("Storer", what, "see the findings about the database above")
    elif facts.status == "online":
        stored = f"; frames stored since its start: {number(facts.health.get('stored'))}"
        yield ok("Storer", f"{facts.name} is running and connected{facts.since}{stored}")
        yield from _work(facts)
    elif facts.local:
        yield not_connected(facts, "Storer", "storer")
    else:
        yield problem(
            "Storer",
            f"{facts.name} is not running",
            f"start it: {here(PROGRAM).start(PROGRAM)}; if it stops again, look for the reason in its log: {_log()}",
        )


def _work(facts: StorerFacts) -> Iterator[Finding]:
    if rollups := facts.health.get("rollups"):
        if (lag := rollups["lag"]) is None:
            yield notice("Rollups", "minutes and hours are not made yet", "the storer makes them within a minute")
        elif lag > _ROLLUPS_BEHIND:
            what = f"minutes and hours are {format_days(lag / 86400)} behind"
            yield problem("Rollups", what, f"look for the reason in the storer's log: {_log()}")
        else:
            rebuilt = (
                f"; {plural(rollups['rebuild_hours'], 'older hour')} to rebuild" if rollups["rebuild_hours"] else ""
            )
            late = f"; {plural(rollups['late_hours'], 'hour')} with late frames" if rollups["late_hours"] else ""
            yield ok("Rollups", f"minutes and hours are made, up to {format_days(lag / 86400)} ago{rebuilt}{late}")
    if blocked := (facts.health.get("retention") or {}).get("blocked"):
        what, _, fix = blocked.rpartition("; ")
        yield notice("Retention", what or blocked, fix if what else "")
    if lost := number(facts.health.get("rejected_not_kept")):
        yield problem(
            "Rejected",
            f"rejected_messages is full; further messages, only counted: {lost}",
            "find out who publishes them, then empty the table: TRUNCATE rejected_messages;",
        )
    elif rejected := number(facts.health.get("rejected")):
        what = f"messages that could not be stored since the storer's start: {rejected}"
        yield notice("Rejected", what, f"find out who publishes them: {_SHOW_REJECTED}")


def diagnose_readers(facts: StorerFacts) -> Iterator[Finding]:
    """Yield the findings about readers and meters."""
    online = "online" in facts.readers.values()
    for name, status in sorted(facts.readers.items()):
        if status == "online":
            yield ok("Readers", f"{name} is online")
        else:  # one that was renamed leaves its old status behind
            yield (notice if online else problem)("Readers", f"{name} is {status}", _look(name))
    silent = [meter for meter, link in sorted(facts.links.items()) if link == "offline" and meter not in facts.live]
    silent = silent if online else []
    for meter in silent:  # one that was replaced leaves its old link behind
        report = notice if facts.live else problem
        yield report("Readers", f"no more frames from the meter {meter}", _look(meter))
    if facts.live:
        rates = (f"{meter} {count / facts.seconds:.1f} per second" for meter, count in sorted(facts.live.items()))
        yield ok("Readers", f"frames arrive: {', '.join(rates)}")
    elif "online" in facts.links.values():
        yield problem(
            "Readers",
            f"a meter is online, but no frame arrived within {facts.seconds:.0f} s",
            "allow the storer to read teleinfo/+/frame, teleinfo/+/replay and teleinfo/+/tally in the broker's access"
            " rules; mosquitto reports no error when this right is missing",
        )
    elif not facts.readers and not silent:
        yield problem(
            "Readers",
            f"no reader has been seen, and no frame arrived within {facts.seconds:.0f} s",
            f"start a reader for this broker, with the same mqtt.topic: {here(_READER).start(_READER)}; if one runs,"
            " allow the storer to read teleinfo/+/frame in the broker's access rules",
        )


def _log() -> str:
    return here(PROGRAM).log(PROGRAM)


def _look(name: str) -> str:
    check, forget = (here(_READER).run(_READER, what) for what in ("check", f"forget {name}"))
    return f"on the reader's machine: {check}; if it was removed: {forget}"
