"""What the commands `report`, `compare`, `power` and `prices` of `teleinfo-monitor` do."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from common.database.mariadb import Database
from common.errors import ConfigError, TeleinfoError, Unavailable
from common.machine.deployment import here
from common.runtime.logs import printable
from common.settings import config
from common.settings.language import language_of
from monitor.answers.answers import Answers
from monitor.answers.compared_offers import OfferAnswers
from monitor.answers.curves import CurveAnswers
from monitor.answers.devices import DeviceAnswers
from monitor.answers.digest import digests
from monitor.answers.needed_power import NeededPowerAnswers
from monitor.answers.sun import SunAnswers
from monitor.calendar import DIGESTS
from monitor.prices.calendar_files import load_calendars
from monitor.prices.check import Issue, PriceProblem, check_prices
from monitor.prices.model import Kind, PriceTable
from monitor.prices.table import load_prices
from monitor.prices.update import update_prices
from monitor.ranges import Range, by_contract, choose_range, year_to
from monitor.readings.tables import open_tables
from monitor.refusals import Refusal
from monitor.report.tables import Tables
from monitor.settings.config import MonitorConfig
from monitor.text.digest_lines import digest_text
from monitor.text.formats import Formats
from monitor.text.output import json_offers, json_rows, write_csv
from monitor.text.powers import json_powers, lines
from monitor.text.report_lines import device_lines, forecast_line, sun_lines

PROGRAM = "teleinfo-monitor"
_LONGEST_CURVE = timedelta(days=366)  # the base load is read from each hour of a range


@contextlib.contextmanager
def answers_of(arguments: argparse.Namespace) -> Iterator[tuple[Answers, MonitorConfig]]:
    """Open the database of a command's configuration; what goes wrong there is told in the language of the command."""
    settings = config.load(MonitorConfig, arguments.config)
    prices = load_prices(settings.prices, arguments.config.parent, settings.spot)
    calendars = load_calendars(settings.tempo, settings.calendars, prices, alsace_moselle=settings.alsace_moselle)
    language, database = language_in(arguments, settings), Database(settings.database)
    try:
        with contextlib.closing(open_tables(database)) as connection:
            yield Answers(connection, settings, prices, calendars), settings
    except Refusal as error:
        raise ConfigError(error.text(language)) from error
    except Unavailable as error:
        if language == "en":
            raise
        where = database.where.replace(" at ", " sur ")
        away = Refusal("database_away", where=where, check=here(PROGRAM).run(PROGRAM, "check"))
        raise TeleinfoError(away.text(language)) from error


def _formats(arguments: argparse.Namespace, settings: MonitorConfig) -> Formats:
    return Formats(language_in(arguments, settings), settings.time_zone)


def language_in(arguments: argparse.Namespace, settings: MonitorConfig) -> str:
    """Return the language of a command's output."""
    return arguments.language or settings.language or language_of()


def report(arguments: argparse.Namespace) -> int:
    """Print what a range used and cost."""
    if arguments.locale is not None and not arguments.csv:
        raise ConfigError(Refusal("locale").text(arguments.language or language_of()))
    if arguments.digest is not None:
        return _digest(arguments)
    now = datetime.now(UTC)
    with answers_of(arguments) as (answers, settings):
        formats = _formats(arguments, settings)
        meter = answers.meter(arguments.meter)
        zone = settings.time_zone
        asked, calendar, begin = by_contract(
            Range.read(arguments.start, arguments.end, zone, arguments.by),
            zone,
            partial(answers.costs.contract_start, meter, now),
        )
        start, end = choose_range(asked, calendar, now, meter.first)
        start = max(start, begin or start)
        if start >= end:
            raise Refusal("no_year", day=start.astimezone(zone).date())
        answer = answers.costs.energy(meter, asked.by, start, end, now, calendar)
        sun = SunAnswers(answers).of(answer, asked.by, now)
        devices = DeviceAnswers(answers).of(answer, sun, now)
        if arguments.json:
            print(json_rows(answer, sun, devices))  # noqa: T201 - the command's output
        elif arguments.csv:
            french = arguments.locale == "fr"
            csv_formats = formats if french else Formats("en", formats.zone)
            write_csv(answer, csv_formats, sys.stdout, french=french, sun=sun, devices=devices)
        else:
            newest = answers.costs.newest_prices(answer.contracts, now)
            peak = next(iter(CurveAnswers(answers).peaks(meter, start, end, 1)), None)
            short = end - start <= _LONGEST_CURVE
            base_load = CurveAnswers(answers).base_load(meter, start, end).watts if short else None
            tables = Tables(sys.stdout, formats)
            tables.energy(answer, arguments.by, newest, peak, base_load, answers.first(meter), now)
            for line in (*sun_lines(sun, formats), *device_lines(devices, formats)):
                tables.line(line)
            for one in answers.unused():
                tables.line(formats.text("unused_line", section=one.section, meter=printable(one.meter)))
            whole = arguments.by if arguments.by in ("year", "contract-year") else "month"
            if end > now and (expected := forecast_line(answers.forecasts.of(meter, whole, now), formats)):
                tables.line(expected)
    return 0


def _digest(arguments: argparse.Namespace) -> int:
    """Print the last period that is over, of all meters or one, as a message has it."""
    if arguments.start or arguments.end or arguments.by != "day":
        raise ConfigError(Refusal("digest_range").text(arguments.language or language_of()))
    with answers_of(arguments) as (answers, settings):
        named = arguments.digest or (settings.alerts and settings.alerts.digest) or "weekly"
        meters = [answers.meter(arguments.meter)] if arguments.meter else answers.meters()
        found = digests(answers, meters, DIGESTS[named], datetime.now(UTC), settings.time_zone)
        if not found:
            raise Refusal("no_data")
        title, lines = digest_text(found, _formats(arguments, settings))
        print(title, *lines, sep="\n")  # noqa: T201 - the command's output
    return 0


def compare(arguments: argparse.Namespace) -> int:
    """Print what each offer would have cost."""
    now = datetime.now(UTC)
    with answers_of(arguments) as (answers, settings):
        meter = answers.meter(arguments.meter)
        zone = settings.time_zone
        start, end = year_to(now, Range.read(arguments.start, arguments.end, zone), zone)
        comparison = OfferAnswers(answers).compare(meter, start, end, now)
        formats = _formats(arguments, settings)
        if arguments.json:
            print(json_offers(comparison, formats))  # noqa: T201 - the command's output
        else:
            Tables(sys.stdout, formats).comparison(meter, comparison, start)
    return 0


def power(arguments: argparse.Namespace) -> int:
    """Print what each subscribed power would have meant."""
    now = datetime.now(UTC)
    with answers_of(arguments) as (answers, settings):
        meter = answers.meter(arguments.meter)
        zone = settings.time_zone
        start, end = year_to(now, Range.read(arguments.start, arguments.end, zone), zone)
        answer = NeededPowerAnswers(answers).needed(meter, start, end, now)
        formats = _formats(arguments, settings)
        if arguments.json:
            print(json_powers(answer))  # noqa: T201 - the command's output
        else:
            tables = Tables(sys.stdout, formats)
            for line in lines(answer, formats):
                tables.line(line)
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
    Tables(sys.stdout, _formats(arguments, settings)).prices(rows, prices, power)
    return 0


def verify_prices(arguments: argparse.Namespace) -> int:
    """Print what is wrong with the prices."""
    settings, prices = _price_table(arguments)
    formats = _formats(arguments, settings)
    problems = check_prices(prices, datetime.now(settings.time_zone).date(), settings.contracts)
    tables = Tables(sys.stdout, formats)
    for problem in problems:
        tables.line(describe(problem, formats))
    if not problems:
        tables.line(formats.text("prices_ok"))
    return 1 if any(problem.issue is not Issue.HOLE for problem in problems) else 0


def describe(problem: PriceProblem, formats: Formats) -> str:
    """Say what is wrong with the prices."""
    own = problem.issue is Issue.OLD and not problem.regulated  # the regulator has no prices of it
    return formats.text(
        f"issue_{problem.issue.value}" + ("_own" if own else ""),
        offer=printable(problem.offer),
        origin=problem.origin.rpartition("/")[2],
        start=formats.calendar_day(problem.start),
        end="" if problem.end is None else formats.calendar_day(problem.end),
        detail=problem.detail,
        powers=f" {formats.text('rule_or')} ".join(map(str, problem.powers)),
    )


def take_prices(arguments: argparse.Namespace) -> int:
    """Keep a newer table of prices, and print what changed."""
    settings = config.load(MonitorConfig, arguments.config)
    today = datetime.now(settings.time_zone).date()
    kept, changes = update_prices(arguments.source, arguments.sha256, arguments.config.parent, today)
    formats = _formats(arguments, settings)
    tables = Tables(sys.stdout, formats)
    power = settings.contracts[-1].power if settings.contracts else None
    tables.price_changes(changes, power)
    tables.line(formats.text("updated_prices", kept=kept, count=len(changes)))
    return 0
