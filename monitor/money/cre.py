"""Reads the regulator's files of the regulated tariff, and writes what is new in them as a table of prices. Pure.

A file of the CRE: `;`, decimal comma, days as DD/MM/YYYY, a line for each power and change; EUR a year and EUR per kWh.
It is refused as a whole where a column is missing or a line cannot be right: day and month are swapped in some copies.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from common.errors import ConfigError
from monitor.money.prices import PriceRow

_DAY = re.compile(r"(\d\d)/(\d\d)/(\d{4})")
_NUMBER = re.compile(r"\d{1,5}(?:,\d{1,8})?")
_COLUMNS = ("DATE_DEBUT", "DATE_FIN", "P_SOUSCRITE", "PART_FIXE_TTC")
_ON_THE_FIRST = date(2025, 1, 1)  # all changes since are: where days and months are swapped, some are not
_KWH, _YEAR = (Decimal("0.01"), Decimal("1.5")), (Decimal(20), Decimal(2500))  # EUR: what can be right
_DIGITS = Decimal("0.0001")  # as EDF prints a price of a kWh


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the regulated tariff, and the columns that have its prices."""

    offer: str
    columns: Mapping[str, str]  # by period


BASE = Option("trv-base", {"BASE": "PART_VARIABLE_TTC"})
HPHC = Option("trv-hphc", {"HCHC": "PART_VARIABLE_HC_TTC", "HCHP": "PART_VARIABLE_HP_TTC"})
TEMPO = Option(
    "trv-tempo",
    {
        f"BBRH{hours[1]}J{letter}": f"PART_VARIABLE_{hours}{colour}_TTC"
        for colour, letter in (("Bleu", "B"), ("Blanc", "W"), ("Rouge", "R"))
        for hours in ("HC", "HP")
    },
)


@dataclass(frozen=True, slots=True)
class _Line:
    power: int
    start: date
    end: date | None  # the last day
    fixed: Decimal
    kwh: Mapping[str, Decimal]


def read_option(content: bytes, option: Option) -> list[PriceRow]:
    """Return the prices of an option, a row for each change.

    Raises:
        ConfigError: with the line: the file is not the regulator's, or cannot be right.
    """
    text = content.decode("utf-8-sig", errors="replace")
    reader = csv.reader(io.StringIO(text), delimiter=";")
    names = [name.strip() for name in next(reader, [])]
    missing = [name for name in (*_COLUMNS, *option.columns.values()) if name not in names]
    if missing:
        raise ConfigError(f"the column {missing[0]} is missing")
    lines = []
    try:
        for number, cells in enumerate(reader, 2):
            if any(cell.strip() for cell in cells):
                found = dict(zip(names, map(str.strip, cells), strict=False))
                lines.append(_line(found, option, number))
    except csv.Error as error:
        raise ConfigError("it is no table") from error
    if not lines:
        raise ConfigError("it has no prices")
    _check_order(lines)
    return [_row(option, start, lines) for start in sorted({line.start for line in lines})]


def _line(cells: Mapping[str, str], option: Option, number: int) -> _Line:
    power = cells.get("P_SOUSCRITE", "")
    if not re.fullmatch(r"[1-9]|[12]\d|3[0-6]", power):
        raise ConfigError(f"{power[:20]!r} is no power in kVA", number)
    start, end = _day(cells, "DATE_DEBUT", number), cells.get("DATE_FIN")
    if start is None:
        raise ConfigError("DATE_DEBUT is empty", number)
    if start >= _ON_THE_FIRST and start.day != 1:
        raise ConfigError(f"{start}: prices change on the first of a month: are day and month swapped?", number)
    last = _day(cells, "DATE_FIN", number) if end else None
    if last is not None and last < start:
        raise ConfigError(f"{last} is before {start}", number)
    kwh = {period: _amount(cells, name, _KWH, number) for period, name in option.columns.items()}
    return _Line(int(power), start, last, _amount(cells, "PART_FIXE_TTC", _YEAR, number), kwh)


def _day(cells: Mapping[str, str], name: str, number: int) -> date | None:
    """Return a day; None: there is none."""
    text = cells.get(name, "")
    if not text:
        return None
    match = _DAY.fullmatch(text)
    try:
        day, month, year = (0, 0, 0) if match is None else map(int, match.groups())
        return date(year, month, day)
    except ValueError:
        raise ConfigError(f"{name}: a day such as 01/02/2026 is expected", number) from None


def _amount(cells: Mapping[str, str], name: str, limits: tuple[Decimal, Decimal], number: int) -> Decimal:
    text = cells.get(name, "")
    amount = Decimal(text.replace(",", ".")) if _NUMBER.fullmatch(text) else Decimal(-1)
    if not limits[0] <= amount <= limits[1]:
        raise ConfigError(f"{name}: {text[:20]!r} cannot be right", number)
    return amount


def _check_order(lines: Sequence[_Line]) -> None:
    """Refuse prices of a power that overlap, as those of swapped days do, or a last day that is not before the next."""
    for power in sorted({line.power for line in lines}):
        own = sorted((line for line in lines if line.power == power), key=lambda line: line.start)
        for before, after in pairwise(own):
            if before.start == after.start:
                raise ConfigError(f"{power} kVA has two prices from {after.start} on")
            if before.end is not None and before.end + timedelta(1) > after.start:
                raise ConfigError(f"{power} kVA: prices up to {before.end} and from {after.start} on overlap")


def _row(option: Option, start: date, lines: Sequence[_Line]) -> PriceRow:
    own = sorted((line for line in lines if line.start == start), key=lambda line: line.power)
    bands: dict[int, Mapping[str, Decimal]] = {}
    last: Mapping[str, Decimal] | None = None
    for line in own:
        prices = {name: amount.quantize(_DIGITS, ROUND_HALF_UP) for name, amount in line.kwh.items()}
        if prices != last:
            bands[line.power if bands else 0] = last = prices
    return PriceRow(option.offer, start, bands, {line.power: line.fixed for line in own}, grade="A")


def table(rows: Sequence[PriceRow], checked: date) -> str:
    """Return rows of the regulated tariff as a table that `price_document` reads; they add to the bundled ones."""
    return "\n".join(_document(rows, checked)) + "\n"


def _document(rows: Sequence[PriceRow], checked: date) -> Iterator[str]:
    yield "# Regulated tariff, from the files of the CRE (data.gouv.fr). EUR a year and EUR per kWh, with all taxes."
    yield "schema: 1"
    yield f"checked: {checked}"
    yield "currency: EUR"
    yield "zone: Europe/Paris"
    yield "offers:"
    for offer in dict.fromkeys(row.offer for row in rows):
        yield f"  - id: {offer}"
        yield "    kind: regulated"
        yield f"    checked: {checked}"
        yield "    rows:"
        for row in rows:
            if row.offer == offer:
                yield f"      - from: {row.start}"
                yield "        grade: A"
                yield f"        subscription_year: {{{_pairs(row.subscription)}}}"
                yield f"        kwh: {{{_pairs(row.kwh[0])}}}"
                further = ", ".join(f"{power}: {{{_pairs(kwh)}}}" for power, kwh in row.kwh.items() if power)
                if further:
                    yield f"        kwh_from: {{{further}}}"


def _pairs(amounts: Mapping[int, Decimal] | Mapping[str, Decimal]) -> str:
    return ", ".join(f"{name}: {amount}" for name, amount in amounts.items())
