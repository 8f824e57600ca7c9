"""Tables of prices on disk: the bundled ones, and newer ones in the state folder, which somebody took.

Of each the file from before is kept, so that it can be taken back.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from common.errors import ConfigError
from common.machine.files import replace_file
from common.settings.file_errors import reason
from common.settings.yaml_file import parse_yaml, read_yaml
from monitor.money.dated_files import SpotPrices, read_file
from monitor.money.price_document import read_document
from monitor.money.prices import Kind, PriceFile, PriceRow, PriceTable
from monitor.money.rules import Rule

BUNDLED = Path(__file__).with_name("data") / "tarif_bleu.yaml"
MARKET = Path(__file__).with_name("data") / "offers.yaml"
TABLES = (BUNDLED, MARKET)
#: Newer tables than the bundled ones, in the same order.
UPDATED = ("update_tarif_bleu.yaml", "update_offers.yaml")
#: What the regulator's files have that the project's table does not have yet.
REGULATOR = "update_cre.yaml"
TAKEN = (*UPDATED, REGULATOR)


def all_prices(tables: Sequence[PriceFile], own: PriceFile | None = None, spot: SpotPrices | None = None) -> PriceTable:
    """Return the prices of tables, after the owner's."""
    return PriceTable([*([] if own is None else [replace(own, own=True)]), *tables], spot)


def load_tables(state: Path, without: str | None = None) -> list[PriceFile]:
    """Return the tables that were taken, which are in the state folder, and the bundled ones.

    Args:
        state: the folder.
        without: the name of a table that was taken, in whose place the one from before is read.

    Raises:
        ConfigError: a file cannot be read, or a row is wrong.
    """
    return [table for place in range(len(UPDATED)) for table in tables(state, place, without)]


def tables(state: Path, place: int, without: str | None = None) -> list[PriceFile]:
    """Return the bundled table of a place in `TABLES`, after the ones that were taken, unless these are older."""
    found = [read_document(read_yaml(TABLES[place]), TABLES[place].name)]
    for name in (UPDATED[place], *([REGULATOR] if TABLES[place] == BUNDLED else [])):
        path = former_of(state, name) if name == without else state / name
        if is_readable(path) and path.stat().st_size:
            taken = read_document(read_yaml(path), str(path))
            if not is_older(taken, found[0]):
                found.insert(0, taken)
    return found


def former_of(state: Path, name: str) -> Path:
    """Return the file from before the one that was taken; an empty one: there was none."""
    return state / f"{name}.before"


def is_readable(path: Path) -> bool:
    """Tell whether a file is there, for this user: the state folder is the monitor's own."""
    return os.access(path, os.R_OK)


def is_older(table: PriceFile, other: PriceFile) -> bool:
    """Tell whether the prices of a table were compared with their sources before those of another one."""
    return (table.checked or date.min) < (other.checked or date.min)


def is_regulators(table: PriceFile) -> bool:
    """Tell whether a table was taken from the regulator's files, be it the one from before."""
    return Path(table.origin).name in (REGULATOR, former_of(Path(), REGULATOR).name)


def keep(state: Path, name: str, content: bytes) -> Path:
    """Keep a table in the state folder, and beside it the one from before; return where.

    Raises:
        ConfigError: it cannot be written; it is as it was.
    """
    path, former = state / name, former_of(state, name)
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = state.stat() if os.geteuid() == 0 else None  # a command of root: it is the monitor's all the same
        before = path.read_bytes() if path.exists() else b""
        if before == content:  # taken already: the one from before stays what it is
            return path
        replace_file(former, before, mode=0o600, owner=owner)
        replace_file(path, content, mode=0o600, owner=owner)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {reason(error)}") from error
    return path


def is_taken(state: Path, name: str, content: bytes) -> bool:
    """Tell whether a table was taken, and can be given back."""
    try:
        return former_of(state, name).exists() and (state / name).read_bytes() == content
    except OSError:
        return False


def give_back(state: Path, name: str) -> None:
    """Put the file from before in the place of a table that was taken.

    Raises:
        OSError: it cannot be done.
    """
    former = former_of(state, name)
    if former.stat().st_size:
        former.replace(state / name)
    else:
        (state / name).unlink(missing_ok=True)
        former.unlink()


@dataclass(frozen=True, slots=True)
class Change:
    """The prices of an offer that a newer table has."""

    offer: str
    title: str
    rule: Rule | None
    before: PriceRow | None  # None: the offer is new
    after: PriceRow


def update_prices(source: Path, sha256: str, state: Path, today: date) -> tuple[Path, list[Change]]:
    """Take a newer table of the project; rows that only the older one has still count.

    Args:
        source: the file.
        sha256: of the file, as the release states it.
        state: the folder where it is kept.
        today: the present day.

    Returns:
        Where it was kept, and the prices that changed.

    Raises:
        ConfigError: it cannot be read or kept, it is not what the release states, no table, or an older one.
    """
    content = read_file(source)
    check_sum(content, sha256, str(source))
    table = read_table(content, str(source))
    name = name_of(table)
    before = tables(state, UPDATED.index(name))[0]
    if is_older(table, before):
        raise ConfigError(f"{source}: is of {table.checked}, the one that is here of {before.checked}: not taken")
    changes = list(_changes(before, table, today))
    return keep(state, name, content), changes


def check_sum(content: bytes, sha256: str, source: str) -> None:
    """Check that a file is the one that a release states.

    Raises:
        ConfigError: it is another one.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != sha256.strip().lower():
        raise ConfigError(f"{source}: its SHA-256 is {found}, not the one that was given: it is refused")


def read_table(content: bytes, source: str) -> PriceFile:
    """Read a table of the project.

    Raises:
        ConfigError: it is none.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{source}: it is no table of prices") from error
    table = read_document(parse_yaml(text, source), source)
    if table.checked is None:
        raise ConfigError(f"{source}: it has no `checked`, so it is no table of the project; your own: docs/energy.md")
    if not table.rows:
        raise ConfigError(f"{source}: it contains no prices")
    return table


def name_of(table: PriceFile) -> str:
    """Return the name under which a table of the project is kept."""
    return UPDATED[0 if any(offer.kind is Kind.REGULATED for offer in table.offers) else 1]


def _changes(before: PriceFile, after: PriceFile, today: date) -> Iterator[Change]:
    for offer in after.offers:
        old, new = _newest(before, offer.id, today), _newest(after, offer.id, today)
        if new is not None and new != old:
            yield Change(offer.id, offer.title, offer.rule, old, new)


def _newest(table: PriceFile, offer: str, today: date) -> PriceRow | None:
    rows = [row for row in table.rows if row.offer == offer and row.start <= today]
    return max(rows, key=lambda row: row.start, default=None)
