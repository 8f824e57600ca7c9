"""What the commands `compare`, `power` and `prices` of `teleinfo-monitor` do."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from common.settings import config
from monitor.base.config import MonitorConfig
from monitor.base.formats import Formats, TextPage
from monitor.base.ranges import Range, year_to
from monitor.money.home import Home, formats_of, open_home
from monitor.money.price_check import Issue, check_prices, describe
from monitor.money.price_files import load_prices, update_prices
from monitor.money.prices import Kind, PriceTable
from monitor.places.contracts.compared_offers import OfferAnswers
from monitor.places.contracts.comparison_texts import json_offers
from monitor.places.contracts.needed_power import NeededPowerAnswers
from monitor.places.contracts.power_texts import json_powers, lines
from monitor.places.contracts.terminal_tables import OfferTables
from monitor.readings.hours import Meter


@contextlib.contextmanager
def _year_of(arguments: argparse.Namespace) -> Iterator[tuple[Home, Formats, Meter, datetime, datetime, datetime]]:
    """Open the home; yield it with the formats, the meter, the range that is asked for, a year without one, and now."""
    now = datetime.now(UTC)
    with open_home(arguments) as (home, settings):
        zone = settings.time_zone
        start, end = year_to(now, Range.read(arguments.start, arguments.end, zone), zone)
        yield home, formats_of(arguments, settings), home.meter(arguments.meter), start, end, now


def compare(arguments: argparse.Namespace) -> int:
    """Print what each offer would have cost."""
    with _year_of(arguments) as (home, formats, meter, start, end, now):
        comparison = OfferAnswers(home).compare(meter, start, end, now)
        if arguments.json:
            print(json_offers(comparison, formats))  # noqa: T201 - the command's output
        else:
            OfferTables(sys.stdout, formats).comparison(meter, comparison, start)
    return 0


def power(arguments: argparse.Namespace) -> int:
    """Print what each subscribed power would have meant."""
    with _year_of(arguments) as (home, formats, meter, start, end, now):
        answer = NeededPowerAnswers(home).needed(meter, start, end, now)
        if arguments.json:
            print(json_powers(answer))  # noqa: T201 - the command's output
        else:
            page = TextPage(sys.stdout, formats)
            for line in lines(answer, formats):
                page.line(line)
    return 0


def _price_table(arguments: argparse.Namespace) -> tuple[MonitorConfig, PriceTable]:
    settings = config.load(MonitorConfig, arguments.config)
    return settings, load_prices(settings.prices, arguments.config.parent, settings.spot)


def show_prices(arguments: argparse.Namespace) -> int:
    """Print prices: those of today, or all."""
    settings, prices = _price_table(arguments)
    today = datetime.now(settings.time_zone).date()
    rows = [(row, file.origin) for file in prices.files for row in file.rows]
    if not getattr(arguments, "all", False):
        named = {prices.id_of(line.offer) for line in settings.contracts}
        shown = {offer.id for offer in prices.offers if offer.kind in (None, Kind.REGULATED) or offer.id in named}
        rows = [pair for pair in rows if prices.id_of(pair[0].offer) in shown]
        rows = [(row, origin) for row, origin in rows if row in prices.rows(row.offer, today)]
    places = {offer.id: place for place, offer in enumerate(prices.offers)}
    rows.sort(key=lambda pair: (places[prices.id_of(pair[0].offer)], -pair[0].start.toordinal()))
    power = settings.contracts[-1].power if settings.contracts else None
    OfferTables(sys.stdout, formats_of(arguments, settings)).prices(rows, prices, power)
    return 0


def verify_prices(arguments: argparse.Namespace) -> int:
    """Print what is wrong with the prices."""
    settings, prices = _price_table(arguments)
    formats = formats_of(arguments, settings)
    problems = check_prices(prices, datetime.now(settings.time_zone).date(), settings.contracts)
    tables = OfferTables(sys.stdout, formats)
    for problem in problems:
        tables.line(describe(problem, formats))
    if not problems:
        tables.line(formats.text("prices_ok"))
    return 1 if any(problem.issue is not Issue.HOLE for problem in problems) else 0


def take_prices(arguments: argparse.Namespace) -> int:
    """Keep a newer table of prices, and print what changed."""
    settings = config.load(MonitorConfig, arguments.config)
    today = datetime.now(settings.time_zone).date()
    kept, changes = update_prices(arguments.source, arguments.sha256, arguments.config.parent, today)
    formats = formats_of(arguments, settings)
    tables = OfferTables(sys.stdout, formats)
    power = settings.contracts[-1].power if settings.contracts else None
    tables.price_changes(changes, power)
    tables.line(formats.text("updated_prices", kept=kept, count=len(changes)))
    return 0
