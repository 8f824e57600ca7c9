"""Diagnoses a running reader, its lines and its delivery from what it publishes, so that its port is left alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from common.contract.topics import Topics
from common.doctor.broker_probe import Received
from common.doctor.findings import Finding, notice, ok, problem
from common.doctor.program import ProgramFacts, find_conflict, not_connected, number
from common.machine.deployment import Deployment, here
from common.plural import plural
from reader.doctor.line import diagnose_meter

SUBJECT, LINE, DELIVERY = "Reader", "Line", "Delivery"
PROGRAM, STORER = "teleinfo-reader", "teleinfo-storer"
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
    if (conflict := find_conflict(facts, SUBJECT, "reader")) is not None:
        return conflict
    if facts.online and facts.local:
        return ok(SUBJECT, f"{facts.name} is running and connected{facts.since}")
    if facts.online:
        return notice(
            SUBJECT,
            f"a reader named {facts.name} is connected to the broker{facts.since}, but none runs on this machine",
            "fine if it runs in a container; if it runs on another machine, give this one another name in reader.yaml",
        )
    if facts.local:
        return not_connected(facts, SUBJECT, "reader")
    # People stop the reader to check the line, so this alone is no problem.
    return notice(
        SUBJECT,
        f"no reader named {facts.name} is running: nothing is published",
        f"start it: {here(PROGRAM).start(PROGRAM)}; if it stops again, look for the reason in its log:"
        f" {here(PROGRAM).log(PROGRAM)}",
    )


def diagnose_reported_line(facts: ServiceFacts, url: str) -> list[Finding]:
    """Return the findings about a line from the reports of the running reader."""
    commands, line, uptime = here(PROGRAM), facts.line(url), facts.health.get("uptime")
    if line is None:
        restart = f"if the configuration was changed since its start: {commands.restart(PROGRAM)}"
        return [notice(LINE, f"the running reader does not report {url}", restart)]
    meter, why = line.get("meter"), line.get("problem")
    if isinstance(uptime, int) and uptime < _STARTED_UP and not isinstance(meter, str):
        return [notice(LINE, f"the reader has just started and does not report {url} yet", "check again in a minute")]
    if not line.get("open"):
        fix = f"look for the reason in its log: {commands.log(PROGRAM)}"
        return [problem(LINE, f"the running reader cannot open {url}", fix)]
    if why or not isinstance(meter, str):
        again = commands.run(PROGRAM, "check")
        if commands.deployment is Deployment.COMPOSE:  # exec needs a running container
            again = "docker compose run --rm reader check"
        return [
            problem(
                LINE,
                f"{url}: the running reader receives no frames ({why or 'none yet'})",
                f"check the meter's terminals and the cable; to check the line itself: {commands.stop(PROGRAM)}, then:"
                f" {again}",
            )
        ]
    return [*_noise(line, url), diagnose_meter(meter, str(line.get("mode")))]


def _noise(line: Mapping[str, Any], url: str) -> Iterator[Finding]:
    frames, dropped = number(line.get("frames")), line.get("groups_dropped")
    counts = {reason: number(count) for reason, count in dropped.items()} if isinstance(dropped, dict) else {}
    implausible = counts.pop(_IMPLAUSIBLE, 0)
    damaged = sum(counts.values())
    what = f"{url}: {plural(frames, 'frame')} in {line.get('mode')} mode since its start"
    what += f"; {plural(damaged, 'damaged line')}, {plural(number(line.get('parity_errors')), 'parity error')}"
    if frames and damaged / frames > _NOISY:
        fix = "shorten the cable, keep it away from mains cables, tighten the terminals; see docs/hardware.md"
        yield problem(LINE, f"noisy: {what} (a few a day are normal)", fix)
    else:
        yield ok(LINE, what)
    if implausible:
        yield notice(
            LINE,
            f"{url}: {plural(implausible, 'value')} dropped, because a register decreased or jumped; the line itself"
            " is good",
            "find the register in the reader's log; its value is accepted after 3 frames that agree. Was the meter"
            " replaced?",
        )


def diagnose_delivery(facts: ServiceFacts, confirmed_by: str, now: datetime) -> list[Finding]:
    """Return the findings about storers and unconfirmed frames."""
    known = facts.delivery if facts.online else {}
    pending, confirmed, discarded = (number(known.get(key)) for key in ("pending", "confirmed", "discarded"))
    oldest, check = _oldest(known), here(STORER).run(STORER, "check")
    late = pending > 0 and oldest is not None and (now - oldest).total_seconds() > _CONFIRM_TIMEOUT
    findings = list(_storers(facts, confirmed_by, delivers=confirmed > 0 and pending <= _MANY and not late))
    if pending > _MANY and not confirmed and "online" in facts.storers.values():
        what = f"a storer is online, but none of {pending} frames was confirmed"
        fix = (
            "in the broker's access rules, allow the reader to read teleinfo/+/stored, and the storer to write it and"
            f" to read teleinfo/+/frame; for details: {check}"
        )
        findings.append(problem(DELIVERY, what, fix))
    elif late:
        what = f"{plural(pending, 'frame')} not confirmed yet, the oldest since {oldest:%Y-%m-%d %H:%M} UTC"
        findings.append(problem(DELIVERY, what, f"nothing is lost yet; find out why they are not stored: {check}"))
    elif known and (facts.storers or not findings):
        findings.append(ok(DELIVERY, f"{plural(confirmed, 'frame')} confirmed since its start, {pending} pending"))
    if discarded:
        findings.append(notice(DELIVERY, f"{plural(discarded, 'frame')} discarded, because the spool was full"))
    return findings


def _storers(facts: ServiceFacts, confirmed_by: str, *, delivers: bool) -> Iterator[Finding]:
    # Each node of a cluster may have retained another status of it, so frames that are confirmed count for more.
    fine = delivers or "online" in facts.storers.values()
    for name, status in sorted(facts.storers.items()):
        if status == "online":
            yield ok(DELIVERY, f"the storer {name} is online")
        elif status == "stalled":
            fix = f"on its machine: {here(STORER).run(STORER, 'check')}"
            yield problem(DELIVERY, f"the storer {name} cannot reach its database", fix)
        else:
            what = f"the storer {name} is {status}{'' if fine else '; frames wait until it is back'}"
            fix = f"start it; if it was removed: {here(PROGRAM).run(PROGRAM, f'forget {name}')}"
            yield (notice if fine else problem)(DELIVERY, what, fix)
    if not facts.storers and confirmed_by == "auto":
        yield notice(
            DELIVERY,
            "no storer has been seen at this broker: frames are published, but not stored",
            "fine if you use none. If one runs, allow the reader to read teleinfo/storer/+/status in the broker's"
            " access rules",
        )


def _oldest(delivery: Mapping[str, Any]) -> datetime | None:
    parts = (delivery.get(tier) for tier in ("journal", "spool"))
    texts = (part.get("oldest") for part in parts if isinstance(part, dict))
    found = []
    for text in texts:
        try:
            found.append(datetime.fromisoformat(str(text)).astimezone(UTC))
        except ValueError:  # none is waiting, or it is no report
            continue
    return min(found, default=None)


def _is_level(name: Any) -> bool:
    """Return whether this can stand between two slashes of a topic filter."""
    return isinstance(name, str) and name != "" and not set(name) & set("/+#\0")
