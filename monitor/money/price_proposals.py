"""What newer tables of prices would change: of the regulator's files and of the project's. Pure."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from common.errors import ConfigError
from monitor.money import cre
from monitor.money.price_files import REGULATOR, TAKEN, Change, is_older, is_regulators, name_of, read_table
from monitor.money.prices import PriceFile, PriceRow, PriceTable


@dataclass(frozen=True, slots=True)
class Proposed:
    """A table that can be taken."""

    name: str  # under which it is kept, once it is taken
    source: str  # the host that it came from
    checked: date  # when its prices were compared with their source
    content: bytes
    table: PriceFile
    changes: Sequence[Change]  # by offer and day; none: prices are as they were, and were looked at since

    @property
    def id(self) -> str:
        """What names it: another content has another id."""
        return hashlib.sha256(self.content).hexdigest()[:12]


def proposed(kept: Mapping[str, Any], files: Sequence[PriceFile]) -> Iterator[Proposed]:
    """Yield what newer tables would change.

    Args:
        kept: by `monitor.fetch.prices`.
        files: the tables that hold; the owner's own are left out.
    """
    tables = [file for file in files if not file.own]
    for one in kept.get("tables", ()):
        try:
            found = _proposed(str(one["source"]), str(one["text"]), str(one["name"]), tables)
        except (ConfigError, KeyError, TypeError):  # of another version
            continue
        if found is not None:
            yield found


def _proposed(source: str, text: str, name: str, tables: Sequence[PriceFile]) -> Proposed | None:
    table = _read(text, source)
    if name not in TAKEN or table.checked is None:
        return None
    if name == REGULATOR:
        others = [one for one in tables if not is_regulators(one)]  # this one takes the place of what was taken
        rows = [row for row in table.rows if _is_later(row, others)]
        text = cre.table(rows, table.checked)
        table = _read(text, source) if rows else replace(table, rows=())
    elif name != name_of(table) or not _is_newer(table, name, tables):
        return None
    changes = list(changes_of(table, tables))
    if name == REGULATOR and not changes:
        return None
    return Proposed(name, source, table.checked or date.min, text.encode(), table, changes)


@lru_cache(maxsize=8)
def _read(text: str, source: str) -> PriceFile:
    return read_table(text.encode(), source)


def _is_newer(table: PriceFile, name: str, tables: Sequence[PriceFile]) -> bool:
    """Tell whether a table of the project was checked after each one of its kind."""
    own = [one for one in tables if name_of(one) == name]
    return all(is_older(one, table) for one in own)


def _is_later(row: PriceRow, tables: Sequence[PriceFile]) -> bool:
    """Tell whether a row begins after all that are known of its offer: equal days are no news."""
    return all(one.start < row.start for table in tables for one in table.rows if one.offer == row.offer)


def changes_of(table: PriceFile, tables: Sequence[PriceFile]) -> Iterator[Change]:
    """Yield the newest prices that differ from those that are known, and each row of a later day."""
    known = PriceTable(tables)
    for offer in table.offers:
        rows = sorted((row for row in table.rows if row.offer == offer.id), key=lambda row: row.start)
        before = max(known.all_rows(offer.id), key=lambda row: row.start, default=None)
        described = known.offer(offer.id) or offer
        later = [row for row in rows if before is None or row.start > before.start]
        corrected = [row for row in rows if before is not None and row.start == before.start and _differs(row, before)]
        for row in [*corrected, *later]:
            yield Change(offer.id, described.title, described.rule or offer.rule, before, row)
            before = row


def _differs(row: PriceRow, other: PriceRow) -> bool:
    return (row.kwh, row.subscription, row.spot) != (other.kwh, other.subscription, other.spot)


def as_of(found: Proposed, day: date, prices: PriceTable) -> PriceTable:
    """Return prices as if the newest ones of a table held since a day: what they would have made of a past bill."""
    rows: dict[str, PriceRow] = {}
    for change in found.changes:
        rows[change.offer] = replace(change.after, start=min(day, change.after.start), end=None)
    table = replace(found.table, rows=tuple(rows.values()), checked=None, own=False)
    own = [file for file in prices.files if file.own]
    return PriceTable([*own, table, *(file for file in prices.files if not file.own)], prices.spot)
