"""Diagnoses the storer and its readers from what they publish."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.contract.topics import Topics
from common.doctor.broker_probe import Received
from common.doctor.findings import Finding, notice, ok, problem
from common.doctor.formatting import format_days
from common.machine.deployment import here
from common.plural import plural

PROGRAM, _READER = "teleinfo-storer", "teleinfo-reader"
STORER, READERS = "Storer", "Readers"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorerFacts:
    """What the storer and its readers published."""

    name: str
    seconds: float
    status: str = ""  # empty if there is none, or we may not read it
    returned: int = 0  # times it came online again while we listened
    health: Mapping[str, Any] = field(default_factory=dict)
    local: bool = False  # a storer runs on this machine
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
        base = next((base for base in bases if message.topic.startswith(f"{base.base}/")), bases[0])
        match message.topic.removeprefix(f"{base.base}/").split("/"):
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


def diagnose_storer(facts: StorerFacts) -> list[Finding]:
    """Return the findings about the storer itself."""
    count = facts.health.get("taken_over")
    taken_over = count if isinstance(count, int) else 0
    if facts.returned > 1 or taken_over > 1:
        times = (
            f"connected {facts.returned} times in {facts.seconds:.0f} s"
            if facts.returned > 1
            else f"{taken_over} times recently"
        )
        return [
            problem(
                STORER,
                f"two storers use the name {facts.name} and disconnect each other (client id conflict): {times}",
                "give one of them another name in its storer.yaml, and restart it",
            )
        ]
    if taken_over:
        return [
            notice(
                STORER,
                f"{facts.name} is running, but another client with the same client id has just connected to the broker",
                f"is a second storer named {facts.name} running somewhere? Check again in a minute",
            )
        ]
    log = f"look for the reason in its log: {here(PROGRAM).log(PROGRAM)}"
    if facts.status == "stalled":
        return [
            problem(
                STORER,
                f"{facts.name} is running, but cannot reach its database",
                "see the findings about the database above",
            )
        ]
    if facts.status == "online":
        uptime = facts.health.get("uptime")
        since = f", for {format_days(uptime / 86400)}" if isinstance(uptime, int) else ""
        counts = ""
        if facts.health.get("stored"):
            counts = f"; {plural(facts.health['stored'], 'frame')} stored since its start"
        return [ok(STORER, f"{facts.name} is running and connected{since}{counts}")]
    if facts.local:
        report = problem if facts.status else notice
        state = f"its status at the broker is {facts.status}" if facts.status else "the broker has no status of it"
        return [report(STORER, f"the storer runs here, but {state}", log)]
    return [
        problem(
            STORER,
            f"{facts.name} is not running",
            f"start it: {here(PROGRAM).start(PROGRAM)}; if it stops again, {log}",
        )
    ]


def diagnose_readers(facts: StorerFacts) -> list[Finding]:
    """Return the findings about readers and meters."""
    findings = []
    for name, status in sorted(facts.readers.items()):
        if status == "online":
            findings.append(ok(READERS, f"{name} is online"))
        else:
            # A reader that was renamed leaves its old status behind.
            report = notice if "online" in facts.readers.values() else problem
            findings.append(
                report(
                    READERS,
                    f"{name} is {status}",
                    f"on its machine: {here(_READER).run(_READER, 'check')}; if it was removed: {_forget(name)}",
                )
            )
    # A meter that was replaced leaves its old link behind.
    report = notice if facts.live else problem
    findings += [
        report(
            READERS,
            f"no more frames from the meter {meter}",
            f"on the reader's machine: {here(_READER).run(_READER, 'check')}; if it was removed: {_forget(meter)}",
        )
        for meter, link in sorted(facts.links.items())
        if link == "offline" and not facts.live.get(meter) and "online" in facts.readers.values()
    ]
    if facts.live:
        rates = (f"{meter} {count / facts.seconds:.1f} per second" for meter, count in sorted(facts.live.items()))
        findings.append(ok(READERS, f"frames arrive: {', '.join(rates)}"))
    elif "online" in facts.links.values():
        findings.append(
            problem(
                READERS,
                f"a meter is online, but no frame arrived within {facts.seconds:.0f} s",
                "allow the storer to read teleinfo/+/frame, teleinfo/+/replay and teleinfo/+/tally in the broker's"
                " access rules; mosquitto reports no error when this right is missing",
            )
        )
    elif not findings:
        findings.append(
            problem(
                READERS,
                f"no reader has been seen, and no frame arrived within {facts.seconds:.0f} s",
                f"start a reader for this broker, with the same mqtt.topic: {here(_READER).start(_READER)}; if one"
                " runs, allow the storer to read teleinfo/+/frame in the broker's access rules",
            )
        )
    if facts.replayed:
        findings.append(ok(READERS, f"{plural(facts.replayed, 'frame')} replayed from the reader's spool or memory"))
    return findings


def _forget(name: str) -> str:
    return here(_READER).run(_READER, f"forget {name}")
