"""Looks at a broker as one of the programs would, and says what is wrong with it, and how to mend it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from common.config import Broker
from common.deployment import Deployment, here
from common.doctor.broker_probe import ConnectionFailed, Failure, Probe, Received
from common.doctor.findings import Finding, notice, ok, problem
from common.mqtt.events import REFUSED

SUBJECT = "Broker"
_HERE = ("localhost", "127.0.0.1", "::1")
_LARGEST = 25_000  # bytes; the discovery of a three-phase meter has 21,000, a frame 2,000
_BUNDLED = "mosquitto"  # of compose.yaml
_ECHO = 0.2  # seconds until our own message would have come back
_SOON = 21 * 86400  # seconds until a certificate ends


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFacts:
    """What a broker answered."""

    host: str
    port: int
    username: str | None = None
    tls: bool = False
    failure: Failure | None = None
    detail: str = ""
    certificate_ends: float | None = None  # Unix time
    published: tuple[str, ...] = ()  # topics that were asked for
    denied: tuple[str, ...] = ()  # and those of them that may not be published
    unasked: bool = False  # this broker cannot be asked
    largest: int | None = None  # bytes of a packet that it takes; None: any
    refused: tuple[str, ...] = ()  # subscriptions
    heard: tuple[Received, ...] = ()

    @property
    def where(self) -> str:
        """The broker, for people."""
        return f"{self.host}:{self.port}"

    def last(self, topic: str) -> bytes | None:
        """Return the last message on a topic; None if there was none."""
        return next((message.payload for message in reversed(self.heard) if message.topic == topic), None)


def probe_broker(
    settings: Broker,
    *,
    publish: Sequence[str],
    subscribe: Sequence[str],
    extra_topics: Sequence[str] = (),
    seconds: float,
    timeout: float = 5.0,
) -> BrokerFacts:
    """Connect under a name of our own, ask for the rights, and listen for so long. Nobody hears anything of it.

    Args:
        settings: where the broker is.
        publish: topics that the program must be let publish; the first is one whose messages harm nobody.
        subscribe: what it must be let listen to.
        extra_topics: what we listen to besides; no harm if that is forbidden.
        seconds: how long to listen.
        timeout: seconds for each answer.
    """
    facts = BrokerFacts(
        host=settings.host, port=settings.port, username=settings.username, tls=settings.tls is not None
    )
    certificate_ends = None
    reasons: dict[str, int] = {}
    unasked = False
    try:
        left = list(publish)
        if left and _hands_over_early(settings, left[0], timeout):
            left, unasked = [], True
        while left and not unasked:
            # What is asked for and never released counts as being under way, so a connection can take only so many.
            with Probe(settings, _client_id(), timeout=timeout) as probe:
                certificate_ends = probe.certificate_ends
                now, left = left[: probe.can_ask], left[probe.can_ask :]
                unasked = not now
                reasons |= probe.may_publish(now)
        with Probe(settings, _client_id(), timeout=timeout) as probe:
            certificate_ends, largest = probe.certificate_ends, probe.largest
            answers = probe.subscribe(subscribe) if subscribe else {}
            if extra_topics:
                probe.subscribe(extra_topics)
            heard = probe.listen(seconds)
    except ConnectionFailed as error:
        return replace(facts, failure=error.failure, detail=error.detail)
    return replace(
        facts,
        certificate_ends=certificate_ends,
        published=tuple(reasons),
        denied=tuple(topic for topic, reason in reasons.items() if reason >= REFUSED),
        unasked=unasked,
        largest=largest,
        refused=tuple(name for name, reason in answers.items() if reason >= REFUSED),
        heard=tuple(heard),
    )


def _hands_over_early(settings: Broker, topic: str, timeout: float) -> bool:
    """Find out whether this broker delivers a message of QoS 2 before it is released, as MQTT lets it; mosquitto waits.

    Where we may not listen to the topic, we cannot know.
    """
    with Probe(settings, _client_id(), timeout=timeout) as probe:
        if not probe.can_ask:
            return False
        probe.subscribe([topic])
        probe.may_publish([topic])
        return any(message.topic == topic and not message.retained for message in probe.listen(_ECHO))


def listen(settings: Broker, filters: Sequence[str], seconds: float) -> list[Received]:
    """Listen once more; nothing when the broker has gone meanwhile."""
    try:
        with Probe(settings, _client_id()) as probe:
            probe.subscribe(filters)
            return probe.listen(seconds)
    except ConnectionFailed:
        return []


def _client_id() -> str:
    # Never the program's own: the broker would throw out the one that runs.
    return f"teleinfo-check-{secrets.token_hex(4)}"


def diagnose_broker(facts: BrokerFacts, now: float) -> list[Finding]:
    """Say what the answers mean; `now` is Unix time."""
    if facts.failure is not None:
        return [_no_connection(facts, facts.failure)]
    who = f"as {facts.username}" if facts.username else "without a user name"
    how = " over TLS" if facts.tls else ""
    findings = [ok(SUBJECT, f"{facts.where} lets us in {who}{how}")]
    findings += _certificate(facts, now)
    if facts.largest is not None and facts.largest < _LARGEST:
        findings.append(
            problem(
                SUBJECT,
                f"{facts.where} takes no message of more than {facts.largest} bytes: longer frames are kept and not"
                " sent",
                "mosquitto: max_packet_size 262144, and restart it",
            )
        )
    user = facts.username or "anonymous"
    if facts.denied:
        findings.append(
            problem(
                SUBJECT,
                f"{facts.where} forbids to publish on {_list(facts.denied)}",
                f"give the user {user} the right to write these topics, in the broker's access rules"
                " (mosquitto: acl_file), and have the broker read them again",
            )
        )
    elif facts.unasked:
        findings.append(
            notice(
                SUBJECT,
                f"{facts.where} cannot be asked which topics we may publish, for want of QoS 2",
            )
        )
    elif facts.published:
        findings.append(ok(SUBJECT, f"all {len(facts.published)} topics may be published"))
    if facts.refused:
        findings.append(
            problem(
                SUBJECT,
                f"{facts.where} forbids to listen to {_list(facts.refused)}",
                f"give the user {user} the right to read these topics, in the broker's access rules",
            )
        )
    if facts.username is not None and not facts.tls and facts.host not in _HERE and "." in facts.host:
        findings.append(
            notice(
                SUBJECT,
                "the password travels through the network in the clear",
                "at home that may do; else set mqtt.tls, and mqtt.port to 8883",
            )
        )
    return findings


def _certificate(facts: BrokerFacts, now: float) -> list[Finding]:
    if facts.certificate_ends is None or facts.certificate_ends - now > _SOON:
        return []
    days = max(0, int((facts.certificate_ends - now) // 86400))
    text = f"the certificate of {facts.host} ends in {days} days"
    return [notice(SUBJECT, text, "renew it on the broker's machine before then, or nobody gets in any more")]


def _no_connection(facts: BrokerFacts, failure: Failure) -> Finding:
    where, host, detail = facts.where, facts.host, facts.detail
    commands = here()
    setting = commands.setting
    compose = commands.deployment is Deployment.COMPOSE
    start = ""
    if host == _BUNDLED if compose else (host in _HERE and failure is Failure.REFUSED):
        start = f"start it: {commands.start('mosquitto')}; if it is on another machine, set {setting('mqtt.host')}"
    match failure:
        case Failure.NAME:
            return problem(
                SUBJECT,
                f"there is no machine named {host} ({detail})",
                start
                or f"{setting('mqtt.host')}: the broker's name as the network knows it, or its address, such as"
                " 192.168.1.10",
            )
        case Failure.REFUSED:
            what = f"nothing listens at {where}"
            if start:
                return problem(SUBJECT, what, start)
            return problem(
                SUBJECT,
                what,
                f"start the broker there, or correct {setting('mqtt.port')}. A mosquitto whose configuration has no"
                f" line `listener {facts.port}` answers its own machine only",
            )
        case Failure.SILENT | Failure.UNREACHABLE:
            return problem(
                SUBJECT,
                f"{where} cannot be reached: {detail}",
                f"is that machine on, and in this network? ping {host}. Is a firewall between, or mqtt.host wrong?",
            )
        case Failure.PASSWORD_FILE:
            return problem(
                SUBJECT,
                f"the password for {where} is not there: {detail}",
                "write the file, or correct its name; if it is not yours to read, check with sudo. A service waits for"
                " it",
            )
        case Failure.TLS_FILES:
            return problem(SUBJECT, f"the files of mqtt.tls cannot be used: {detail}", "correct their names and rights")
        case Failure.TLS_NAME:
            first = detail.split(", ")[0]
            return problem(
                SUBJECT,
                f"the certificate at {where} is not for {host}, but for {detail}",
                f"mqtt.host: {first}, or have the broker's certificate made for {host}, too",
            )
        case Failure.TLS_AUTHORITY:
            return problem(
                SUBJECT,
                f"the certificate at {where} was signed by nobody we trust: {detail}",
                "mqtt.tls.ca: the file of the authority that signed it (ca.crt of the broker's machine)",
            )
        case Failure.TLS_EXPIRED:
            return problem(
                SUBJECT, f"the certificate at {where} has expired", "renew it on the broker's machine, and restart it"
            )
        case Failure.TLS_NOT_YET:
            return problem(
                SUBJECT,
                f"the certificate at {where} is not valid yet",
                "one of the two clocks is wrong: timedatectl, on both machines",
            )
        case Failure.TLS_NONE:
            return problem(
                SUBJECT,
                f"{where} does not speak TLS: {detail}",
                "mqtt.port: the one with TLS, usually 8883; or take mqtt.tls out",
            )
        case Failure.TLS_REFUSED:
            return problem(
                SUBJECT,
                f"{where} does not accept our certificate: {detail}",
                "mqtt.tls.certificate and mqtt.tls.key: a pair that was signed by the broker's authority",
            )
        case Failure.CLOSED | Failure.NOT_MQTT if not facts.tls:
            return problem(
                SUBJECT,
                f"{where} hangs up on us: {detail}",
                "mqtt.port: is it the one with TLS (8883), or of another program? With TLS, set mqtt.tls. A broker"
                " that knows MQTT 3.1.1 only may do so, too: mosquitto 2.0 or newer is needed",
            )
        case Failure.VERSION:
            return problem(SUBJECT, f"{where} does not speak MQTT 5", "update the broker: mosquitto 2.0 or newer")
        case Failure.QOS:
            return problem(
                SUBJECT,
                f"{where} takes only messages of QoS 0, which may be lost without a word",
                "take max_qos 0 out of its configuration, and restart it",
            )
        case Failure.CREDENTIALS:
            if facts.username is None:
                return problem(
                    SUBJECT,
                    f"{where} lets nobody in without a user name ({detail})",
                    "mqtt.username and mqtt.password_file",
                )
            remedy = (
                "correct mqtt.username and mqtt.password_file; at the broker: sudo mosquitto_passwd FILE"
                f" {facts.username}, and have it read the file again"
            )
            if compose:
                remedy = (
                    "docker compose up -d && docker compose restart mosquitto"
                    if host == _BUNDLED
                    else "the accounts there stand in .env, MQTT_READER_USER and MQTT_STORER_USER, and their passwords"
                    " come with: docker compose run --rm setup password reader (or: storer)"
                )
            what = f"{where} does not accept the user {facts.username} with this password ({detail})"
            return problem(SUBJECT, what, remedy)
        case Failure.BANNED:
            return problem(SUBJECT, f"{where} has banned us ({detail})", "look into the broker's list of bans")
        case Failure.BUSY:
            return problem(
                SUBJECT,
                f"{where} takes no more clients now ({detail})",
                "raise its max_connections, or close some",
            )
        case _:
            return problem(SUBJECT, f"{where} does not let us in: {detail}", "the broker's own log tells why")


def _list(topics: Sequence[str]) -> str:
    return ", ".join(topics)
