"""Opens the home of a command's configuration."""

import argparse
import contextlib
from collections.abc import Iterator

from common.database.mariadb import Database
from common.errors import ConfigError, TeleinfoError, Unavailable
from common.machine.deployment import here
from common.settings import config
from common.settings.language import language_of
from monitor.base.config import MonitorConfig
from monitor.base.formats import Formats
from monitor.base.refusals import Refusal
from monitor.money.calendars import load_calendars
from monitor.money.home import Home
from monitor.money.price_files import load_prices
from monitor.readings.storage import open_tables

PROGRAM = "teleinfo-monitor"


@contextlib.contextmanager
def open_home(arguments: argparse.Namespace) -> Iterator[tuple[Home, MonitorConfig]]:
    """Open the database of a command's configuration; what goes wrong there is told in the language of the command."""
    settings = config.load(MonitorConfig, arguments.config)
    prices = load_prices(settings.prices, arguments.config.parent, settings.spot)
    calendars = load_calendars(settings.tempo, settings.calendars, prices, alsace_moselle=settings.alsace_moselle)
    language, database = language_in(arguments, settings), Database(settings.database)
    try:
        with contextlib.closing(open_tables(database)) as connection:
            yield Home(connection, settings, prices, calendars), settings
    except Refusal as error:
        raise ConfigError(error.text(language)) from error
    except Unavailable as error:
        if language == "en":
            raise
        where = database.where.replace(" at ", " sur ")
        away = Refusal("database_away", where=where, check=here(PROGRAM).run(PROGRAM, "check"))
        raise TeleinfoError(away.text(language)) from error


def language_in(arguments: argparse.Namespace, settings: MonitorConfig) -> str:
    """Return the language of a command's output."""
    return arguments.language or settings.language or language_of()


def formats_of(arguments: argparse.Namespace, settings: MonitorConfig) -> Formats:
    """Return the formats of a command's output."""
    return Formats(language_in(arguments, settings), settings.time_zone)
