"""Looks at a reader that runs, through what it says at the broker: then the port need not be touched."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from common.deployment import Deployment, here
from common.doctor.broker_probe import Received
from common.doctor.findings import Finding, notice, ok, problem
from common.doctor.formatting import format_days
from common.errors import MessageError
from common.frame import Frame
from common.plural import plural
from common.topics import Topics
from reader.doctor.line import diagnose_meter

SUBJECT, LINE, DELIVERY = "Reader", "Line", "Delivery"
PROGRAM, STORER = "teleinfo-reader", "teleinfo-storer"
IMPLAUSIBLE = "implausible"  # values that the line brought well
_NOISY = 0.05  # damaged lines a frame, since the start
_LATE = 300.0  # seconds that a frame may wait for its confirmation
_SETTLED = 60  # seconds; then the reader reports for the second time
_MANY = 60  # frames; a minute of them
_DUELLING = 2  # times that it came back while we listened


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """What a reader says of itself."""

    name: str
    status: str = ""  # retained; empty where there is none, or we may not read it
    health: Mapping[str, Any] = field(default_factory=dict)
    returned: int = 0  # how often it came online while we listened
    links: Mapping[str, str] = field(default_factory=dict)  # by meter
    frames: tuple[Frame, ...] = ()  # heard live
    confirmed: bool = False  # a confirmation came in while we listened
    storers: Mapping[str, str] = field(default_factory=dict)  # status by name
    seconds: float = 0.0
    local: bool = False  # a reader runs on this machine

    @property
    def online(self) -> bool:
        """Whether it is connected to the broker."""
        return self.status == "online"

    @property
    def lines(self) -> list[Mapping[str, Any]]:
        """What it says of its lines."""
        lines = self.health.get("lines")
        return [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []

    def line(self, url: str) -> Mapping[str, Any] | None:
        """What it says of one line."""
        return next((line for line in self.lines if line.get("port") == url), None)


def gather(name: str, topics: Topics, heard: Iterable[Received], *, seconds: float, local: bool) -> ServiceFacts:
    """Sort what was heard."""
    status, health, returned, confirmed = "", {}, 0, False
    links, storers, frames = {}, {}, []
    for message in heard:
        text = message.payload.decode("utf-8", "replace")
        levels = message.topic.removeprefix(f"{topics.base}/").split("/")
        if message.topic == topics.status("reader", name):
            status = text
            returned += text == "online" and not message.retained
        elif message.topic == topics.health("reader", name):
            health = message.fields
        elif levels[0] == "storer" and levels[2:] == ["status"]:
            storers[levels[1]] = str(message.fields.get("status", "unknown"))
        elif levels[1:] == ["link"]:
            links[levels[0]] = text
        elif levels[1:] == ["stored"]:
            confirmed = True
        elif levels[1:] == ["frame"]:
            try:
                frames.append(Frame.from_json(message.payload))
            except MessageError:
                continue
    return ServiceFacts(
        name=name,
        status=status,
        health=health,
        returned=returned,
        links=links,
        frames=tuple(frames),
        confirmed=confirmed,
        storers=storers,
        seconds=seconds,
        local=local,
    )


def diagnose_service(facts: ServiceFacts) -> list[Finding]:
    """Say how the reader itself does."""
    taken_over = _number(facts.health.get("taken_over"))
    if facts.returned >= _DUELLING or taken_over >= _DUELLING:
        times = (
            f"connected {facts.returned} times in {facts.seconds:.0f} s"
            if facts.returned >= _DUELLING
            else f"{taken_over} times lately"
        )
        return [
            problem(
                SUBJECT,
                f"two readers named {facts.name} throw each other out of the broker: {times}",
                "give one of them another name, in its reader.yaml, and restart it",
            )
        ]
    if not facts.online:
        if facts.local:
            # Where its status may not be read, silence proves nothing.
            why = f"the broker says {facts.status}" if facts.status else "the broker tells nothing of it"
            report = problem if facts.status else notice
            return [
                report(
                    SUBJECT,
                    f"the reader runs here, and {why}",
                    f"its log tells why: {here(PROGRAM).log(PROGRAM)}",
                )
            ]
        # Whoever looks at a line stops the reader first, so this is no problem by itself.
        return [
            notice(
                SUBJECT,
                f"no reader named {facts.name} is running: nothing is published",
                f"{here(PROGRAM).start(PROGRAM)}; if it ends again, its log tells why: {here(PROGRAM).log(PROGRAM)}",
            )
        ]
    uptime = facts.health.get("uptime")
    since = f", for {format_days(uptime / 86400)}" if isinstance(uptime, int) else ""
    findings = []
    if facts.local:
        findings.append(ok(SUBJECT, f"{facts.name} is running and connected{since}"))
    else:
        findings.append(
            notice(
                SUBJECT,
                f"a reader named {facts.name} is connected to the broker{since}, and none is to be seen here",
                "right if it is in a container; if it is elsewhere, give this one another name in reader.yaml",
            )
        )
    if taken_over:
        findings.append(
            notice(
                SUBJECT,
                "another program has taken its place at the broker a moment ago",
                f"does a second reader named {facts.name} run somewhere? Ask again in a minute",
            )
        )
    connects = facts.health.get("connects")
    if isinstance(connects, int) and isinstance(uptime, int) and connects > 10 + uptime / 3600:
        findings.append(
            notice(
                SUBJECT,
                f"it has connected to the broker {connects} times: the network is bad, or two readers have this name",
                "look at the Wi-Fi; make sure that no second reader is named so",
            )
        )
    return findings


def diagnose_reported_line(facts: ServiceFacts, url: str) -> list[Finding]:
    """Say what the running reader knows of a line."""
    line = facts.line(url)
    if line is None:
        return [
            notice(
                LINE,
                f"the reader that runs says nothing of {url}",
                f"was the configuration changed since its start? {here(PROGRAM).restart(PROGRAM)}",
            )
        ]
    meter = line.get("meter")
    uptime = facts.health.get("uptime")
    if isinstance(uptime, int) and uptime < _SETTLED and not isinstance(meter, str):
        return [
            notice(LINE, f"the reader that runs has started only now, and says nothing of {url} yet", "ask in a minute")
        ]
    if not line.get("open"):
        return [
            problem(LINE, f"the reader that runs cannot open {url}", f"its log tells why: {here(PROGRAM).log(PROGRAM)}")
        ]
    if not isinstance(meter, str):
        return [
            problem(
                LINE,
                f"the reader that runs has heard no meter on {url} yet",
                f"stop it and look again, to see what is on the line: {_look_closer()}",
            )
        ]
    if facts.links.get(meter) == "offline":
        return [
            problem(
                LINE,
                f"{url}: the meter {meter} has fallen silent",
                f"look at its terminals and the cable; to listen more closely: {_look_closer()}",
            )
        ]
    return [_reported_noise(facts, line, meter), *_steps_back(line), *_reported_meter(facts, meter)]


def _look_closer() -> str:
    """Write how a line is listened to that the reader has."""
    commands = here(PROGRAM)
    if commands.deployment is Deployment.COMPOSE:  # nothing can be run in a container that is stopped
        return f"{commands.stop(PROGRAM)}, then: docker compose run --rm reader check"
    return f"{commands.stop(PROGRAM)}, then: {commands.run(PROGRAM, 'check')}"


def _steps_back(line: Mapping[str, Any]) -> list[Finding]:
    """Tell of registers that do what none may do; the lines that said so came in well."""
    dropped = line.get("groups_dropped")
    count = _number(dropped.get(IMPLAUSIBLE)) if isinstance(dropped, dict) else 0
    if not count:
        return []
    return [
        notice(
            LINE,
            f"{line.get('port')}: {count} values of registers were left out, because a register stepped back or leapt"
            " ahead; the line itself is well",
            "the reader's log names the register; three frames that agree are believed. Was the meter changed?",
        )
    ]


def _reported_noise(facts: ServiceFacts, line: Mapping[str, Any], meter: str) -> Finding:
    frames, parity = _number(line.get("frames")), _number(line.get("parity_errors"))
    by_reason = line.get("groups_dropped")
    dropped = Counter({k: _number(v) for k, v in by_reason.items()}) if isinstance(by_reason, dict) else Counter[str]()
    damaged = dropped.total() - dropped.pop(IMPLAUSIBLE, 0)
    coming = "frames are coming" if facts.links.get(meter) == "online" else f"the meter {meter} was heard"
    reported = plural(frames, "frame")
    heard = f"{line.get('port')}: {coming}; by the reader's last report, {reported} in {line.get('mode')} mode"
    live = [frame for frame in facts.frames if frame.meter == meter]
    if live:
        heard += f", and {len(live)} in the last {facts.seconds:.0f} s"
        damaged_now = sum(frame.dropped or 0 for frame in live)
    else:
        damaged_now = 0
    heard += f"; {plural(damaged, 'damaged line')}, {plural(parity, 'parity error')}"
    if (frames and damaged / frames > _NOISY) or (live and damaged_now / len(live) > _NOISY):
        why = ", ".join(f"{reason} {count}" for reason, count in sorted(dropped.items()))
        return problem(
            LINE,
            f"noisy: {heard} ({why}; a few a day are normal)",
            "shorten the cable, keep it off mains cables, tighten the terminals; see docs/hardware.md",
        )
    return ok(LINE, heard)


def _reported_meter(facts: ServiceFacts, meter: str) -> list[Finding]:
    frame = next((frame for frame in reversed(facts.frames) if frame.meter == meter), None)
    if frame is None:
        return []
    return diagnose_meter(meter, frame.values, str(frame.mode), len(frame.values))


def diagnose_delivery(facts: ServiceFacts, confirmed_by: str | Sequence[str], now: datetime) -> list[Finding]:
    """Say whether frames arrive where they shall be kept."""
    findings = _storers(facts, confirmed_by)
    delivery = facts.health.get("delivery")
    if not facts.online or not isinstance(delivery, dict):
        return findings
    waiting, thinned = _number(delivery.get("waiting")), _number(delivery.get("thinned"))
    oldest = _oldest(delivery)
    done = _number(delivery.get("confirmed"))
    if waiting > _MANY and not done and not facts.confirmed and "online" in facts.storers.values():
        findings.append(
            problem(
                DELIVERY,
                f"a storer is online, and not one of {waiting} frames was confirmed",
                "the broker's access rules must let the reader read teleinfo/+/stored, and the storer write it and read"
                " teleinfo/+/frame; " + here(STORER).run(STORER, "check") + " tells more",
            )
        )
    elif waiting and oldest and (now - oldest).total_seconds() > _LATE:
        findings.append(
            problem(
                DELIVERY,
                f"{plural(waiting, 'frame')} not confirmed yet, the oldest since {oldest:%Y-%m-%d %H:%M} UTC",
                f"nothing is lost yet; {here(STORER).run(STORER, 'check')} tells why they are not stored. For a storer"
                f" that is gone for good: {here(PROGRAM).run(PROGRAM, 'forget NAME')}",
            )
        )
    elif not findings or facts.storers:
        findings.append(ok(DELIVERY, f"{plural(done, 'frame')} confirmed since its start, {waiting} on their way"))
    if thinned:
        findings.append(notice(DELIVERY, f"{plural(thinned, 'frame')} given up, because the spool was full"))
    return findings


def _storers(facts: ServiceFacts, confirmed_by: str | Sequence[str]) -> list[Finding]:
    wanted = [] if isinstance(confirmed_by, str) else list(confirmed_by)
    missing = [name for name in wanted if name not in facts.storers]
    findings = []
    if missing:
        findings.append(
            problem(
                DELIVERY,
                f"nobody has heard of the storer {', '.join(missing)}, whose confirmation is waited for",
                "start it, or correct delivery.confirmed_by. If it runs, the broker's access rules do not let"
                " the reader read teleinfo/storer/+/status",
            )
        )
    for name, status in sorted(facts.storers.items()):
        if status == "online":
            findings.append(ok(DELIVERY, f"the storer {name} is online"))
        elif status == "stalled":
            findings.append(
                problem(
                    DELIVERY,
                    f"the storer {name} waits for its database",
                    f"where it runs: {here(STORER).run(STORER, 'check')} tells why",
                )
            )
        else:
            findings.append(
                problem(
                    DELIVERY,
                    f"the storer {name} is {status}; frames are kept until it is back",
                    f"start it; if it is gone for good: {here(PROGRAM).run(PROGRAM, f'forget {name}')}",
                )
            )
    if not facts.storers and confirmed_by == "auto":
        findings.append(
            notice(
                DELIVERY,
                "no storer has shown itself at this broker: frames are published, and kept nowhere",
                "right without a storer. If one runs, the broker's access rules do not let the reader read"
                " teleinfo/storer/+/status",
            )
        )
    return findings


def _oldest(delivery: Mapping[str, Any]) -> datetime | None:
    found = []
    for tier in ("journal", "spool"):
        part = delivery.get(tier)
        text = part.get("oldest") if isinstance(part, dict) else None
        if isinstance(text, str):
            try:
                found.append(datetime.fromisoformat(text).astimezone(UTC))
            except ValueError:
                continue
    return min(found, default=None)


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
