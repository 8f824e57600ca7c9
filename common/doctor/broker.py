"""Checks a broker as one of the programs would use it: connection, rights, limits, certificate."""

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from common.config import Broker
from common.deployment import Deployment, here
from common.doctor.broker_probe import ConnectionFailed, Failure, Probe, Received
from common.doctor.findings import Finding, notice, ok, problem
from common.mqtt.events import REFUSED
from common.mqtt.limits import Limits
from common.mqtt.reasons import ALLOW_QOS_1, ALLOW_RETAINED

SUBJECT = "Broker"
_LOCALHOST = ("localhost", "127.0.0.1", "::1")
_LARGEST = 25_000  # bytes; the discovery of a three-phase meter has 21,000, a frame 2,000
_BUNDLED = "mosquitto"  # of compose.yaml
_ECHO_TIME = 0.2  # seconds until our own message would have come back
_TIMEOUT = 5.0  # seconds for each answer
_EXPIRES_SOON = 21 * 86400  # seconds


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
    published: tuple[str, ...] = ()  # topics whose right to publish was asked for
    denied: tuple[str, ...] = ()  # those of them that may not be published
    not_asked: bool = False  # asking for these rights is not possible with this broker
    limits: Limits = Limits()
    refused: tuple[str, ...] = ()  # subscriptions
    messages: tuple[Received, ...] = ()
    failed: tuple["BrokerFacts", ...] = ()  # other hosts of the configuration, which do not accept the connection

    @property
    def where(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


def probe_broker(
    settings: Broker,
    *,
    publish: Sequence[str],
    subscribe: Sequence[str],
    extra_topics: Sequence[str] = (),
    seconds: float,
    timeout: float = _TIMEOUT,
) -> BrokerFacts:
    """Connect with a client id of our own, ask for the rights, and listen; nobody receives anything from us.

    Of several hosts, this is done at the first that accepts the connection.

    Args:
        settings: where the broker is.
        publish: topics that the program must be allowed to publish; a message on the first must do no harm.
        subscribe: topic filters that it must be allowed to subscribe to.
        extra_topics: topic filters that help to diagnose; no harm if they are forbidden.
        seconds: how long to listen.
        timeout: seconds for each answer.
    """
    failed: list[BrokerFacts] = []
    for host in settings.hosts:
        facts = _probe_host(host, settings.at(host), publish, subscribe, extra_topics, seconds=seconds, timeout=timeout)
        if facts.failure is None:
            return replace(facts, failed=tuple(failed))
        failed.append(facts)
    return replace(failed[0], failed=tuple(failed[1:]))


def _probe_host(
    host: str,
    settings: Broker,
    publish: Sequence[str],
    subscribe: Sequence[str],
    extra_topics: Sequence[str],
    *,
    seconds: float,
    timeout: float,
) -> BrokerFacts:
    facts = BrokerFacts(host=host, port=settings.port, username=settings.username, tls=settings.tls is not None)
    reasons: dict[str, int] = {}
    not_asked = False
    try:
        remaining = list(publish)
        if remaining and _delivers_unreleased(settings, remaining[0], timeout):
            remaining, not_asked = [], True
        while remaining and not not_asked:
            # A message that is never released stays in flight, and a connection takes only so many.
            with Probe(settings, _client_id(), timeout=timeout) as probe:
                asked, remaining = remaining[: probe.can_ask], remaining[probe.can_ask :]
                not_asked = not asked
                reasons |= probe.may_publish(asked)
        listening = _listen(settings, [*subscribe, *extra_topics], seconds, timeout)
    except ConnectionFailed as error:
        return replace(facts, failure=error.failure, detail=error.detail)
    return replace(
        facts,
        certificate_ends=listening.certificate_ends,
        published=tuple(reasons),
        denied=tuple(topic for topic, reason in reasons.items() if reason >= REFUSED),
        not_asked=not_asked,
        limits=listening.limits,
        refused=tuple(name for name in subscribe if name in listening.refused),
        messages=listening.messages,
    )


def _delivers_unreleased(settings: Broker, topic: str, timeout: float) -> bool:
    """Return whether this broker delivers a message of QoS 2 before it is released, as MQTT allows; mosquitto waits.

    Where we may not read the topic, we cannot know.
    """
    with Probe(settings, _client_id(), timeout=timeout) as probe:
        if not probe.can_ask:
            return False
        probe.subscribe([topic])
        probe.may_publish([topic])
        return any(message.topic == topic and not message.retained for message in probe.listen(_ECHO_TIME))


def listen(settings: Broker, filters: Sequence[str], seconds: float) -> tuple[Received, ...]:
    """Receive messages; none when the broker has gone meanwhile."""
    for host in settings.hosts:
        with contextlib.suppress(ConnectionFailed):
            return _listen(settings.at(host), filters, seconds, _TIMEOUT).messages
    return ()


class _Listening(NamedTuple):
    messages: tuple[Received, ...]
    refused: tuple[str, ...]  # topic filters
    limits: Limits
    certificate_ends: float | None


def _listen(settings: Broker, filters: Sequence[str], seconds: float, timeout: float) -> _Listening:
    """Subscribe and receive messages; some brokers close the connection after a filter that they refuse.

    Raises:
        ConnectionFailed: it was lost, and not for such a filter.
    """
    refused: list[str] = []
    while True:
        wanted = [name for name in dict.fromkeys(filters) if name not in refused]
        found: list[str] = []
        try:
            with Probe(settings, _client_id(), timeout=timeout) as probe:
                answers = probe.subscribe(wanted) if wanted else {}
                found = [name for name, reason in answers.items() if reason >= REFUSED]
                if len(answers) < len(wanted):  # it was closed for one of those
                    refused += found
                    continue
                messages = tuple(probe.listen(seconds))
                return _Listening(messages, (*refused, *found), probe.limits, probe.certificate_ends)
        except ConnectionFailed:
            if not found:
                raise
            refused += found


def _client_id() -> str:
    # Never the program's own: the broker would disconnect the one that runs.
    return f"teleinfo-check-{secrets.token_hex(4)}"


def diagnose_broker(facts: BrokerFacts, now: float) -> list[Finding]:
    """Return the findings; `now` is Unix time."""
    others = [_not_connected(other, other.failure) for other in facts.failed if other.failure is not None]
    if facts.failure is not None:
        return [_not_connected(facts, facts.failure), *others]
    user = f"as {facts.username}" if facts.username else "without a user name"
    how = " over TLS" if facts.tls else ""
    findings = [ok(SUBJECT, f"{facts.where} accepts the connection {user}{how}")]
    findings += [*others, *_certificate(facts, now), *_limits(facts), *_rights(facts)]
    if facts.username is not None and not facts.tls and facts.host not in _LOCALHOST and "." in facts.host:
        findings.append(
            notice(
                SUBJECT,
                f"the password is sent to {facts.host} unencrypted",
                "acceptable in a home network; otherwise set mqtt.tls, and mqtt.port to 8883",
            )
        )
    return findings


def _certificate(facts: BrokerFacts, now: float) -> list[Finding]:
    if facts.certificate_ends is None or facts.certificate_ends - now > _EXPIRES_SOON:
        return []
    days = max(0, int((facts.certificate_ends - now) // 86400))
    text = f"the certificate of {facts.host} expires in {days} days"
    return [notice(SUBJECT, text, "renew it on the broker's machine before that day; after it nobody can connect")]


def _limits(facts: BrokerFacts) -> list[Finding]:
    fix = "see docs/brokers.md" if facts.limits.retain else ALLOW_RETAINED
    findings = [
        problem(SUBJECT, f"{facts.where} does less than needed: {text}", fix)
        for text in facts.limits.shortcomings(session=False)
    ]
    if facts.limits.max_packet_size < _LARGEST:
        most = int(facts.limits.max_packet_size)
        findings.append(
            problem(
                SUBJECT,
                f"{facts.where} accepts messages of at most {most} bytes; longer frames wait in the reader",
                "in mosquitto.conf: max_packet_size 262144, then restart mosquitto",
            )
        )
    return findings


def _rights(facts: BrokerFacts) -> list[Finding]:
    user = facts.username or "anonymous"
    findings = []
    if facts.denied:
        findings.append(
            problem(
                SUBJECT,
                f"{facts.where} does not allow us to publish on {', '.join(facts.denied)}",
                f"allow the user {user} to write these topics in the broker's access rules (mosquitto: acl_file),"
                " then reload the broker",
            )
        )
    elif facts.not_asked:
        findings.append(
            notice(SUBJECT, f"cannot check what we may publish on {facts.where}: this needs QoS 2 as mosquitto has it")
        )
    elif facts.published:
        findings.append(ok(SUBJECT, f"all {len(facts.published)} topics may be published"))
    if facts.refused:
        findings.append(
            problem(
                SUBJECT,
                f"{facts.where} does not allow us to subscribe to {', '.join(facts.refused)}",
                f"allow the user {user} to read these topics in the broker's access rules, then reload the broker",
            )
        )
    return findings


def _not_connected(facts: BrokerFacts, failure: Failure) -> Finding:
    if failure in (Failure.NAME, Failure.REFUSED, Failure.UNREACHABLE, Failure.SILENT):
        return problem(SUBJECT, *_unreachable(facts, failure))
    if failure.name.startswith("TLS_"):
        return problem(SUBJECT, *_tls(facts, failure))
    return problem(SUBJECT, *_rejected(facts, failure))


def _unreachable(facts: BrokerFacts, failure: Failure) -> tuple[str, str]:
    """Return what is wrong, and the fix."""
    where, host, detail = facts.where, facts.host, facts.detail
    commands = here()
    setting = commands.setting
    start = ""
    compose = commands.deployment is Deployment.COMPOSE
    if host == _BUNDLED if compose else (host in _LOCALHOST and failure is Failure.REFUSED):
        start = f"start it: {commands.start('mosquitto')}; if it is on another machine, set {setting('mqtt.host')}"
    match failure:
        case Failure.NAME:
            return (
                f"there is no machine named {host} ({detail})",
                start
                or f"set {setting('mqtt.host')} to the broker's name in your network, or to its address, such as"
                " 192.168.1.10",
            )
        case Failure.REFUSED:
            return (
                f"nothing listens at {where}",
                start
                or f"start the broker there, or correct {setting('mqtt.port')}. Without a line `listener {facts.port}`"
                " in its configuration, mosquitto only accepts connections from its own machine",
            )
        case Failure.UNREACHABLE:
            return (
                f"{where} cannot be reached: {detail}",
                f"is that machine on, and in this network (ping {host})? Does a firewall block the port? Is"
                f" {setting('mqtt.host')} right?",
            )
        case _:
            return (
                f"{where} accepts connections but does not answer: {detail}",
                f"is {setting('mqtt.port')} the broker's port? If it is, restart the broker",
            )


def _tls(facts: BrokerFacts, failure: Failure) -> tuple[str, str]:
    """Return what is wrong, and the fix."""
    where, host, detail = facts.where, facts.host, facts.detail
    match failure:
        case Failure.TLS_FILES:
            return f"the files of mqtt.tls cannot be used: {detail}", "correct their names or permissions"
        case Failure.TLS_NAME:
            name = detail.split(", ")[0]
            return (
                f"the certificate at {where} is not for {host}, but for {detail}",
                f"mqtt.host: {name}, or create the broker's certificate again with the name {host} in it",
            )
        case Failure.TLS_AUTHORITY:
            return (
                f"the certificate at {where} is not signed by a trusted authority: {detail}",
                "set mqtt.tls.ca to the certificate of the authority that signed it (ca.crt of the broker's machine)",
            )
        case Failure.TLS_EXPIRED:
            return f"the certificate at {where} has expired", "renew it on the broker's machine, and restart the broker"
        case Failure.TLS_NOT_YET:
            return (
                f"the certificate at {where} is not valid yet",
                "one of the two clocks is wrong: run timedatectl on both machines",
            )
        case Failure.TLS_NONE:
            return (
                f"{where} does not use TLS: {detail}",
                "set mqtt.port to the port with TLS, usually 8883; or remove mqtt.tls",
            )
        case _:
            return (
                f"{where} does not accept our certificate: {detail}",
                "set mqtt.tls.certificate and mqtt.tls.key to a pair signed by the broker's authority; if the broker"
                " asks for none, mqtt.port is that of another service",
            )


def _rejected(facts: BrokerFacts, failure: Failure) -> tuple[str, str]:
    """Return what is wrong, and the fix."""
    where, detail = facts.where, facts.detail
    match failure:
        case Failure.PASSWORD_FILE:
            return (
                f"the password for {where} cannot be read: {detail}",
                "write the file, or correct its name; if only root may read it, run the check with sudo. The service"
                " waits for the file",
            )
        case Failure.NOT_MQTT:
            return (
                f"{where} does not answer like an MQTT 5 broker: {detail}",
                "is mqtt.port that of TLS (8883: set mqtt.tls), or of another program? A broker with MQTT 3.1.1 only"
                " may answer like this, too: mosquitto 2.0 or newer is needed",
            )
        case Failure.CLOSED:
            return f"{where} closed the connection: {detail}", "check again; the broker's log shows the reason"
        case Failure.VERSION:
            return f"{where} does not support MQTT 5", "update the broker: mosquitto 2.0 or newer is needed"
        case Failure.QOS:
            return (
                f"{where} only accepts messages of QoS 0, which may be lost",
                f"{ALLOW_QOS_1}, and restart it",
            )
        case Failure.CREDENTIALS:
            return _credentials(facts)
        case Failure.BANNED:
            return f"{where} has banned this client ({detail})", "remove it from the broker's list of bans"
        case Failure.BUSY:
            return (
                f"{where} accepts no more clients now ({detail})",
                "raise its max_connections, or disconnect other clients",
            )
        case _:
            return f"{where} refuses the connection: {detail}", "the broker's log shows the reason"


def _credentials(facts: BrokerFacts) -> tuple[str, str]:
    """Return what is wrong, and the fix."""
    if facts.username is None:
        return (
            f"{facts.where} requires a user name ({facts.detail})",
            "set mqtt.username and mqtt.password_file",
        )
    if here().deployment is not Deployment.COMPOSE:
        fix = (
            "correct mqtt.username and mqtt.password_file; or on the broker's machine: sudo mosquitto_passwd FILE"
            f" {facts.username}, then reload the broker"
        )
    elif facts.host == _BUNDLED:
        fix = "docker compose up -d && docker compose restart mosquitto"
    else:
        fix = (
            "write the accounts of that broker into .env (MQTT_READER_USER, MQTT_STORER_USER); set their passwords:"
            " docker compose run --rm setup password reader (or: storer)"
        )
    return f"{facts.where} does not accept the user {facts.username} with this password ({facts.detail})", fix
