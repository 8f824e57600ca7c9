"""What the command `report` of `teleinfo-monitor` does."""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from functools import partial

from common.errors import ConfigError
from common.runtime.logs import printable
from common.settings.language import language_of
from monitor.alerts.digest import digest_text, digests
from monitor.base.calendar import DIGESTS
from monitor.base.formats import Formats
from monitor.base.ranges import Range, by_contract, choose_range
from monitor.base.refusals import Refusal
from monitor.money.home import formats_of, open_home
from monitor.money.profile import CurveAnswers
from monitor.places.review.output import json_rows, write_csv
from monitor.places.review.report_tables import Tables
from monitor.places.review.report_texts import device_lines, forecast_line, sun_lines
from monitor.sources.devices import DeviceAnswers
from monitor.sources.sun import SunAnswers

_LONGEST_CURVE = timedelta(days=366)  # the base load is read from each hour of a range


def report(arguments: argparse.Namespace) -> int:
    """Print what a range used and cost."""
    if arguments.locale is not None and not arguments.csv:
        raise ConfigError(Refusal("locale").text(arguments.language or language_of()))
    if arguments.digest is not None:
        return _digest(arguments)
    now = datetime.now(UTC)
    with open_home(arguments) as (home, settings):
        formats = formats_of(arguments, settings)
        meter = home.meter(arguments.meter)
        zone = settings.time_zone
        asked, calendar, begin = by_contract(
            Range.read(arguments.start, arguments.end, zone, arguments.by),
            zone,
            partial(home.costs.contract_start, meter, now),
        )
        start, end = choose_range(asked, calendar, now, meter.first)
        start = max(start, begin or start)
        if start >= end:
            raise Refusal("no_year", day=start.astimezone(zone).date())
        answer = home.costs.energy(meter, asked.by, start, end, now, calendar)
        sun = SunAnswers(home).of(answer, asked.by, now)
        devices = DeviceAnswers(home).of(answer, sun, now)
        if arguments.json:
            print(json_rows(answer, sun, devices))  # noqa: T201 - the command's output
        elif arguments.csv:
            french = arguments.locale == "fr"
            csv_formats = formats if french else Formats("en", formats.zone)
            write_csv(answer, csv_formats, sys.stdout, french=french, sun=sun, devices=devices)
        else:
            newest = home.costs.newest_prices(answer.contracts, now)
            peak = next(iter(CurveAnswers(home).peaks(meter, start, end, 1)), None)
            short = end - start <= _LONGEST_CURVE
            base_load = CurveAnswers(home).base_load(meter, start, end).watts if short else None
            tables = Tables(sys.stdout, formats)
            tables.energy(answer, arguments.by, newest, peak, base_load, home.first(meter), now)
            for line in (*sun_lines(sun, formats), *device_lines(devices, formats)):
                tables.line(line)
            for one in home.unused():
                tables.line(formats.text("unused_line", section=one.section, meter=printable(one.meter)))
            whole = arguments.by if arguments.by in ("year", "contract-year") else "month"
            if end > now and (expected := forecast_line(home.forecasts.of(meter, whole, now), formats)):
                tables.line(expected)
    return 0


def _digest(arguments: argparse.Namespace) -> int:
    """Print the last period that is over, of all meters or one, as a message has it."""
    if arguments.start or arguments.end or arguments.by != "day":
        raise ConfigError(Refusal("digest_range").text(arguments.language or language_of()))
    with open_home(arguments) as (home, settings):
        named = arguments.digest or (settings.alerts and settings.alerts.digest) or "weekly"
        meters = [home.meter(arguments.meter)] if arguments.meter else home.meters()
        found = digests(home, meters, DIGESTS[named], datetime.now(UTC), settings.time_zone)
        if not found:
            raise Refusal("no_data")
        title, lines = digest_text(found, formats_of(arguments, settings))
        print(title, *lines, sep="\n")  # noqa: T201 - the command's output
    return 0
