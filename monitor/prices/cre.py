"""Reads the regulator's files (CRE, data.gouv.fr): `Option_Base.csv`, `Option_HPHC.csv`, `Option_Tempo.csv`.

Separated by `;`, decimal comma, days DD/MM/YYYY; a line a grid and subscribed power. The fixed part is EUR a year.
"""

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from common.contract.offers import COLOURS, HOURS, OFFERS, Register
from common.errors import ConfigError
from monitor.prices.model import PriceFile, PriceRow

_POWER = ("P_SOUSCRITE", "PUISSANCE")


def _column(register: Register) -> str:
    """Return the column of a register, but for the tax: PART_VARIABLE, PART_VARIABLE_HP, PART_VARIABLE_HPROUGE."""
    short = HOURS[register.hours].short  # the regulator has the French ones
    colour = "" if register.colour is None else COLOURS[register.colour].names["fr"].upper()
    return "PART_VARIABLE" if short is None else f"PART_VARIABLE_{short['fr']}{colour}"


#: Of each offer in the files: the column of each register, but for the tax.
COLUMNS = {
    offer.id: columns
    for offer in OFFERS
    if len(columns := {register.name: _column(register) for register in offer.registers}) == len(set(columns.values()))
}


def read_cre(content: bytes, origin: str) -> PriceFile:
    """Read one of the three files; the offer is known by its columns.

    Raises:
        ConfigError: it is not such a file, or a line is damaged.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    lines = csv.reader(io.StringIO(text), delimiter=";")
    columns = [name.strip().upper() for name in next(lines, [])]
    offer = next(
        (offer for offer, names in COLUMNS.items() if {f"{name}_TTC" for name in names.values()} <= set(columns)), None
    )
    power_column = next((name for name in _POWER if name in columns), None)
    if offer is None or power_column is None or not {"DATE_DEBUT", "DATE_FIN", "PART_FIXE_TTC"} <= set(columns):
        raise ConfigError(
            f"{origin}: not one of the CRE's files Option_Base.csv, Option_HPHC.csv, Option_Tempo.csv of data.gouv.fr"
        )
    grids: dict[tuple[date, date | None], dict[int, dict[str, str]]] = {}
    for number, cells in enumerate(lines, 2):
        if not any(cell.strip() for cell in cells):
            continue
        where = f"{origin}, line {number}"
        if len(cells) < len(columns):
            raise ConfigError(f"{where}: {len(cells)} of {len(columns)} columns: was the file cut?")
        line = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
        start, last = _day(line.get("DATE_DEBUT", ""), where), line.get("DATE_FIN", "")
        end = _day(last, where) + timedelta(days=1) if last else None
        grids.setdefault((start, end), {})[_power(line.get(power_column, ""), where)] = line | {"where": where}
    return PriceFile(
        origin=origin,
        rows=tuple(_row(offer, start, end, grids[start, end]) for start, end in sorted(grids, key=lambda key: key[0])),
    )


def _row(offer: str, start: date, end: date | None, grid: Mapping[int, Mapping[str, str]]) -> PriceRow:
    return PriceRow(
        offer=offer,
        start=start,
        end=end,
        kwh=_bands(offer, grid, "TTC"),
        kwh_ht=_bands(offer, grid, "HT"),
        subscription={power: _amount(line["PART_FIXE_TTC"], line["where"]) for power, line in grid.items()},
        grade="A",
    )


def _bands(offer: str, grid: Mapping[int, Mapping[str, str]], tax: str) -> dict[int, dict[str, Decimal]]:
    """Return the prices of a kWh, a band for each power from which they change."""
    bands: dict[int, dict[str, Decimal]] = {}
    previous: dict[str, Decimal] = {}
    for power in sorted(grid):
        line = grid[power]
        prices = {
            register: _amount(line[f"{column}_{tax}"], line["where"])
            for register, column in COLUMNS[offer].items()
            if line.get(f"{column}_{tax}")
        }
        if prices and prices != previous:
            bands[power if bands else 0] = prices
            previous = prices
    return bands


def _power(text: str, where: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 36:
        raise ConfigError(f"{where}: a power in kVA from 1 to 36 is expected, not {text!r}")
    return int(text)


def _amount(text: str, where: str) -> Decimal:
    try:
        amount = Decimal(text.replace(",", "."))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ConfigError(f"{where}: an amount such as 0,1952 is expected, not {text!r}")
    return amount


def _day(text: str, where: str) -> date:
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day of the calendar
        except ValueError:
            continue
    raise ConfigError(f"{where}: a day such as 01/02/2026 is expected, not {text!r}")
