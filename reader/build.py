"""Builds a reader from its configuration: the one place that knows all of its parts."""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from common.contract.topic_port import is_topic
from common.contract.topics import Topics
from common.discovery.announcements import FILTERS
from common.machine.deployment import Deployment, here
from common.machine.version import full_version
from common.mqtt.connection import Will
from common.mqtt.events import Event
from common.mqtt.session import Session
from common.runtime.shutdown import StopEvent
from common.runtime.watchdog import Heartbeat, Notifier
from reader.config import ReaderConfig, is_simulated
from reader.delivery.confirmation import STORERS, Storers
from reader.delivery.delivery import Delivery
from reader.delivery.storage import Storage
from reader.delivery.tallies import Tallies
from reader.health import Welcome
from reader.home_assistant.publisher import MeterPublisher, birth_topic
from reader.line.choice import PortChoice
from reader.line.lines import Line, Lines
from reader.line.port import open_port
from reader.line.timestamps import ReaderClock, Timestamper, residue_of
from reader.line.topic import TopicLine
from reader.line.worker import LineEvent, LineWorker
from reader.service import ReaderService


def _utc_now() -> datetime:
    return datetime.now(UTC)


# A table: a part a statement, each of which needs those above it.
def build_reader(
    config: ReaderConfig,
    stop: StopEvent,
    *,
    session_class: type[Session] = Session,
    line_class: type[LineWorker] = LineWorker,
    monotonic: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = _utc_now,
) -> ReaderService:
    """Open journal and spool, and connect the parts; nothing else is opened or started.

    Raises:
        NotReady: the journal's folder cannot be used now; or journal or spool belong to another reader.
    """
    storage = Storage(config.spool, config.name)
    journal, recovered = storage.open_journal()
    try:
        spool = storage.open_spool()
    except BaseException:
        journal.close()
        raise
    topics = Topics(config.mqtt.topic)
    events: deque[Event | LineEvent] = deque()
    session = _session(session_class, config, topics, events.append)

    def emit(event: LineEvent) -> None:
        events.append(event)
        session.wake()

    choice = None if config.port else _choice(config, topics, session)
    ports = config.port if choice is None else choice.ports
    storers = Storers(config.delivery.confirmed_by, config.spool.path / STORERS)
    delivery = Delivery(session, topics, storers, journal, spool)
    delivery.recover(recovered, monotonic())
    publisher = MeterPublisher(
        session,
        topics,
        every=config.state.every,
        home_assistant=config.home_assistant,
        reader=config.name,
        version=full_version(),
        simulating=any(map(is_simulated, ports)),
        clock=now,
    )
    return ReaderService(
        name=config.name,
        topics=topics,
        events=events,
        session=session,
        lines=_lines(line_class, config, session, emit, ports),
        choice=choice,
        delivery=delivery,
        tallies=Tallies(journal),
        storage=storage,
        publisher=publisher,
        welcome=_welcome(config),
        heartbeat=Heartbeat(config.heartbeat, Notifier()),
        stop=stop,
        monotonic=monotonic,
        now=now,
    )


def _session(
    session_class: type[Session], config: ReaderConfig, topics: Topics, emit: Callable[[Event], None]
) -> Session:
    return session_class(
        config.mqtt,
        f"teleinfo-reader-{config.name}",
        will=Will(topics.status("reader", config.name), b"offline"),
        subscriptions=[
            topics.status("storer", "+"),
            topics.health("reader", config.name),
            topics.price("+"),
            birth_topic(config.home_assistant.prefix),
            *([] if config.port else [topics.ports("monitor", "+"), *FILTERS]),
        ],  # and what other parts add, by meter
        emit=emit,
    )


def _choice(config: ReaderConfig, topics: Topics, session: Session) -> PortChoice:
    topic = topics.ports("reader", config.name)
    return PortChoice(config.name, config.spool.path, lambda offer: session.publish(topic, offer, retain=True))


def _lines(
    line_class: type[LineWorker],
    config: ReaderConfig,
    session: Session,
    emit: Callable[[LineEvent], None],
    ports: Sequence[str],
) -> Lines:
    clock = ReaderClock()
    residue = os.urandom(1)[0]

    def make(port: str, number: int, stop: StopEvent) -> Line:
        # Frames of a simulated meter need not wait for the clock.
        patience = 0.0 if is_simulated(port) else config.clock.patience
        time_source = Timestamper(clock, patience=patience, residue=residue + residue_of(number))
        if is_topic(port):
            return _topic_line(port, stop, time_source)
        return line_class(
            port,
            mode=config.mode,
            hide=config.hide,
            open_port=open_port,
            emit=emit,
            stop=stop,
            time_source=time_source,
        )

    def _topic_line(port: str, stop: StopEvent, time_source: Timestamper) -> TopicLine:
        line = TopicLine(
            port,
            hide=config.hide,
            emit=emit,
            stop=stop,
            time_source=time_source,
            folders=(config.spool.journal, config.spool.path),
            may_send=lambda *question: lines.may_send(*question),
        )
        session.subscribe([line.filter])
        return line

    lines = Lines(make, ports)
    return lines


def _welcome(config: ReaderConfig) -> Welcome | None:
    if here("teleinfo-reader").deployment is not Deployment.COMPOSE:
        return None
    return Welcome(
        broker=config.mqtt,
        topic=config.mqtt.topic,
        database_host=os.environ.get("DATABASE_HOST", ""),
        language=config.home_assistant.language,
    )
