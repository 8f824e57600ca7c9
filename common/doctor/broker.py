"""Findings about what a broker answered: connection, rights, limits, certificate."""

from collections.abc import Iterator

from common.doctor.broker_facts import BrokerFacts
from common.doctor.connection_failure import Failure
from common.doctor.findings import Finding, notice, ok, problem
from common.machine.deployment import Deployment, here
from common.mqtt.reasons import ALLOW_QOS_1, ALLOW_RETAINED
from common.settings.config import LOCALHOST

SUBJECT = "Broker"
_LARGEST = 25_000  # bytes; the discovery of a three-phase meter has 21,000, a frame 2,000
_BUNDLED = "mosquitto"  # of compose.yaml
_EXPIRES_SOON = 21 * 86400  # seconds


def diagnose_broker(facts: BrokerFacts, now: float) -> list[Finding]:
    """Return the findings; `now` is Unix time."""
    others = [_not_connected(other, other.failure) for other in facts.failed if other.failure is not None]
    if facts.failure is not None:
        return [_not_connected(facts, facts.failure), *others]
    user = f"as {facts.username}" if facts.username else "without a user name"
    how = " over TLS" if facts.tls else ""
    findings = [ok(SUBJECT, f"{facts.where} accepts the connection {user}{how}")]
    findings += [*others, *_certificate(facts, now), *_limits(facts), *_rights(facts)]
    if facts.username is not None and not facts.tls and facts.host not in LOCALHOST and "." in facts.host:
        findings.append(
            notice(
                SUBJECT,
                f"the password is sent to {facts.host} unencrypted",
                "acceptable in a home network; otherwise set mqtt.tls, and mqtt.port to 8883",
            )
        )
    return findings


def _certificate(facts: BrokerFacts, now: float) -> Iterator[Finding]:
    if facts.certificate_ends is None or facts.certificate_ends - now > _EXPIRES_SOON:
        return
    days = max(0, int((facts.certificate_ends - now) // 86400))
    text = f"the certificate of {facts.host} expires in {days} days"
    yield notice(SUBJECT, text, "renew it on the broker's machine before that day; after it nobody can connect")


def _limits(facts: BrokerFacts) -> Iterator[Finding]:
    fix = "see docs/brokers.md" if facts.limits.retain else ALLOW_RETAINED
    for text in facts.limits.shortcomings(session=False):
        yield problem(SUBJECT, f"{facts.where} does less than needed: {text}", fix)
    if facts.limits.max_packet_size < _LARGEST:
        most = int(facts.limits.max_packet_size)
        yield problem(
            SUBJECT,
            f"{facts.where} accepts messages of at most {most} bytes; longer frames wait in the reader",
            "in mosquitto.conf: max_packet_size 262144, then restart mosquitto",
        )


def _rights(facts: BrokerFacts) -> Iterator[Finding]:
    user = facts.username or "anonymous"
    if facts.denied:
        yield problem(
            SUBJECT,
            f"{facts.where} does not allow us to publish on {', '.join(facts.denied)}",
            f"allow the user {user} to write these topics in the broker's access rules (mosquitto: acl_file),"
            " then reload the broker",
        )
    elif facts.not_asked:
        what = f"cannot check what we may publish on {facts.where}: this needs QoS 2 as mosquitto has it"
        yield notice(SUBJECT, what)
    elif facts.published:
        yield ok(SUBJECT, f"all {len(facts.published)} topics may be published")
    if facts.refused:
        yield problem(
            SUBJECT,
            f"{facts.where} does not allow us to subscribe to {', '.join(facts.refused)}",
            f"allow the user {user} to read these topics in the broker's access rules, then reload the broker",
        )


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
    if host == _BUNDLED if compose else (host in LOCALHOST and failure is Failure.REFUSED):
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
            f"set {here().setting('mqtt.username')} and {here().setting('mqtt.password_file')}",
        )
    if here().deployment is Deployment.APP:
        fix = (
            f"correct {here().setting('mqtt.username')} and {here().setting('mqtt.password_file')}; with the app"
            f" Mosquitto broker: {here().restart('mosquitto')}"
        )
    elif here().deployment is not Deployment.COMPOSE:
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
