"""Diagnoses a running reader, its lines and its delivery from what it publishes, so that its port is left alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from common.check.broker_probe import Received
from common.check.findings import Finding, count
from common.check.program import ProgramFacts, find_conflict, not_connected, number
from common.contract.topics import Topics
from common.machine.deployment import here
from common.settings.language import tr
from reader.check.line import diagnose_meter
from reader.check.texts import PROGRAM, TEXTS
from reader.decoded.message import filter_of
from reader.line.health import Problem

STORER = "teleinfo-storer"
_IMPLAUSIBLE = "implausible"  # drop reason of values that were received undamaged
_NOISY = 0.05  # damaged lines per frame, since the start
_STARTED_UP = 60  # seconds of uptime; then the reader has reported twice
_CONFIRM_TIMEOUT = 300.0  # seconds
_MANY = 60  # frames; about a minute


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts(ProgramFacts):
    """What a reader publishes about itself."""

    storers: Mapping[str, str] = field(default_factory=dict)  # status by name

    @property
    def online(self) -> bool:
        """Whether it is connected to the broker."""
        return self.status == "online"

    @property
    def lines(self) -> list[Mapping[str, Any]]:
        """What it reports about its lines."""
        lines = self.health.get("lines")
        return [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []

    @property
    def meters(self) -> set[str]:
        """The meters on these lines."""
        return {line["meter"] for line in self.lines if _is_level(line.get("meter"))}

    @property
    def delivery(self) -> Mapping[str, Any]:
        """What it reports about the delivery of its frames."""
        delivery = self.health.get("delivery")
        return delivery if isinstance(delivery, dict) else {}

    @property
    def confirmed_by(self) -> list[str]:
        """The storers that it waits for, by its report."""
        names = self.delivery.get("confirmed_by")
        return [name for name in names if _is_level(name)] if isinstance(names, list) else []

    def line(self, url: str) -> Mapping[str, Any] | None:
        """What it reports about one line."""
        return next((line for line in self.lines if line.get("port") == url), None)


def gather(name: str, topics: Topics, messages: Iterable[Received], *, local: bool) -> ServiceFacts:
    """Collect the facts from messages; what is not valid is ignored."""
    status, health, storers = "", {}, {}
    for message in messages:
        levels = message.topic.removeprefix(f"{topics.base}/").split("/")
        if message.topic == topics.status("reader", name):
            status = message.payload.decode("utf-8", "replace")
        elif message.topic == topics.health("reader", name):
            health = message.fields
        elif levels[0] == "storer" and levels[2:] == ["status"]:
            storers[levels[1]] = str(message.fields.get("status", "unknown"))
    return ServiceFacts(name=name, status=status, health=health, storers=storers, local=local)


def diagnose_service(facts: ServiceFacts) -> Finding:
    """Return whether the reader runs and is connected."""
    subject = tr("Reader", "Lecteur")
    if (conflict := find_conflict(facts, subject, "reader")) is not None:
        return conflict
    if facts.local and not facts.online:
        return not_connected(facts, subject, "reader")
    # People stop the reader to check the line, so that alone is no problem.
    key = "reader_ok" if facts.local else "reader_elsewhere" if facts.online else "reader_stopped"
    return TEXTS.finding(key, name=facts.name, since=facts.since)


def diagnose_reported_line(facts: ServiceFacts, url: str) -> list[Finding]:
    """Return the findings about a line from the reports of the running reader."""
    commands, line, uptime = here(PROGRAM), facts.line(url), facts.health.get("uptime")
    if line is None:
        return [TEXTS.finding("port_not_reported", port=url)]
    meter, why = line.get("meter"), line.get("problem")
    if isinstance(uptime, int) and uptime < _STARTED_UP and not isinstance(meter, str):
        return [TEXTS.finding("port_not_reported_yet", port=url)]
    if not line.get("open"):
        return [TEXTS.finding("port_not_opened", port=url)]
    if why or not isinstance(meter, str):
        again = commands.run_alone(PROGRAM, "check")  # compose's exec needs a running container
        return [TEXTS.finding("frames_missing", port=url, why=TEXTS.translated(str(why or "none yet")), again=again)]
    return [*_noise(line, url), diagnose_meter(meter, str(line.get("mode")))]


def diagnose_topic(facts: ServiceFacts, port: str) -> Finding:
    """Return what the running reader reports about a port that is a topic, and what such a meter cannot give."""
    line = facts.line(port) if facts.online else None
    if line is None:
        return TEXTS.finding("topic_not_reported", port=port)
    meter, why, decoded = line.get("meter"), line.get("problem"), line.get("decoded")
    if why == Problem.UNREADABLE:
        return TEXTS.finding("topic_unreadable", port=port)
    if why:
        return TEXTS.finding("topic_silent", port=port, topic=filter_of(port))
    if not isinstance(meter, str) or not isinstance(decoded, dict):
        return TEXTS.finding("topic_waiting", port=port)
    source, seconds = str(decoded.get("source")), number(decoded.get("interval"))
    return TEXTS.finding("topic_read", port=port, meter=meter, source=source, seconds=seconds)


def _noise(line: Mapping[str, Any], url: str) -> Iterator[Finding]:
    frames, dropped = number(line.get("frames")), line.get("groups_dropped")
    counts = {reason: number(times) for reason, times in dropped.items()} if isinstance(dropped, dict) else {}
    implausible = counts.pop(_IMPLAUSIBLE, 0)
    damaged = sum(counts.values())
    yield TEXTS.finding(
        "reported_noisy" if frames and damaged / frames > _NOISY else "reported_good",
        port=url,
        frames=count(frames, "frame", "trame"),
        mode=TEXTS.translated(str(line.get("mode"))),
        damaged=count(damaged, "damaged line", "ligne abîmée", "lignes abîmées"),
        parity=count(number(line.get("parity_errors")), "parity error", "erreur de parité", "erreurs de parité"),
    )
    if implausible:
        values = count(implausible, "value", "valeur écartée", "valeurs écartées")
        yield TEXTS.finding("values_dropped", port=url, values=values)


def diagnose_delivery(facts: ServiceFacts, confirmed_by: str, now: datetime) -> list[Finding]:
    """Return the findings about storers and unconfirmed frames."""
    delivery = facts.delivery if facts.online else {}
    pending, confirmed, discarded = (number(delivery.get(key)) for key in ("pending", "confirmed", "discarded"))
    oldest, check = _oldest(delivery), here(STORER).run(STORER, "check")
    late = pending > 0 and oldest is not None and (now - oldest).total_seconds() > _CONFIRM_TIMEOUT
    findings = list(_storers(facts, confirmed_by, delivers=confirmed > 0 and pending <= _MANY and not late))
    if pending > _MANY and not confirmed and "online" in facts.storers.values():
        findings.append(TEXTS.finding("never_confirmed", pending=pending, storer_check=check))
    elif late:
        frames = count(pending, "frame", "trame")
        since = f"{oldest:%Y-%m-%d %H:%M}"
        findings.append(TEXTS.finding("confirmed_late", frames=frames, oldest=since, storer_check=check))
    elif delivery and (facts.storers or not findings):
        frames = count(confirmed, "frame", "trame")
        findings.append(TEXTS.finding("confirmed", frames=frames, pending=pending))
    if discarded:
        findings.append(TEXTS.finding("frames_discarded", frames=count(discarded, "frame", "trame")))
    return findings


def _storers(facts: ServiceFacts, confirmed_by: str, *, delivers: bool) -> Iterator[Finding]:
    # Each node of a cluster may have retained another status of it, so frames that are confirmed count for more.
    fine = delivers or "online" in facts.storers.values()
    check = here(STORER).run(STORER, "check")
    for name, status in sorted(facts.storers.items()):
        away = "storer_away" if fine else "storer_missed"
        key = {"online": "storer_online", "stalled": "storer_stalled"}.get(status, away)
        yield TEXTS.finding(key, name=name, status=TEXTS.translated(status), storer_check=check)
    if not facts.storers and confirmed_by == "auto":
        yield TEXTS.finding("storer_unknown")


def _oldest(delivery: Mapping[str, Any]) -> datetime | None:
    parts = (delivery.get(tier) for tier in ("journal", "spool"))
    texts = (part.get("oldest") for part in parts if isinstance(part, dict))
    times = []
    for text in texts:
        try:
            times.append(datetime.fromisoformat(str(text)).astimezone(UTC))
        except ValueError:  # none is waiting, or it is no report
            continue
    return min(times, default=None)


def _is_level(name: Any) -> bool:
    """Return whether this can stand between two slashes of a topic filter."""
    return isinstance(name, str) and name != "" and not set(name) & set("/+#\0")
