"""What the commands `compare`, `power` and `prices` of `teleinfo-monitor` do."""

import argparse
import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from common.contract.offers import BY_REGISTER
from common.runtime.logs import printable
from common.settings import config
from monitor.base.config import MonitorConfig
from monitor.base.formats import Formats, Rows, TextPage
from monitor.base.ranges import Range, year_to
from monitor.money.home import Home, formats_of, open_home, settings_now
from monitor.money.price_check import Issue, check_prices, describe, old_prices
from monitor.money.price_files import Change, update_prices
from monitor.money.price_status import is_assumed
from monitor.money.prices import Kind, PricedOffer, PriceRow, PriceTable
from monitor.places.contracts.compare import OfferAnswers
from monitor.places.contracts.comparison import Comparison, OfferCost
from monitor.places.contracts.needed_power import NeededPowerAnswers
from monitor.places.contracts.power import json_powers, lines
from monitor.places.contracts.texts import choice, json_offers, refusal, rule_words, verdict, withheld, yours_of
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
    found = settings_now(config.load(MonitorConfig, arguments.config))
    return found.config, found.prices


def show_prices(arguments: argparse.Namespace) -> int:
    """Print prices: those of today, or all."""
    settings, prices = _price_table(arguments)
    today = datetime.now(settings.time_zone).date()
    rows = [(row, file.origin) for file in prices.files for row in file.rows]
    if not getattr(arguments, "all", False):
        named = {prices.id_of(line.offer) for line in settings.household.contracts}
        shown = {offer.id for offer in prices.offers if offer.kind in (None, Kind.REGULATED) or offer.id in named}
        rows = [pair for pair in rows if prices.id_of(pair[0].offer) in shown]
        rows = [(row, origin) for row, origin in rows if row in prices.rows(row.offer, today)]
    places = {offer.id: place for place, offer in enumerate(prices.offers)}
    rows.sort(key=lambda pair: (places[prices.id_of(pair[0].offer)], -pair[0].start.toordinal()))
    power = settings.household.contracts[-1].power if settings.household.contracts else None
    OfferTables(sys.stdout, formats_of(arguments, settings)).prices(rows, prices, power)
    return 0


def verify_prices(arguments: argparse.Namespace) -> int:
    """Print what is wrong with the prices."""
    settings, prices = _price_table(arguments)
    formats = formats_of(arguments, settings)
    problems = check_prices(prices, datetime.now(settings.time_zone).date(), settings.household.contracts)
    tables = OfferTables(sys.stdout, formats)
    for problem in problems:
        tables.line(describe(problem, formats))
    if not problems:
        tables.line(formats.text("prices_ok"))
    return 1 if any(problem.issue is not Issue.HOLE for problem in problems) else 0


def take_prices(arguments: argparse.Namespace) -> int:
    """Keep a newer table of prices, and print what changed."""
    settings, _ = _price_table(arguments)
    today = datetime.now(settings.time_zone).date()
    kept, changes = update_prices(arguments.source, arguments.sha256, settings.state, today)
    formats = formats_of(arguments, settings)
    tables = OfferTables(sys.stdout, formats)
    power = settings.household.contracts[-1].power if settings.household.contracts else None
    tables.price_changes(changes, power)
    tables.line(formats.text("updated_prices", kept=kept, count=len(changes)))
    return 0


_MOST_OFFERS = 12


class OfferTables(TextPage):
    """Prints comparisons, prices, and what changed in them."""

    def comparison(self, meter: Meter, comparison: Comparison, asked: datetime) -> None:
        """Print what the cheapest offers, the regulated ones and one's own would have cost.

        Args:
            meter: whose curve it is.
            comparison: what to print; only offers that lack nothing have a rank.
            asked: the beginning that was asked for: a comparison begins with the first readings.
        """
        f, question = self._formats, comparison.question
        start, end = f.day(question.start), f.last_day(question.end)
        hours = {
            "known": f.number(Decimal(int(comparison.covered)), 0),
            "hours": f.number(Decimal(comparison.hours), 0),
        }
        kwh = f.kwh(comparison.wh)
        name = f.meter(meter.name, meter.identifier)
        self.line(f.text("compare_title", meter=name, start=start, end=end, kwh=kwh, **hours))
        self.line(f.text("compare_today", day=f.calendar_day(question.today), power=question.power))
        if question.start > asked:
            self.line(f.text("compare_since", day=start, time=f.clock(question.start)))
        if (sentence := withheld(comparison, f)) is not None:
            self.line(sentence)
            return
        ranked = [cost for cost in comparison.offers if cost.rankable]
        if len(ranked) > 1:
            shown = [cost for place, cost in enumerate(ranked) if place < _MOST_OFFERS or _is_always_shown(cost)]
            self.table(self._offers(comparison, shown), left=(3,))
            if len(shown) < len(ranked):
                self.line(f.text("compare_more", count=len(ranked) - len(shown)))
        else:
            self.line(f.text("compare_one" if ranked else "compare_none"))
        for line in self._verdicts(comparison):
            self.line(line)

    def _offers(self, comparison: Comparison, shown: Sequence[OfferCost]) -> Rows:
        f = self._formats
        table = [[f.text(key) for key in ("rank", "total", "difference", "offer")]]
        yours = yours_of(comparison)
        seen = {old.offer: f.text("seen_on", day=f.short_day(old.start)) for old in comparison.old if old.market}
        for cost in shown:
            marks = [f.text("yours_assumed" if is_assumed(comparison.priced_as) else "yours")] if cost.yours else []
            marks += [seen[cost.offer.id]] if cost.offer.id in seen else []
            name = printable(cost.offer.title) + "".join(f" ({mark})" for mark in marks) + choice(cost, f)
            against = "" if yours is None or cost is yours else self._signed(cost.total - yours.total)
            table.append([str(cost.rank), f.money(cost.total), against, name])
        return table

    def _signed(self, amount: Decimal) -> str:
        return ("+" if amount > 0 else "−") + self._formats.money(abs(amount))

    def _verdicts(self, comparison: Comparison) -> Iterable[str]:
        """Say which offer is the best, and why those that concern most people are not ranked."""
        f = self._formats
        unranked = [cost for cost in comparison.offers if not cost.rankable]
        told = [cost for cost in unranked if _is_always_shown(cost)]
        refused: dict[str, list[str]] = {}
        for cost in told:
            refused.setdefault(refusal(cost, comparison, f), []).append(printable(cost.offer.title))
        for sentence, offers in refused.items():
            yield f"{sentence} ({f.text('rule_between').join(offers)})"
        if len(told) < len(unranked):
            yield f.text("compare_unranked", count=len(unranked) - len(told))
        if is_assumed(comparison.priced_as):
            yield f.text("prices_assumed")
        # That of a market offer stands in its row of the table.
        yield from old_prices((old for old in comparison.old if not old.market), f)
        if (found := verdict(comparison, f)) is not None:
            yield found

    def price_changes(self, changes: Sequence[Change], power: int | None) -> None:
        """Print prices that changed, before and after; subscriptions of one power, if that is known."""
        f = self._formats
        for change in changes:
            old, new = change.before, change.after
            powers = [power] if power is not None else []
            if power is None and old is not None:
                powers = [
                    kva for kva, amount in sorted(new.subscription.items()) if old.subscription.get(kva) != amount
                ]
            words = rule_words(change.rule, f)
            before, after = (
                f.text("price_new") if row is None else self._row(row, words, power, powers) for row in (old, new)
            )
            self.line(f"{printable(change.title)} [{change.offer}]{self.colon} {before} → {after}")

    def prices(self, rows: Sequence[tuple[PriceRow, str]], table: PriceTable, power: int | None) -> None:
        """Print rows of prices with the file that each is from; those of one power, if that is known."""
        f = self._formats
        for row, origin in rows:
            end = "" if row.end is None else f" {f.text('price_to', day=f.calendar_day(row.end - timedelta(1)))}"
            since = f.text("price_from", day=f.calendar_day(row.start))
            offer = table.offer(row.offer) or PricedOffer(row.offer)
            name = f"{offer.id} ({offer.title})" if offer.title != offer.id else offer.id
            self.line(f"{printable(name)}, {since}{end} ({origin.rpartition('/')[2]})")
            powers = sorted(row.subscription) if power is None else [power]
            self.line(f"  {self._row(row, rule_words(offer.rule, f), power, powers)}")

    def _row(self, row: PriceRow, words: Mapping[str, str], power: int | None, powers: Sequence[int]) -> str:
        """Write the prices of a row in short: for one power, or for all; and the subscriptions of some powers."""
        f = self._formats
        parts = []
        for limit, band in sorted((row.kwh if power is None else {0: row.band(power)}).items()):
            prices = [
                f"{f.register(name, {} if name in BY_REGISTER else words)} {f.number(price, 4)}"
                for name, price in band.items()
            ]
            if prices:
                within = f"{f.text('price_band', power=limit)} " if limit else ""
                parts.append(f"{within}{', '.join(prices)} {f.text('price_kwh')}")
        amounts = ((kva, row.subscription[kva]) for kva in powers if kva in row.subscription)
        parts += [f"{kva} kVA {f.number(amount, 2)} {f.text('price_year')}" for kva, amount in amounts]
        return ", ".join(parts)


def _is_always_shown(cost: OfferCost) -> bool:
    return cost.yours or cost.offer.kind is Kind.REGULATED
