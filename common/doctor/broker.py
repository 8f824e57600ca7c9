"""Findings about what a broker answered: connection, rights, limits, certificate."""

from collections.abc import Iterator, Mapping

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

#: What is wrong, and the fix.
_CAUSES: Mapping[Failure, tuple[str, str]] = {
    Failure.NAME: (
        "there is no machine named {host} ({detail})",
        "set {set_host} to the broker's name in your network, or to its address, such as 192.168.1.10",
    ),
    Failure.REFUSED: (
        "nothing listens at {where}",
        "start the broker there, or correct {set_port}. Without a line `listener {port}` in its configuration,"
        " mosquitto only accepts connections from its own machine",
    ),
    Failure.UNREACHABLE: (
        "{where} cannot be reached: {detail}",
        "is that machine on, and in this network (ping {host})? Does a firewall block the port? Is {set_host} right?",
    ),
    Failure.SILENT: (
        "{where} accepts connections but does not answer: {detail}",
        "is {set_port} the broker's port? If it is, restart the broker",
    ),
    Failure.PASSWORD_FILE: (
        "the password for {where} cannot be read: {detail}",
        "write the file, or correct its name; if only root may read it, run the check with sudo. The service waits for"
        " the file",
    ),
    Failure.TLS_FILES: ("the files of mqtt.tls cannot be used: {detail}", "correct their names or permissions"),
    Failure.TLS_CERTIFICATE: (
        "the certificate at {where} is not accepted: {detail}",
        "set {set_host} to a name in it, and mqtt.tls.ca to the authority that signed it (ca.crt of the broker's"
        " machine). If it has expired, renew it there; if it is not valid yet, set the clock of both machines"
        " (timedatectl)",
    ),
    Failure.TLS_NONE: (
        "{where} does not use TLS: {detail}",
        "set {set_port} to the port with TLS, usually 8883; or remove mqtt.tls",
    ),
    Failure.TLS_REFUSED: (
        "{where} does not accept our certificate: {detail}",
        "set mqtt.tls.certificate and mqtt.tls.key to a pair signed by the broker's authority; if the broker asks for"
        " none, {set_port} is that of another service",
    ),
    Failure.NOT_MQTT: (
        "{where} does not answer like an MQTT 5 broker: {detail}",
        "is {set_port} that of TLS (8883: set mqtt.tls), or of another program? A broker of MQTT 3.1.1 is too old:"
        " mosquitto 2.0 or newer is needed",
    ),
    Failure.CLOSED: ("{where} closed the connection: {detail}", "check again; the broker's log shows the reason"),
    Failure.QOS: ("{where} only accepts messages of QoS 0, which may be lost", f"{ALLOW_QOS_1}, and restart it"),
    Failure.OTHER: ("{where} refuses the connection: {detail}", "the broker's log shows the reason"),
}


def diagnose_broker(facts: BrokerFacts, now: float) -> list[Finding]:
    """Return the findings; `now` is Unix time."""
    failed = [_not_connected(one, one.failure) for one in (facts, *facts.failed) if one.failure is not None]
    if facts.failure is not None:
        return failed
    user = f"as {facts.username}" if facts.username else "without a user name"
    connected = ok(SUBJECT, f"{facts.where} accepts the connection {user}{' over TLS' if facts.tls else ''}")
    return [connected, *failed, *_limits(facts, now), *_rights(facts)]


def _limits(facts: BrokerFacts, now: float) -> Iterator[Finding]:
    if facts.certificate_ends is not None and facts.certificate_ends - now < _EXPIRES_SOON:
        days = max(0, int((facts.certificate_ends - now) // 86400))
        text = f"the certificate of {facts.host} expires in {days} days"
        yield notice(SUBJECT, text, "renew it on the broker's machine before that day; after it nobody can connect")
    fix = "see docs/brokers.md" if facts.limits.retain else ALLOW_RETAINED
    for text in facts.limits.shortcomings(session=False):
        yield problem(SUBJECT, f"{facts.where} does less than needed: {text}", fix)
    if facts.limits.max_packet_size < _LARGEST:
        yield problem(
            SUBJECT,
            f"{facts.where} accepts messages of at most {int(facts.limits.max_packet_size)} bytes; longer frames wait"
            " in the reader",
            "in mosquitto.conf: max_packet_size 262144, then restart mosquitto",
        )


def _rights(facts: BrokerFacts) -> Iterator[Finding]:
    user = facts.username or "anonymous"
    fix = "allow the user {user} to {do} these topics in the broker's access rules (acl_file), then reload the broker"
    if facts.denied:
        what = f"{facts.where} does not allow us to publish on {', '.join(facts.denied)}"
        yield problem(SUBJECT, what, fix.format(user=user, do="write"))
    elif facts.not_asked:
        what = f"cannot check what we may publish on {facts.where}: this needs QoS 2 as mosquitto has it"
        yield notice(SUBJECT, what)
    elif facts.published:
        yield ok(SUBJECT, f"all {len(facts.published)} topics may be published")
    if facts.refused:
        what = f"{facts.where} does not allow us to subscribe to {', '.join(facts.refused)}"
        yield problem(SUBJECT, what, fix.format(user=user, do="read"))


def _not_connected(facts: BrokerFacts, failure: Failure) -> Finding:
    if failure is Failure.CREDENTIALS:
        return _credentials(facts)
    commands = here()
    names = {"where": facts.where, "host": facts.host, "port": facts.port, "detail": facts.detail}
    names |= {"set_host": commands.setting("mqtt.host"), "set_port": commands.setting("mqtt.port")}
    what, fix = (text.format_map(names) for text in _CAUSES[failure])
    if commands.deployment is Deployment.COMPOSE:
        ours = facts.host == _BUNDLED and failure in (Failure.NAME, Failure.REFUSED)
    else:
        ours = facts.host in LOCALHOST and failure is Failure.REFUSED
    if ours:
        fix = f"start it: {commands.start('mosquitto')}; if it is on another machine, set {names['set_host']}"
    return problem(SUBJECT, what, fix)


def _credentials(facts: BrokerFacts) -> Finding:
    commands = here()
    account = f"{commands.setting('mqtt.username')} and {commands.setting('mqtt.password_file')}"
    if facts.username is None:
        return problem(SUBJECT, f"{facts.where} requires a user name ({facts.detail})", f"set {account}")
    if commands.deployment is Deployment.APP:
        fix = f"correct {account}; with the app Mosquitto broker: {commands.restart('mosquitto')}"
    elif commands.deployment is not Deployment.COMPOSE:
        command = f"sudo mosquitto_passwd FILE {facts.username}"
        fix = f"correct {account}; or on the broker's machine: {command}, then reload the broker"
    elif facts.host == _BUNDLED:
        fix = "docker compose up -d && docker compose restart mosquitto"
    else:
        fix = (
            "write the accounts of that broker into .env (MQTT_READER_USER, MQTT_STORER_USER); set their passwords:"
            " docker compose run --rm setup password reader (or: storer)"
        )
    what = f"{facts.where} does not accept the user {facts.username} with this password ({facts.detail})"
    return problem(SUBJECT, what, fix)
