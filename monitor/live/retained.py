"""A topic that a monitor keeps up to date: its newest message, which the broker retains. No I/O."""

import logging
from collections.abc import Callable

from common.mqtt.events import REFUSED, Published, PublishToken, publish_advice
from common.runtime.logs import ChangeLogger

log = logging.getLogger(__name__)


class Retained:
    """Publishes a message when it differs from the last one, and again on each connection."""

    def __init__(self, name: str, publish: Callable[[bytes], PublishToken | None]) -> None:
        """Prepare; `publish` retains a message, and returns None where that is not possible now."""
        self._name = name
        self._publish = publish
        self._token: PublishToken | None = None
        self._log = ChangeLogger(log)
        self.sent: bytes | None = None
        """What was published last on this connection."""

    def show(self, payload: bytes) -> None:
        """Publish a message, unless it was published last."""
        if payload != self.sent:
            self._token = self._publish(payload)
            self.sent = None if self._token is None else payload

    def on_disconnected(self) -> None:
        """Publish again when there is a connection."""
        self.sent = None

    def on_answer(self, answer: Published) -> None:
        """Log that the broker refuses the topic: its rules may be older than the topic is."""
        if answer.token != self._token:
            return
        if answer.reason_code < REFUSED:
            self._log.reset()
        else:
            advice = publish_advice(answer.reason_code)
            self._log.log(
                logging.WARNING,
                f"The broker refuses the topic of {self._name} (reason {answer.reason_code:#04x}): {advice}",
            )
