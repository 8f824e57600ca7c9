"""Diagnoses a running reader from what it publishes, so that its port is left alone."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.contract.frame import Frame
from common.contract.topics import Topics
from common.doctor.broker_probe import Received
from common.doctor.findings import Finding, notice, ok, problem
from common.doctor.program import ProgramFacts, find_conflict, not_connected, number, taken_over_once
from common.errors import MessageError
from common.machine.deployment import Deployment, here
from common.plural import plural
from reader.doctor.line import diagnose_meter

SUBJECT, LINE = "Reader", "Line"
PROGRAM = "teleinfo-reader"
IMPLAUSIBLE = "implausible"  # drop reason of values that were received undamaged
_NOISY = 0.05  # damaged lines per frame, since the start
_STARTED_UP = 60  # seconds of uptime; then the reader has reported twice


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts(ProgramFacts):
    """What a reader publishes about itself."""

    links: Mapping[str, str] = field(default_factory=dict)  # by meter
    frames: tuple[Frame, ...] = ()  # live ones
    confirmed: bool = False  # a confirmation was published while we listened
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
    def confirmed_by(self) -> list[str]:
        """The storers that it waits for, by its report."""
        delivery = self.health.get("delivery")
        names = delivery.get("confirmed_by") if isinstance(delivery, dict) else None
        return [name for name in names if _is_level(name)] if isinstance(names, list) else []

    def line(self, url: str) -> Mapping[str, Any] | None:
        """What it reports about one line."""
        return next((line for line in self.lines if line.get("port") == url), None)


def gather(name: str, topics: Topics, messages: Iterable[Received], *, seconds: float, local: bool) -> ServiceFacts:
    """Collect the facts from messages; what is not valid is ignored."""
    status, health, returned, confirmed = "", {}, 0, False
    links, storers, frames = {}, {}, []
    for message in messages:
        text = message.payload.decode("utf-8", "replace")
        levels = message.topic.removeprefix(f"{topics.base}/").split("/")
        if message.topic == topics.status("reader", name):
            returned += (status, text) == ("offline", "online")
            status = text
        elif message.topic == topics.health("reader", name):
            health = message.fields
        elif levels[0] == "storer" and levels[2:] == ["status"]:
            storers[levels[1]] = str(message.fields.get("status", "unknown"))
        elif levels[1:] == ["link"]:
            links[levels[0]] = text
        elif levels[1:] == ["stored"]:
            confirmed = True
            if isinstance(storer := message.fields.get("storer"), str):
                storers[storer] = "online"  # whatever this node of a cluster has retained of it
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
    """Return the findings about the reader itself."""
    if (conflict := find_conflict(facts, SUBJECT, "reader")) is not None:
        return [conflict]
    if not facts.online:
        return [_not_online(facts)]
    findings = [_online(facts)]
    if facts.taken_over:
        findings.append(taken_over_once(facts, SUBJECT, "reader"))
    connects, uptime = number(facts.health.get("connects")), facts.health.get("uptime")
    if isinstance(uptime, int) and connects > 10 + uptime / 3600:
        findings.append(
            notice(
                SUBJECT,
                f"it has connected to the broker {connects} times: the network is unstable, or two readers have this"
                " name",
                "check the Wi-Fi; make sure that no second reader has this name",
            )
        )
    return findings


def _not_online(facts: ServiceFacts) -> Finding:
    if facts.local:
        return not_connected(facts, SUBJECT, "reader")
    # People stop the reader to check the line, so this alone is no problem.
    return notice(
        SUBJECT,
        f"no reader named {facts.name} is running: nothing is published",
        f"start it: {here(PROGRAM).start(PROGRAM)}; if it stops again, look for the reason in its log:"
        f" {here(PROGRAM).log(PROGRAM)}",
    )


def _online(facts: ServiceFacts) -> Finding:
    if facts.local:
        return ok(SUBJECT, f"{facts.name} is running and connected{facts.since}")
    return notice(
        SUBJECT,
        f"a reader named {facts.name} is connected to the broker{facts.since}, but none runs on this machine",
        "fine if it runs in a container; if it runs on another machine, give this one another name in reader.yaml",
    )


def diagnose_reported_line(facts: ServiceFacts, url: str) -> list[Finding]:
    """Return the findings about a line from the reports of the running reader."""
    line = facts.line(url)
    log, uptime = here(PROGRAM).log(PROGRAM), facts.health.get("uptime")
    if line is None:
        restart = f"if the configuration was changed since its start: {here(PROGRAM).restart(PROGRAM)}"
        return [notice(LINE, f"the running reader does not report {url}", restart)]
    meter = line.get("meter")
    if isinstance(uptime, int) and uptime < _STARTED_UP and not isinstance(meter, str):
        return [notice(LINE, f"the reader has just started and does not report {url} yet", "check again in a minute")]
    if not line.get("open"):
        return [problem(LINE, f"the running reader cannot open {url}", f"look for the reason in its log: {log}")]
    if not isinstance(meter, str):
        what = f"the running reader has received no frame on {url} yet"
        return [problem(LINE, what, f"stop it and check the line itself: {_check_line()}")]
    if facts.links.get(meter) == "offline":
        what = f"{url}: no more frames from the meter {meter}"
        return [problem(LINE, what, f"check its terminals and the cable; to check the line itself: {_check_line()}")]
    return [_reported_noise(facts, line, meter), *_implausible(line), *_reported_meter(facts, meter)]


def _check_line() -> str:
    """Return the commands that check a line which the reader uses."""
    commands = here(PROGRAM)
    if commands.deployment is Deployment.COMPOSE:  # exec needs a running container
        return f"{commands.stop(PROGRAM)}, then: docker compose run --rm reader check"
    return f"{commands.stop(PROGRAM)}, then: {commands.run(PROGRAM, 'check')}"


def _implausible(line: Mapping[str, Any]) -> Iterator[Finding]:
    """Return a finding about registers that decrease or jump: the values are wrong, but the line is good."""
    dropped = line.get("groups_dropped")
    count = number(dropped.get(IMPLAUSIBLE)) if isinstance(dropped, dict) else 0
    if not count:
        return
    yield notice(
        LINE,
        f"{line.get('port')}: {count} values of registers were dropped, because a register decreased or jumped;"
        " the line itself is good",
        "find the register in the reader's log; its value is accepted after 3 frames that agree. Was the meter"
        " replaced?",
    )


def _reported_noise(facts: ServiceFacts, line: Mapping[str, Any], meter: str) -> Finding:
    frames, parity = number(line.get("frames")), number(line.get("parity_errors"))
    by_reason = line.get("groups_dropped")
    dropped = Counter({k: number(v) for k, v in by_reason.items()}) if isinstance(by_reason, dict) else Counter[str]()
    damaged = dropped.total() - dropped.pop(IMPLAUSIBLE, 0)
    state = "frames arrive" if facts.links.get(meter) == "online" else f"frames of the meter {meter} have arrived"
    reported = plural(frames, "frame")
    what = f"{line.get('port')}: {state}; in the reader's last report, {reported} in {line.get('mode')} mode"
    live = [frame for frame in facts.frames if frame.meter == meter]
    if live:
        what += f", and {len(live)} in the last {facts.seconds:.0f} s"
        damaged_now = sum(frame.dropped or 0 for frame in live)
    else:
        damaged_now = 0
    what += f"; {plural(damaged, 'damaged line')}, {plural(parity, 'parity error')}"
    if (frames and damaged / frames > _NOISY) or (live and damaged_now / len(live) > _NOISY):
        why = ", ".join(f"{reason} {count}" for reason, count in sorted(dropped.items()))
        return problem(
            LINE,
            f"noisy: {what} ({why}; a few a day are normal)",
            "shorten the cable, keep it away from mains cables, tighten the terminals; see docs/hardware.md",
        )
    return ok(LINE, what)


def _reported_meter(facts: ServiceFacts, meter: str) -> Iterator[Finding]:
    frame = next((frame for frame in reversed(facts.frames) if frame.meter == meter), None)
    if frame is not None:
        yield diagnose_meter(meter, frame.values, str(frame.mode), len(frame.values))


def _is_level(name: Any) -> bool:
    """Return whether this can stand between two slashes of a topic filter."""
    return isinstance(name, str) and name != "" and not set(name) & set("/+#\0")
