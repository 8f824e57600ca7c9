"""Findings about what a broker answered: connection, rights, limits, certificate."""

from collections.abc import Iterator
from pathlib import Path

from common.check.broker_probe import BrokerFacts, Failure
from common.check.findings import Finding, Texts
from common.machine.deployment import Deployment, here
from common.settings.config import LOCALHOST
from common.settings.language import tr

_LARGEST = 25_000  # bytes; the discovery of a three-phase meter has 21,000, a frame 2,000
_BUNDLED = "mosquitto"  # of compose.yaml
_EXPIRES_SOON = 21 * 86400  # seconds
_TEXTS = Texts(Path(__file__).with_name("findings.yaml"))


def diagnose_broker(facts: BrokerFacts, now: float) -> list[Finding]:
    """Return the findings; `now` is Unix time."""
    failed = [_not_connected(one, one.failure) for one in (facts, *facts.failed) if one.failure is not None]
    if facts.failure is not None:
        return failed
    user = facts.username
    how = tr(f"as {user}", f"en tant que {user}") if user else tr("without a user name", "sans nom d’utilisateur")
    how += tr(" over TLS", " par TLS") if facts.tls else ""
    connected = _TEXTS.finding("broker_ok", where=facts.where, how=how)
    return [connected, *failed, *_limits(facts, now), *_rights(facts)]


def _limits(facts: BrokerFacts, now: float) -> Iterator[Finding]:
    if facts.certificate_ends is not None and facts.certificate_ends - now < _EXPIRES_SOON:
        days = max(0, int((facts.certificate_ends - now) // 86400))
        yield _TEXTS.finding("broker_certificate_ends", host=facts.host, days=days)
    less = "broker_does_less" if facts.limits.retain else "broker_retains_nothing"
    for text in facts.limits.shortcomings(session=False):
        yield _TEXTS.finding(less, where=facts.where, what=_TEXTS.translated(text))
    if facts.limits.max_packet_size < _LARGEST:
        yield _TEXTS.finding("broker_small_messages", where=facts.where, bytes=int(facts.limits.max_packet_size))


def _rights(facts: BrokerFacts) -> Iterator[Finding]:
    where, user = facts.where, facts.username or "anonymous"
    if facts.denied:
        yield _TEXTS.finding("broker_forbids_publishing", where=where, user=user, topics=", ".join(facts.denied))
    elif facts.not_asked:
        yield _TEXTS.finding("broker_not_asked", where=where)
    elif facts.published:
        yield _TEXTS.finding("broker_allows", n=len(facts.published))
    if facts.refused:
        yield _TEXTS.finding("broker_forbids_reading", where=where, user=user, topics=", ".join(facts.refused))


def _not_connected(facts: BrokerFacts, failure: Failure) -> Finding:
    commands, bundled = here(), facts.host == _BUNDLED
    compose = commands.deployment is Deployment.COMPOSE
    key = f"broker_{failure}"
    if failure is Failure.CREDENTIALS:
        if facts.username is None:
            key = "broker_wants_user"
        elif commands.deployment is Deployment.APP:
            key += "_app"
        elif compose:
            key += "_bundled" if bundled else "_compose"
    elif failure is Failure.REFUSED and (bundled if compose else facts.host in LOCALHOST):
        key = "broker_start"
    elif failure is Failure.NAME and compose and bundled:
        key = "broker_start_name"
    return _TEXTS.finding(
        key,
        where=facts.where,
        host=facts.host,
        port=facts.port,
        user=facts.username,
        detail=_TEXTS.translated(facts.detail),
        start_broker=commands.start("mosquitto"),
        restart_broker=commands.restart("mosquitto"),
        set_host=commands.setting("mqtt.host"),
        set_port=commands.setting("mqtt.port"),
        set_user=commands.setting("mqtt.username"),
        set_password=commands.setting("mqtt.password_file"),
    )
