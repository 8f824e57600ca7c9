"""A connection to an MQTT broker that is made again whenever it is lost, and reports what happens as events.

- Events are passed, in order, to one function, which must only put them into a queue.
- Each connection has a paho client of its own, and reads certificates and password anew. A client that reconnects by
  itself sends again what it held, even an hour later; returns "not connected" for messages that it keeps; and refuses
  the 65,536th. A new one holds nothing: to publish again what was not acknowledged is up to the publisher.
"""

import logging
import math
import os
import random
import select
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Sequence

from common.errors import NotReady
from common.mqtt.backoff import Backoff
from common.mqtt.connection import BrokerConnection, Options, Will, check_library, packet_size
from common.mqtt.events import TOO_LARGE, Disconnected, Event, Limits, Message, Published, PublishToken
from common.mqtt.unanswered import ClosedAfter
from common.runtime.logs import ChangeLogger, RateLimiter
from common.settings.config import Broker

log = logging.getLogger(__name__)

ANSWER_TIMEOUT = 10.0  # seconds from CONNECT to its answer
FLUSH_TIMEOUT = 1.0  # seconds; how long `close` waits for the broker's answers
WORK_EVERY = 5.0  # seconds at most between two calls of `work`: KEEPALIVE is late by no more; a broker allows a half
_POLL = 0.01  # seconds between two looks of `close`


class Session:
    """One client of the broker; `emit` is called from other threads, and must only put the event into a queue."""

    # A table: half of it says what the arguments are, the rest sets an attribute a line.
    def __init__(
        self,
        settings: Broker,
        client_id: str,
        *,
        subscriptions: Sequence[str],
        emit: Callable[[Event], None],
        will: Will | None = None,
        persistent: bool = False,
        manual: bool = False,
        receive_maximum: int = 100,
    ) -> None:
        """Prepare the client; nothing is opened.

        Args:
            settings: where the broker is.
            client_id: must be the same at each start for `persistent` to find its session again.
            subscriptions: topic filters, subscribed at each connection; `subscribe` adds further ones.
            emit: takes the events.
            will: published by the broker when the connection breaks.
            persistent: the broker keeps the session, and messages are acknowledged by `acknowledge` only.
            manual: the latter, also where the session ends with the connection.
            receive_maximum: how many messages the broker may send before the first is acknowledged.
        """
        check_library()
        self._options = Options(
            settings=settings,
            client_id=client_id,
            will=will,
            persistent=persistent,
            manual=persistent or manual,
            receive_maximum=receive_maximum,
        )
        self._hosts = list(settings.hosts)  # the first is tried next
        self._where = settings.address  # of the last attempt
        self._failed_in_a_row = 0  # attempts
        self._subscriptions = tuple(subscriptions)
        self._emit = emit
        # Of each host, once per change, not once per attempt.
        self._logs = {host: ChangeLogger(log) for host in settings.hosts}
        self._log = self._logs[settings.hosts[0]]  # of the host of the last attempt
        self._too_large_limiter, self._notice_limiter = RateLimiter(), RateLimiter()
        self._backoff = Backoff()
        self._closed_after = ClosedAfter()
        self._unsent = 0
        self._closing = threading.Event()
        self._attempt: BrokerConnection | None = None  # the last one; None before the first and at the end
        self._connection: BrokerConnection | None = None  # the same, while the broker has accepted it
        self._supervisor = threading.Thread(target=self._supervise, name="mqtt", daemon=True)
        self._ended = threading.Event()  # set at its end
        self._worker: threading.Thread | None = None
        self._wakeup = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)  # readable after `wake`
        weakref.finalize(self, os.close, self._wakeup).atexit = False  # its threads may still use it then
        self.last_activity = math.inf
        """Monotonic time at which its threads last did something: an attempt to connect, an answer, a message. While
        they wait for the next attempt, the time of that; infinite before the start."""

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted the connection."""
        return self._connection is not None

    @property
    def refused(self) -> list[str]:
        """The topic filters that the broker refuses to subscribe us to; none while disconnected."""
        connection = self._connection
        return [] if connection is None else connection.refused

    @property
    def max_packet_size(self) -> float:
        """The largest packet that the broker accepts, in bytes; infinite if it set no limit, or while disconnected."""
        connection = self._connection
        return math.inf if connection is None else connection.limits.max_packet_size

    @property
    def limits(self) -> Limits | None:
        """What the broker can do, by its CONNACK; None while disconnected."""
        connection = self._connection
        return None if connection is None else connection.limits

    @property
    def taken_over(self) -> int:
        """How often another program with our client id has taken over the session lately: twice is no accident."""
        return self._backoff.taken_over(time.monotonic())

    def start(self, *, thread: bool = True) -> None:
        """Connect in the background, and again whenever the connection is lost.

        Args:
            thread: begin one that works. Without it, the caller calls `work` at least each WORK_EVERY seconds, and all
                but `wake` from the same thread: a frame then needs no other thread to reach the broker.
        """
        self._worker = threading.Thread(target=self._work, name="mqtt work", daemon=True) if thread else None
        self._supervisor.start()
        if self._worker is not None:
            self._worker.start()

    def work(self, timeout: float) -> None:
        """Receive and send until something has happened, or `wake` was called; for `timeout` seconds at most."""
        attempt = self._attempt
        woken = None if attempt is None else attempt.work(timeout, self._wakeup)
        if woken is None:
            woken = bool(select.select([self._wakeup], [], [], timeout)[0])
        if woken:
            os.eventfd_read(self._wakeup)

    def wake(self) -> None:
        """End the wait of `work`; may be called from any thread."""
        os.eventfd_write(self._wakeup, 1)

    def subscribe(self, filters: Iterable[str]) -> None:
        """Subscribe to further topic filters, now if connected, and at each later connection.

        What is published after this call is handled by the broker after it has subscribed us. For one thread.
        """
        new = [name for name in dict.fromkeys(filters) if name not in self._subscriptions]
        if not new:
            return
        # First, so that a connection that is accepted at this moment subscribes to them, or is found below, or both.
        self._subscriptions = (*self._subscriptions, *new)
        connection = self._connection
        if connection is not None:
            connection.subscribe(new)

    def unsubscribe(self) -> bool:
        """Have no subscriptions, until `subscribe`; a session that is not persistent ends, and a new one begins.

        With it ends what the broker has sent or kept for us and we have not acknowledged. Returns whether there were
        subscriptions. For one thread.
        """
        if not self._subscriptions:
            return False
        self._subscriptions = ()  # first, as in `subscribe`
        self.reconnect()
        return True

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> PublishToken | None:
        """Send a message, QoS 1; the broker's answer is emitted as `Published`.

        Returns None without a connection: nothing was sent. When the connection is lost before the answer, it is
        unknown whether the broker has the message, and it is not sent again. A message that is larger than the broker
        accepts is not sent: the answer is TOO_LARGE.
        """
        connection = self._connection
        if connection is None:
            return None
        payload = payload.encode() if isinstance(payload, str) else payload
        size = packet_size(topic, payload)
        if size > connection.limits.max_packet_size:
            return self._refuse_too_large(connection, topic, size)
        return connection.publish(topic, payload, retain=retain)

    def _refuse_too_large(self, connection: BrokerConnection, topic: str, size: int) -> PublishToken:
        if self._too_large_limiter.allow(topic, time.monotonic()):
            log.warning(
                "%s: a message of %d bytes is not sent: the broker %s accepts at most %d; raise its max_packet_size."
                " A frame is held until then",
                topic,
                size,
                self._where,
                connection.limits.max_packet_size,
            )
        self._unsent += 1
        token = PublishToken(connection.number, -self._unsent)  # no id of a message that was sent
        self._emit(Published(token, TOO_LARGE))
        return token

    def acknowledge(self, *messages: Message) -> None:
        """Acknowledge messages, in the order of arrival.

        Only on the connection on which it came: message ids start anew with each, so a late acknowledgement would be
        for another message.
        """
        connection = self._connection
        if connection is not None:
            connection.acknowledge(
                message for message in messages if message.qos and message.connection == connection.number
            )

    def reconnect(self) -> None:
        """Close the connection and make a new one; `Disconnected` is emitted, then `Connected`."""
        connection = self._connection
        if connection is not None:
            connection.disconnect()

    def close(self) -> None:
        """Disconnect; `Disconnected` is emitted when that is done. The will is not published.

        Waits up to FLUSH_TIMEOUT for the broker's answers: a connection that is closed while an answer is on its way is
        reset, and mosquitto drops what it has not read yet.
        """
        self._closing.set()
        attempt = self._attempt
        if attempt is None:
            return
        if self._connection is not None:
            wait = self.work if self._worker is None else attempt.ended.wait
            deadline = time.monotonic() + FLUSH_TIMEOUT
            while attempt.waiting and time.monotonic() < deadline:
                wait(_POLL)
        attempt.disconnect()
        if self._connection is None:
            attempt.end()  # paho calls nothing back for a client that was never connected

    def join(self, timeout: float) -> None:
        """Wait after `close` until everything is closed, for `timeout` seconds at most."""
        self._supervisor.join(timeout)

    # -- in the thread of the supervisor -------------------------------------------------------------------------------

    def _supervise(self) -> None:
        number = 0
        while not self._closing.is_set():
            number += 1
            self.last_activity = time.monotonic()
            wait = self._connect(number) * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
            self.last_activity = time.monotonic() + wait
            self._closing.wait(wait)
        # paho closes its sockets with the last reference to a client, and an exception may hold one to us for long.
        self._attempt = None
        self._ended.set()

    def _connect(self, number: int) -> float:
        """Connect, and return when that has failed or the connection is over: the seconds to wait, on average."""
        options = self._options._replace(settings=self._options.settings.at(self._hosts[0]))
        self._where, self._log = options.address, self._logs[self._hosts[0]]
        try:
            attempt = BrokerConnection(
                number,
                options,
                emit=self._on_event,
                warn=self._warn,
                notice=self._notice,
                accepted=self._on_accepted,
                wake=None if self._worker is None else self.wake,
            )
        except NotReady as error:
            self._warn(f"{error}; trying again")
            return self._backoff.failed()
        self._attempt = attempt
        if self._closing.is_set():  # `close` has not seen the attempt
            return 0.0
        attempt.open()
        self.wake()
        stable = self._wait_for_end(attempt)
        attempt.release()
        was_connected, self._connection = self._connection is not None, None
        if not was_connected:
            return self._next_host()
        wait = self._backoff.lost(time.monotonic(), stable=stable, taken_over=attempt.taken_over)
        if attempt.lost_because is not None:
            self._warn(self._loss(attempt, attempt.lost_because, stable=stable))
            if not attempt.taken_over:
                self._rotate()
        self._emit(Disconnected())
        self.wake()
        return wait

    def _next_host(self) -> float:
        """Go on to the next host after an attempt that failed; return the seconds to wait: none, until all failed."""
        self._rotate()
        self._failed_in_a_row += 1
        return 0.0 if self._failed_in_a_row % len(self._hosts) else self._backoff.failed()

    def _rotate(self) -> None:
        self._hosts.append(self._hosts.pop(0))

    def _wait_for_end(self, attempt: BrokerConnection) -> bool:
        """Return when the connection has ended; whether it was stable."""
        if not attempt.answered.wait(ANSWER_TIMEOUT):
            attempt.give_up(ANSWER_TIMEOUT)
            self.wake()
        while not attempt.ended.wait(self._backoff.stable_after(time.monotonic())):
            if self._connection is attempt:
                self._backoff.reset()
                self._log_connected()
                attempt.ended.wait()
                return True
        return False

    def _loss(self, attempt: BrokerConnection, reason: str, *, stable: bool) -> str:
        if self._backoff.in_conflict(time.monotonic()):
            return (
                f"Another program named {self._options.client_id} uses the broker {self._where} (client id conflict),"
                " and each ends the other's connection: give one of the two another name; trying again, with longer"
                " waits"
            )
        if stable or not attempt.closed_after:
            self._closed_after.reset()
        elif cause := self._closed_after.closed(attempt.closed_after):
            return (
                f"The broker {self._where} closes the connection ({reason}) each time after {cause}: check its access"
                " rules and its log; trying again"
            )
        return f"The connection to the broker {self._where} is lost ({reason}); trying again"

    def _warn(self, text: str) -> None:
        self._log.log(logging.WARNING, text)

    def _log_connected(self) -> None:
        self._log.log(logging.INFO, f"Connected to the broker {self._where}")

    def _notice(self, text: str) -> None:
        """Log what a broker does not do: once, and again after an hour."""
        text = f"The broker {self._where} {text}"
        if self._notice_limiter.allow(text, time.monotonic()):
            log.warning("%s", text)

    # -- in the thread that works --------------------------------------------------------------------------------------

    def _work(self) -> None:
        # Not `is_alive`: up to Python 3.12 that, or `join` in another thread meanwhile, may raise AssertionError.
        while not self._ended.is_set():
            self.work(WORK_EVERY)

    def _on_accepted(self, connection: BrokerConnection) -> None:
        if not self._backoff.quiet(time.monotonic()):
            self._log_connected()
        self._failed_in_a_row = 0
        self._connection = connection
        shortcomings = "; ".join(connection.limits.shortcomings(session=self._options.persistent))
        if shortcomings:
            self._notice(f"does less than needed: {shortcomings}")
        connection.subscribe(self._subscriptions)

    def _on_event(self, event: Event) -> None:
        self.last_activity = time.monotonic()
        self._emit(event)
