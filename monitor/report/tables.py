"""Draws reports on a terminal."""

import textwrap
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TextIO

from common.contract.offers import BY_REGISTER, OFFERS
from common.runtime.logs import printable
from monitor.answers.costs import Answer, Period
from monitor.cost.bill import Missing
from monitor.cost.comparison import Comparison, OfferCost
from monitor.cost.whose import is_assumed
from monitor.prices.age import OldPrice
from monitor.prices.model import Kind, PricedOffer, PriceRow, PriceTable
from monitor.prices.update import Change
from monitor.readings.hours import Meter
from monitor.readings.power import Peak
from monitor.report.layout import GAP, Rows, lay_out, width
from monitor.text.comparison_words import choice, refusal, verdict, withheld, yours_of
from monitor.text.formats import Formats
from monitor.text.rule_words import rule_words

_WIDTH = 80  # columns
_BAR, _LEAST_BAR = 24, 5
_MOST_OFFERS = 12
_ORDER = [register.name for offer in OFFERS for register in offer.registers]


class Tables:
    """Prints on a stream, 80 columns wide."""

    def __init__(self, output: TextIO, formats: Formats) -> None:
        self._output = output
        self._formats = formats

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
        bar = min(_WIDTH - width([header, *rows, total]) - GAP, _BAR)
        if bar >= _LEAST_BAR:
            for row, text in zip((header, *rows, total), ("", *_bars(answer.periods, bar), ""), strict=True):
                row.insert(2, text)
        self._print_table([header, *rows], left=(0, 2) if bar >= _LEAST_BAR else (0,), total=total)

    def _print_table(self, rows: Rows, left: Container[int], total: Sequence[str] = ()) -> None:
        head, *lines = lay_out([*rows, *([total] if total else [])], left)
        lines[-1:] = ["", lines[-1]] if total else lines[-1:]
        for line in ("", head, f" {'─' * (len(head) - 2)}", *lines, ""):
            self._output.write(f"{line.rstrip()}\n")

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
            yield f"{f.register(name, answer.names)} : {f.energy(wh)}{price}".replace(" :", self._colon())
        if whole.cost.subscription:
            yield f"{f.text('subscription')} : {f.money(whole.cost.subscription)}".replace(" :", self._colon())

    def _colon(self) -> str:
        return "\u00a0:" if self._formats.language == "fr" else ":"

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
        yield from self._old(answer.old if cost.total else ())

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

    def _old(self, prices: Iterable[OldPrice]) -> Iterable[str]:
        """Say which prices are out of date."""
        f = self._formats
        market = []
        for old in prices:
            name, start = printable(old.title), f.calendar_day(old.start)
            if old.market:
                market.append(f"{name} ({start})")
            else:
                yield f.text("old_price" if old.regulated else "old_price_own", offer=name, start=start)
        if market:
            yield f.text("old_price_market", offers=", ".join(market))

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
            self._print_table(self._offers(comparison, shown), left=(3,))
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
        yield from self._old(old for old in comparison.old if not old.market)  # that of a row of the table is there
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
            self.line(f"{printable(change.title)} [{change.offer}]{self._colon()} {before} → {after}")

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

    def line(self, text: str) -> None:
        """Print a text; where it must be folded, not at a space that does not break."""
        for part in textwrap.wrap(text, _WIDTH, break_on_hyphens=False, break_long_words=False) or [""]:
            self._output.write(f"{part}\n")


def _bars(periods: Sequence[Period], longest: int) -> Iterable[str]:
    """Return a bar for each period; of what is not known for it alone there is none."""
    known = [0 if period.across_wh else period.energy.total_wh for period in periods]
    most = max(known, default=0) or 1
    return ("█" * round(wh / most * longest) for wh in known)


def _place(register: str) -> tuple[int, str]:
    """Return what sorts registers as contracts have them; those that only standard mode names follow."""
    return _ORDER.index(register) if register in _ORDER else len(_ORDER), register


def _is_always_shown(cost: OfferCost) -> bool:
    return cost.yours or cost.offer.kind is Kind.REGULATED
