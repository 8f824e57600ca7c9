"""Follows the alerts each second: what is live and what the database knows become signs, and letters are sent."""

from collections.abc import Callable
from datetime import UTC, datetime

from monitor.alerts.alerts import Alerts
from monitor.alerts.engine import Engine
from monitor.alerts.events import Message
from monitor.alerts.facts_loop import Gathering
from monitor.alerts.message_texts import meter_names, title_and_body
from monitor.alerts.outbox import Outbox
from monitor.alerts.rules import slow, tempo
from monitor.alerts.rules.overload import Overload
from monitor.alerts.rules.silent import Silence
from monitor.alerts.signs import Sign
from monitor.alerts.store import MemoryFile
from monitor.base.config import MonitorConfig
from monitor.base.household import AlertsConfig
from monitor.live.live import Live


class Alerting:
    """Steps the alerts."""

    def __init__(
        self,
        settings: MonitorConfig,
        live: Live,
        gathering: Gathering,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Go on from where the last run has left; nothing is sent yet."""
        self._settings = settings
        self._live = live
        self._gathering = gathering
        self._now = now
        self._overload, self._silence = Overload(), Silence()
        self._slow: list[Sign] = []
        self._slow_of: tuple[int, int] | None = None  # what they were made of
        config = settings.alerts or AlertsConfig()
        self.alerts = Alerts(
            Engine(config.is_on, config.quiet, settings.time_zone, tells=bool(config.to)),
            Outbox(config.to, settings.state / "letters"),
            MemoryFile(settings.state),
            lambda message: self._text(message, config.page),
            {"silence": self._silence},
        )
        self._overload.resume(self.alerts.active(), self._now())

    def step(self) -> float:
        """Follow the signs of this moment; return the seconds until the next time."""
        letters = self._gathering.letters
        while not letters.empty():
            self.alerts.put(letters.get())
        self.alerts.step(self._now(), self._signs())
        return 0.0

    def _signs(self) -> list[Sign]:
        house = self._live.now()
        return [
            *self._overload.signs(house),
            *self._silence.signs(house),
            *tempo.signs(house, self._settings.time_zone, self._live.peak_price),
            *self._slow_signs(house.at),
        ]

    def _slow_signs(self, now: datetime) -> list[Sign]:
        """Return what the facts say; they are looked at once a minute, as they tell of days and hours."""
        facts = self._gathering.facts
        made_of = id(facts), int(now.timestamp()) // 60
        if facts is not None and made_of != self._slow_of:
            self._slow, self._slow_of = slow.signs(facts, now), made_of
        return self._slow

    def _text(self, message: Message, page: str | None) -> tuple[str, str]:
        language = self._settings.message_language
        facts = self._gathering.facts
        stored = () if facts is None else (one.meter for one in facts.meters)
        meters = {*self._live.named_meters(), *stored, message.event.meter} - {""}
        names = meter_names(meters, self._settings.meters, language)
        return title_and_body(message, language, self._settings.time_zone, names, page, self._now())
