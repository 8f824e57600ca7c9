"""Asks a broker as one of the programs would use it: connection, rights, limits, certificate."""

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from common.doctor.broker_probe import Probe, Received
from common.doctor.connection_failure import ConnectionFailed, Failure
from common.mqtt.events import REFUSED
from common.mqtt.limits import Limits
from common.settings.config import Broker

_ECHO_TIME = 0.2  # seconds until our own message would have come back
_TIMEOUT = 5.0  # seconds for each answer


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
        here = settings.at(host)
        facts = BrokerFacts(host=host, port=here.port, username=here.username, tls=here.tls is not None)
        try:
            reasons = _ask(here, publish, timeout)
            listening = _listen(here, [*subscribe, *extra_topics], seconds, timeout)
        except ConnectionFailed as error:
            failed.append(replace(facts, failure=error.failure, detail=error.detail))
            continue
        return replace(
            facts,
            certificate_ends=listening.certificate_ends,
            published=tuple(reasons or ()),
            denied=tuple(topic for topic, reason in (reasons or {}).items() if reason >= REFUSED),
            not_asked=reasons is None,
            limits=listening.limits,
            refused=tuple(name for name in subscribe if name in listening.refused),
            messages=listening.messages,
            failed=tuple(failed),
        )
    return replace(failed[0], failed=tuple(failed[1:]))


def _ask(settings: Broker, topics: Sequence[str], timeout: float) -> dict[str, int] | None:
    """Return the reason code for each topic; None: asking is not possible with this broker.

    It must take QoS 2 and, as mosquitto does and MQTT does not require, deliver no message before it is released.
    Where we may not read the first topic, we cannot know.
    """
    reasons: dict[str, int] = {}
    while remaining := [topic for topic in topics if topic not in reasons]:
        # A message that is never released stays in flight, and a connection takes only so many.
        with Probe(settings, _client_id(), timeout=timeout) as probe:
            if not probe.can_ask:
                return None
            if reasons:
                reasons |= probe.may_publish(remaining[: probe.can_ask])
                continue
            probe.subscribe(remaining[:1])
            reasons = probe.may_publish(remaining[:1])
            if any(heard.topic == remaining[0] and not heard.retained for heard in probe.listen(_ECHO_TIME)):
                return None
    return reasons


def listen_to_broker(settings: Broker, filters: Sequence[str], seconds: float) -> tuple[Received, ...]:
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
