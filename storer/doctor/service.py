"""Diagnoses the storer and its readers from what they publish."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from common.contract.topics import Topics
from common.doctor.broker_probe import Received
from common.doctor.findings import Finding, notice, ok, problem
from common.doctor.program import ProgramFacts, find_conflict, not_connected, taken_over_once
from common.machine.deployment import here
from common.plural import plural

PROGRAM, _READER = "teleinfo-storer", "teleinfo-reader"
STORER, READERS = "Storer", "Readers"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorerFacts(ProgramFacts):
    """What the storer and its readers published."""

    readers: Mapping[str, str] = field(default_factory=dict)  # status by name
    links: Mapping[str, str] = field(default_factory=dict)  # by meter
    live: Mapping[str, int] = field(default_factory=dict)  # frames, by meter
    replayed: int = 0


def gather(
    name: str, topics: Iterable[Topics], messages: Iterable[Received], *, seconds: float, local: bool
) -> StorerFacts:
    """Collect the facts from messages; what is not valid is ignored."""
    bases = list(topics)
    status, health, returned, replayed = "", {}, 0, 0
    readers, links = {}, {}
    live: Counter[str] = Counter()
    for message in messages:
        text = message.payload.decode("utf-8", "replace")
        base = next((base.base for base in bases if message.topic.startswith(f"{base.base}/")), None)
        if base is None:  # of a source
            continue
        match message.topic.removeprefix(f"{base}/").split("/"):
            case ["reader", reader, "status"]:
                readers[reader] = text
            case ["storer", storer, "status"] if storer == name:
                previous, status = status, str(message.fields.get("status", ""))
                returned += (previous, status) == ("offline", "online")
            case ["storer", storer, "health"] if storer == name:
                health = message.fields
            case [meter, "link"]:
                links[meter] = text
            case [meter, "frame"]:
                live[meter] += 1
            case [_, "replay"]:
                replayed += 1
            case _:
                pass
    return StorerFacts(
        name=name,
        seconds=seconds,
        status=status,
        returned=returned,
        health=health,
        local=local,
        readers={reader: status for reader, status in readers.items() if status},
        links={meter: link for meter, link in links.items() if link},
        live=live,
        replayed=replayed,
    )


def diagnose_storer(facts: StorerFacts) -> Finding:
    """Return the finding about the storer itself."""
    if (conflict := find_conflict(facts, STORER, "storer")) is not None:
        return conflict
    if facts.taken_over:
        return taken_over_once(facts, STORER, "storer")
    if facts.status == "stalled":
        what = f"{facts.name} is running, but cannot reach its database"
        return problem(STORER, what, "see the findings about the database above")
    if facts.status == "online":
        stored = facts.health.get("stored")
        counts = f"; {plural(stored, 'frame')} stored since its start" if stored else ""
        return ok(STORER, f"{facts.name} is running and connected{facts.since}{counts}")
    if facts.local:
        return not_connected(facts, STORER, "storer")
    return problem(
        STORER,
        f"{facts.name} is not running",
        f"start it: {here(PROGRAM).start(PROGRAM)}; if it stops again, look for the reason in its log:"
        f" {here(PROGRAM).log(PROGRAM)}",
    )


def diagnose_readers(facts: StorerFacts) -> list[Finding]:
    """Return the findings about readers and meters."""
    findings = [*_programs(facts), *_silent_meters(facts)]
    findings += _frames(facts, known=bool(findings))
    if facts.replayed:
        findings.append(ok(READERS, f"{plural(facts.replayed, 'frame')} replayed from the reader's spool or memory"))
    return findings


def _programs(facts: StorerFacts) -> Iterator[Finding]:
    # A reader that was renamed leaves its old status behind.
    report = notice if "online" in facts.readers.values() else problem
    for name, status in sorted(facts.readers.items()):
        if status == "online":
            yield ok(READERS, f"{name} is online")
        else:
            yield report(READERS, f"{name} is {status}", f"on its machine: {_look(name)}")


def _silent_meters(facts: StorerFacts) -> Iterator[Finding]:
    # A meter that was replaced leaves its old link behind.
    report = notice if facts.live else problem
    for meter, link in sorted(facts.links.items()):
        if link == "offline" and not facts.live.get(meter) and "online" in facts.readers.values():
            yield report(READERS, f"no more frames from the meter {meter}", f"on the reader's machine: {_look(meter)}")


def _frames(facts: StorerFacts, *, known: bool) -> Iterator[Finding]:
    """Say whether frames arrive; `known`: something was said of readers already."""
    if facts.live:
        rates = (f"{meter} {count / facts.seconds:.1f} per second" for meter, count in sorted(facts.live.items()))
        yield ok(READERS, f"frames arrive: {', '.join(rates)}")
    elif "online" in facts.links.values():
        yield problem(
            READERS,
            f"a meter is online, but no frame arrived within {facts.seconds:.0f} s",
            "allow the storer to read teleinfo/+/frame, teleinfo/+/replay and teleinfo/+/tally in the broker's access"
            " rules; mosquitto reports no error when this right is missing",
        )
    elif not known:
        yield problem(
            READERS,
            f"no reader has been seen, and no frame arrived within {facts.seconds:.0f} s",
            f"start a reader for this broker, with the same mqtt.topic: {here(_READER).start(_READER)}; if one runs,"
            " allow the storer to read teleinfo/+/frame in the broker's access rules",
        )


def _look(name: str) -> str:
    commands = here(_READER)
    return f"{commands.run(_READER, 'check')}; if it was removed: {commands.run(_READER, f'forget {name}')}"
