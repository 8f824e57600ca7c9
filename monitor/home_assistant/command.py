"""`teleinfo-monitor home-assistant`."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from common.errors import ConfigError, TeleinfoError
from common.settings import config
from monitor.base.calendar import Calendar
from monitor.base.config import MonitorConfig
from monitor.base.formats import Formats
from monitor.home_assistant.access import OLDEST, connected
from monitor.home_assistant.recorder import UNITS, Recorder, Statistic
from monitor.home_assistant.sync import StatisticsSync, Work
from monitor.home_assistant.texts import TEXTS, StatisticsError
from monitor.money.home import language_in, open_home

_WRONG_COMMAND = ("no_package", "no_address", "no_token", "token_unreadable", "token", "unattended", "no_backup")


def home_assistant(arguments: argparse.Namespace) -> int:
    """Bring the history into Home Assistant, or remove it there again."""
    settings = config.load(MonitorConfig, arguments.config)
    language = language_in(arguments, settings)

    def before(url: str) -> None:
        if not (arguments.dry_run or arguments.yes):
            _ask_for_backup(url, language)

    try:
        with connected(settings.home_assistant, OLDEST, before) as connection:
            calendar, now = Calendar(settings.time_zone), datetime.now(UTC)
            sync = StatisticsSync(Recorder(connection, dry=arguments.dry_run), calendar, now)
            formats = Formats(language, settings.time_zone)
            lines = Lines(formats, dry=arguments.dry_run)
            if arguments.undo:
                lines.removed(sync.undo())
            else:
                with open_home(arguments) as (home, _):
                    lines.brought(sync.run(home, formats))
    except StatisticsError as error:
        kind = ConfigError if error.key in _WRONG_COMMAND else TeleinfoError
        raise kind(error.text(language)) from error
    return 0


def _ask_for_backup(url: str, language: str) -> None:
    """Ask whether there is a backup.

    Raises:
        StatisticsError: there is none, or nobody to ask.
    """
    if not sys.stdin.isatty():
        raise StatisticsError("unattended")
    words = TEXTS[language]
    try:
        answer = input(words["backup"].format(url=url))
    except EOFError:
        answer = ""
    if not answer.strip().lower().startswith(words["agreed"]):
        raise StatisticsError("no_backup")


class Lines:
    """Prints what was done, or would be, a line a statistic."""

    def __init__(self, formats: Formats, *, dry: bool) -> None:
        self._formats = formats
        self._words = TEXTS[formats.language]
        self._dry = dry

    def brought(self, work: Iterator[Work]) -> None:
        """Print each statistic.

        Raises:
            StatisticsError: there is none.
        """
        count = 0
        for count, one in enumerate(work, 1):  # noqa: B007 - counted
            self._line(*self._of(one))
        if not count:
            raise StatisticsError("no_entities")

    def _of(self, work: Work) -> tuple[str, dict[str, object]]:
        running, statistic = work.running, work.statistic
        values: dict[str, object] = {"statistic": statistic.id}
        if statistic.of_entity and statistic.unit not in UNITS:
            return "unit", values | {"unit": statistic.unit}
        if statistic.of_entity and work.own.first is None:
            return "no_hours", values
        if running.first is None or running.last is None:
            return "nothing", values
        word = "unchanged" if not work.written else "to_do" if self._dry else "done"
        done = self._words[word].format(rows=self._count(work.written))
        if work.joined_wh:
            kwh = self._formats.number(Decimal(round(work.joined_wh)) / 1000, 3)
            done = self._words["joined"].format(done=done, kwh=kwh)
        if work.partial:
            done = self._words["partial"].format(done=done)
        values |= {"hours": self._count(running.hours), "work": done}
        values |= {"first": self._formats.day(running.first), "last": self._formats.day(running.last)}
        if statistic.of_entity:
            return "energy", values | {"kwh": self._formats.kwh(int(running.total))}
        return "money", values | {"amount": self._formats.money(Decimal(running.total))}

    def removed(self, removed: Iterator[tuple[Statistic, int | None]]) -> None:
        """Print each statistic."""
        count = 0
        for count, (statistic, hours) in enumerate(removed, 1):  # noqa: B007 - counted
            key = "to_undo" if self._dry else "deleted" if hours is None else "emptied"
            self._line(key, {"statistic": statistic.id, "rows": self._count(hours or 0)})
        if not count:
            self._line("nothing_to_undo", {})

    def _count(self, hours: int) -> str:
        return self._formats.number(Decimal(hours), 0)

    def _line(self, key: str, values: Mapping[str, object]) -> None:
        print(self._words[key].format(**values), flush=True)  # noqa: T201 - the command's output
