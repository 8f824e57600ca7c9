"""Checks price tables, and describes each problem in words. Pure.

It finds gaps between rows, overlapping rows, amounts that look like typing errors, prices that are out of date, and
contracts of the configuration without a price.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

from common.runtime.logs import printable
from monitor.base.formats import Formats
from monitor.base.household import ContractLine
from monitor.money.price_status import OldPrice, old_price
from monitor.money.prices import Kind, PriceFile, PriceRow, PriceTable

_ROUNDING = Decimal("0.00016")  # EUR per kWh: prices are printed with four digits, and taxes are rounded elsewhere


class Issue(Enum):
    """What is wrong with a price."""

    UNKNOWN = "unknown"  # a contract of the configuration has an offer without any price
    MISSING = "missing"  # a contract of the configuration has no price today
    POWER = "power"  # a contract of the configuration has a power that its offer does not have
    OLD = "old"  # the newest row is out of date
    HOLE = "hole"  # days without a price between two rows
    DOUBLED = "doubled"  # two rows of one file for the same days
    TAXES = "taxes"  # price without tax, and taxes, do not make the price
    SUBSCRIPTION = "subscription"  # does not grow with the power


@dataclass(frozen=True, slots=True)
class PriceProblem:
    """One finding; `start` and `end` are the days that it is about."""

    issue: Issue
    origin: str
    offer: str
    start: date
    end: date | None = None
    detail: str = ""  # register, power or amounts
    regulated: bool = False
    powers: tuple[int, ...] = ()  # kVA, the next lower and higher one that the offer has


def check_prices(table: PriceTable, today: date, contracts: Sequence[ContractLine] = ()) -> list[PriceProblem]:
    """Return all problems, the most important first; `contracts` are the user's lines."""
    problems = [*_missing(table, today, contracts), *_old(table, today, contracts), *_holes(table)]
    for file in table.files:
        problems += _doubled(file)
        for row in file.rows:
            problems += [*_taxes(table, file, row), *_subscriptions(file, row)]
    return problems


def _missing(table: PriceTable, today: date, contracts: Sequence[ContractLine]) -> Iterator[PriceProblem]:
    present = {line.meter: line for line in sorted(contracts, key=lambda line: line.start) if line.start <= today}
    for line in present.values():
        if table.offer(line.offer) is None:
            yield PriceProblem(Issue.UNKNOWN, "", line.offer, today, detail=", ".join(table.near(line.offer)))
            continue
        if table.kwh_row(line.offer, today) is None:
            yield PriceProblem(Issue.MISSING, "", line.offer, today, detail="kWh")
        if table.subscription(line.offer, line.power, today) is None:
            powers = table.near_powers(line.offer, line.power, today)
            issue = Issue.POWER if powers else Issue.MISSING
            yield PriceProblem(issue, "", line.offer, today, detail=f"{line.power} kVA", powers=powers)


def _used(table: PriceTable, contracts: Sequence[ContractLine]) -> list[str]:
    """Return the offers whose age concerns the user: his own, the regulated ones, and those of his contracts."""
    named = {table.id_of(line.offer) for line in contracts}
    return [offer.id for offer in table.offers if offer.kind in (None, Kind.REGULATED) or offer.id in named]


def _old(table: PriceTable, today: date, contracts: Sequence[ContractLine]) -> Iterator[PriceProblem]:
    for offer in _used(table, contracts):
        if (old := old_price(table, offer, today, today)) is not None:
            yield PriceProblem(Issue.OLD, old.origin, offer, old.start, regulated=old.regulated)


def _holes(table: PriceTable) -> Iterator[PriceProblem]:
    for offer in (one.id for one in table.offers):
        rows = [row for row in table.all_rows(offer) if row.has_kwh]
        days = sorted({row.start for row in rows} | {row.end for row in rows if row.end is not None})
        for start, end in itertools.pairwise(days):
            if table.kwh_row(offer, start) is None:
                yield PriceProblem(Issue.HOLE, "", offer, start, end)


def _doubled(file: PriceFile) -> Iterator[PriceProblem]:
    rows = sorted(file.rows, key=lambda row: (row.offer, row.start))
    for row, following in itertools.pairwise(rows):
        if row.offer != following.offer:
            continue
        if row.start == following.start or (row.end is not None and row.end > following.start):
            yield PriceProblem(Issue.DOUBLED, file.origin, row.offer, following.start, row.end)


def _taxes(table: PriceTable, file: PriceFile, row: PriceRow) -> Iterator[PriceProblem]:
    accise, vat = table.accise(row.start), table.vat(row.start)
    if accise is None or vat is None:
        return
    for power, prices in row.kwh_ht.items():
        for register, without in prices.items():
            price = row.kwh.get(power, {}).get(register)
            if price is not None and abs((without + accise) * (1 + vat) - price) > _ROUNDING:
                expected = (without + accise) * (1 + vat)
                yield PriceProblem(
                    Issue.TAXES, file.origin, row.offer, row.start, row.end, f"{register}: {price}, {expected:.4f}"
                )


def _subscriptions(file: PriceFile, row: PriceRow) -> Iterator[PriceProblem]:
    amounts: Sequence[tuple[int, Decimal]] = sorted(row.subscription.items())
    for (power, amount), (higher, larger) in itertools.pairwise(amounts):
        if larger <= amount:
            detail = f"{power} kVA: {amount}, {higher} kVA: {larger}"
            yield PriceProblem(Issue.SUBSCRIPTION, file.origin, row.offer, row.start, row.end, detail)


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


def old_prices(prices: Iterable[OldPrice], f: Formats) -> Iterable[str]:
    """Say which prices are out of date."""
    market = []
    for old in prices:
        name, start = printable(old.title), f.calendar_day(old.start)
        if old.market:
            market.append(f"{name} ({start})")
        else:
            yield f.text("old_price" if old.regulated else "old_price_own", offer=name, start=start)
    if market:
        yield f.text("old_price_market", offers=", ".join(market))
