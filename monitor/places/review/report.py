"""The command `report` of `teleinfo-monitor`: what a range used and cost, as a table or a file."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

from common.contract.offers import OFFERS
from common.errors import ConfigError
from common.runtime.logs import printable
from common.settings.language import language_of
from monitor.alerts.digest import digest_text, digests
from monitor.base.calendar import DIGESTS
from monitor.base.formats import GAP, WIDTH, Formats, TextPage, width
from monitor.base.ranges import Range, by_contract, choose_range
from monitor.base.request_errors import RequestError
from monitor.money.bill import Missing
from monitor.money.costs import Answer, Period
from monitor.money.forecast import Forecast
from monitor.money.home import Home, formats_of, open_home
from monitor.money.price_check import old_prices
from monitor.money.price_status import is_assumed
from monitor.money.profile import CurveAnswers
from monitor.places.review.csv import json_rows, write_csv
from monitor.readings.power import Peak
from monitor.sources.sources import measured

_LONGEST_CURVE = timedelta(days=366)  # the base load is read from each hour of a range
_BAR, _LEAST_BAR = 24, 5
_ORDER = [register.name for offer in OFFERS for register in offer.registers]


def report(arguments: argparse.Namespace) -> int:
    """Print what a range used and cost."""
    if arguments.locale is not None and not arguments.csv:
        raise ConfigError(RequestError("locale").text(arguments.language or language_of()))
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
            raise RequestError("no_year", day=start.astimezone(zone).date())
        answer = home.costs.energy(meter, asked.by, start, end, now, calendar)
        beside = measured(home, answer, asked.by, now)
        if arguments.json:
            print(json_rows(answer, beside))  # noqa: T201 - the command's output
        elif arguments.csv:
            french = arguments.locale == "fr"
            csv_formats = formats if french else Formats("en", formats.zone)
            write_csv(answer, csv_formats, sys.stdout, beside, french=french)
        else:
            _print_text(home, formats, answer, (start, end), arguments.by, beside.lines(formats), now)
    return 0


def _print_text(
    home: Home,
    formats: Formats,
    answer: Answer,
    limits: tuple[datetime, datetime],
    by: str,
    beside: Iterable[str],
    now: datetime,
) -> None:
    meter, (start, end) = answer.meter, limits
    newest = home.costs.newest_prices(answer.contracts, now)
    peak = next(iter(CurveAnswers(home).peaks(meter, start, end, 1)), None)
    short = end - start <= _LONGEST_CURVE
    base_load = CurveAnswers(home).base_load(meter, start, end).watts if short else None
    tables = Tables(sys.stdout, formats)
    tables.energy(answer, by, newest, peak, base_load, home.first(meter), now)
    for line in beside:
        tables.line(line)
    for one in home.unused():
        tables.line(formats.text("unused_line", section=one.section, meter=printable(one.meter)))
    whole = by if by in ("year", "contract-year") else "month"
    if end > now and (expected := forecast_line(home.forecasts.of(meter, whole, now), formats)):
        tables.line(expected)


def _digest(arguments: argparse.Namespace) -> int:
    """Print the last period that is over, of all meters or one, as a message has it."""
    if arguments.start or arguments.end or arguments.by != "day":
        raise ConfigError(RequestError("digest_range").text(arguments.language or language_of()))
    with open_home(arguments) as (home, settings):
        named = arguments.digest or settings.household.alerts.digest or "weekly"
        meters = [home.meter(arguments.meter)] if arguments.meter else home.meters()
        found = digests(home, meters, DIGESTS[named], datetime.now(UTC), settings.time_zone)
        if not found:
            raise RequestError("no_data")
        title, lines = digest_text(found, formats_of(arguments, settings))
        print(title, *lines, sep="\n")  # noqa: T201 - the command's output
    return 0


class Tables(TextPage):
    """Prints what a range used and cost."""

    def energy(
        self,
        answer: Answer,
        by: str,
        newest_price: date | None,
        peak: Peak | None,
        base_load: int | None,
        first: datetime | None,
        now: datetime,
    ) -> None:
        """Print periods with bars, the total, the registers, peak (VA) and base load (W), and what is missing.

        `first` is when the first energy of the meter is known; without any in this range, only that is said. The range
        is said up to `now`, if it is not over.
        """
        f, whole = self._formats, answer.whole
        start, end = f.day(whole.energy.start), f.last_day(min(whole.energy.end, max(now, whole.energy.start)))
        if first is not None and not (whole.energy.is_known or whole.cost.total):
            self.line(f.text("empty", start=start, end=end, first=f.day(first)))
            return
        self.line(f.text("title", meter=f.meter(answer.meter.name, answer.meter.identifier), start=start, end=end))
        self._print_periods(answer, by)
        for line in (*self._registers(answer), *self._facts(peak, base_load), *self._remarks(answer, newest_price)):
            self.line(line)

    def _print_periods(self, answer: Answer, by: str) -> None:
        f, whole = self._formats, answer.whole
        injected = bool(whole.energy.injected_wh)
        header = [f.text(key) for key in (by, "energy", *(("injected",) if injected else ()), "cost", "coverage")]
        years = {period.energy.start.astimezone(f.zone).year for period in answer.periods}
        rows = []
        for period in answer.periods:
            name = f.period(by, period.energy.start, dated=len(years) > 1)
            rows.append(self._cells(period, name, injected=injected, known=not period.across_wh))
        total = self._cells(whole, f.text("total"), injected=injected)
        # Figures first: the bars take what room they leave.
        bar = min(WIDTH - width([header, *rows, total]) - GAP, _BAR)
        if bar >= _LEAST_BAR:
            for row, text in zip((header, *rows, total), ("", *_bars(answer.periods, bar), ""), strict=True):
                row.insert(2, text)
        self.table([header, *rows], left=(0, 2) if bar >= _LEAST_BAR else (0,), total=total)

    def _cells(self, period: Period, name: str, *, injected: bool, known: bool = True) -> list[str]:
        f, energy, cost = self._formats, period.energy, period.cost
        nothing = not known or not energy.is_known
        total = cost.total if known else cost.subscription
        amount = "–" if total == 0 else f.money(total) + ("*" if cost.partial else "")
        cells = [name, "–" if nothing else f.kwh(energy.total_wh)]
        if injected:
            cells.append("–" if energy.injected_wh is None else f.kwh(energy.injected_wh))
        return [*cells, amount, f.coverage(energy.coverage) if energy.expected and known else "–"]

    def _registers(self, answer: Answer) -> Iterable[str]:
        f, whole = self._formats, answer.whole
        for name, wh in sorted(whole.energy.wh.items(), key=lambda item: _place(item[0])):
            amount = whole.cost.by_register.get(name)
            price = "" if amount is None else f" · {f.money(amount)}"
            yield f"{f.register(name, answer.names)} : {f.energy(wh)}{price}".replace(" :", self.colon)
        if whole.cost.subscription:
            yield f"{f.text('subscription')} : {f.money(whole.cost.subscription)}".replace(" :", self.colon)

    def _facts(self, peak: Peak | None, base_load: int | None) -> Iterable[str]:
        f = self._formats
        if peak is not None:
            power = f.number(Decimal(peak.power), 0)
            yield f.text("peak", power=power, day=f.day(peak.at), time=f.clock(peak.at))
        if base_load is not None:
            yield f.text("base_load", watts=f.number(Decimal(base_load), 0))

    def _remarks(self, answer: Answer, newest_price: date | None) -> Iterable[str]:
        f, energy, cost = self._formats, answer.whole.energy, answer.whole.cost
        hours, missing = energy.expected // 3600, (energy.expected - energy.covered) // 3600
        if missing:
            counts = {"missing": f.number(Decimal(missing), 0), "hours": f.number(Decimal(hours), 0)}
            yield f.text("partial_data", **counts, percent=f.coverage(energy.coverage))
        if energy.recovered_wh:
            yield f.text("recovered", kwh=f.kwh(energy.recovered_wh))
        if energy.imported_wh:
            yield f.text("imported", kwh=f.kwh(energy.imported_wh))
        if across := sum(period.across_wh for period in answer.periods):
            yield f.text("imported_across", kwh=f.kwh(across))
        for change in answer.changes:
            yield f.text("unnamed_change", day=f.day(change.at), before=change.before, after=change.after)
        # Each register of an offer that nobody knows would say the same.
        yield from dict.fromkeys(f"* {self._gap(gap, answer)}" for gap in cost.missing)
        if cost.total and newest_price is not None:
            yield f.text("prices_of", day=self._formats.calendar_day(newest_price))
            if is_assumed(answer.priced_as):
                yield f.text("prices_assumed")
        yield from old_prices(answer.old if cost.total else (), self._formats)

    def _gap(self, gap: Missing, answer: Answer) -> str:
        """Say what has no price, and what to correct."""
        f = self._formats
        day = f.calendar_day(gap.day)
        if gap.offer is None:
            return f.text("no_contract", day=day)
        offer = f.offer(gap.offer)
        if gap.offers:
            return f.text("unknown_offer", offer=offer, known=", ".join(gap.offers))
        if gap.powers:
            powers = f" {f.text('rule_or')} ".join(map(str, gap.powers))
            return f.text("wrong_power", offer=offer, power=gap.power, powers=powers)
        what = f.text("subscription") if gap.what == "subscription" else f.register(gap.what, answer.names)
        return f.text("untold_price" if gap.untold else "no_price", what=what, offer=offer, day=day)


def _bars(periods: Sequence[Period], longest: int) -> Iterable[str]:
    """Return a bar for each period; of what is not known for it alone there is none."""
    known = [0 if period.across_wh else period.energy.total_wh for period in periods]
    most = max(known, default=0) or 1
    return ("█" * round(wh / most * longest) for wh in known)


def _place(register: str) -> tuple[int, str]:
    """Return what sorts registers as contracts have them; those that only standard mode names follow."""
    return _ORDER.index(register) if register in _ORDER else len(_ORDER), register


def forecast_line(found: Forecast | None, f: Formats) -> str | None:
    """Say what a period will have cost, or used where a price is not known; None: there is nothing to say."""
    if found is None or found.why_not not in (None, "few_days"):
        return None
    if found.expected_wh is None or found.low_wh is None or found.high_wh is None:
        return f.text("forecast_few_days")
    expected, low, high = map(f.energy, (found.expected_wh, found.low_wh, found.high_wh))
    if found.expected_cost is not None and found.low_cost is not None and found.high_cost is not None:
        money, low, high = (
            f.euros(Decimal(amount) / 10_000) for amount in (found.expected_cost, found.low_cost, found.high_cost)
        )
        expected = f"{money} ({expected})"
    return f.text(
        "forecast", start=f.day(found.start), end=f.last_day(found.end), expected=expected, low=low, high=high
    )
