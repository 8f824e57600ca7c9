"""Tables of prices on disk: those that were updated, and the bundled ones.

`prices update` takes a newer table, of which the project's release states the SHA-256: only when somebody asks for it.
"""

import hashlib
import http.client
import urllib.error
import urllib.request
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
_LONGEST = 5_000_000  # bytes
_TIMEOUT = 30  # seconds


def all_prices(tables: Sequence[PriceFile], own: PriceFile | None = None, spot: SpotPrices | None = None) -> PriceTable:
    """Return the prices of tables, after the owner's."""
    return PriceTable([*([] if own is None else [replace(own, own=True)]), *tables], spot)


def load_tables(folder: Path) -> list[PriceFile]:
    """Return the tables that were updated in `folder`, and the bundled ones.

    Raises:
        ConfigError: a file cannot be read, or a row is wrong.
    """
    return [table for place in range(len(UPDATED)) for table in tables(folder, place)]


def tables(folder: Path, place: int) -> list[PriceFile]:
    """Return the bundled table, after the one that was taken by `prices update` unless that is older.

    Args:
        folder: where tables that were taken are kept.
        place: of the table in `TABLES` and `UPDATED`.
    """
    bundled, path = read_document(read_yaml(TABLES[place]), TABLES[place].name), folder / UPDATED[place]
    taken = [read_document(read_yaml(path), str(path))] if path.exists() else []
    return [*(one for one in taken if not is_older(one, bundled)), bundled]


def is_older(table: PriceFile, other: PriceFile) -> bool:
    """Tell whether the prices of a table were compared with their sources before those of another one."""
    return (table.checked or date.min) < (other.checked or date.min)


def keep(path: Path, content: bytes) -> None:
    """Replace a file beside the configuration, so that the monitor, a user of its own, may read it.

    Raises:
        ConfigError: it cannot be written; it is as it was.
    """
    try:
        replace_file(path, content, mode=0o644)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {reason(error)}; the prices are kept beside the configuration"
        ) from error


@dataclass(frozen=True, slots=True)
class Change:
    """The prices of an offer that a newer table has."""

    offer: str
    title: str
    rule: Rule | None
    before: PriceRow | None  # None: the offer is new
    after: PriceRow


def update_prices(source: str, sha256: str, folder: Path, today: date) -> tuple[Path, list[Change]]:
    """Keep a newer table in `folder`; rows that only the older one has still count.

    Args:
        source: a file, or an address that begins with https://.
        sha256: of the file, as the release states it.
        folder: where it is kept.
        today: the present day.

    Returns:
        Where it was kept, and the prices that changed.

    Raises:
        ConfigError: it cannot be read or kept, it is not what the release states, no table, or an older one.
    """
    content = _download(source) if "://" in source else read_file(Path(source))
    found = hashlib.sha256(content).hexdigest()
    if found != sha256.strip().lower():
        raise ConfigError(f"{source}: its SHA-256 is {found}, not the one that was given: it is refused")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{source}: it is no table of prices") from error
    table = read_document(parse_yaml(text, source), source)
    if table.checked is None:
        raise ConfigError(f"{source}: it has no `checked`, so it is no table of the project; your own: docs/energy.md")
    if not table.rows:
        raise ConfigError(f"{source}: it contains no prices")
    regulated = any(offer.kind is Kind.REGULATED for offer in table.offers)
    place = 0 if regulated else 1
    kept, before = folder / UPDATED[place], tables(folder, place)[0]
    if is_older(table, before):
        raise ConfigError(f"{source}: is of {table.checked}, the one that is here of {before.checked}: not taken")
    changes = list(_changes(before, table, today))
    keep(kept, content)
    return kept, changes


def _download(address: str) -> bytes:
    if not address.startswith("https://"):
        raise ConfigError(f"{address}: only an address that begins with https:// is fetched")
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT) as reply:  # noqa: S310 - https only
            content: bytes = reply.read(_LONGEST + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = error.reason if isinstance(error, urllib.error.URLError) else error
        raise ConfigError(f"{address}: cannot be read: {getattr(why, 'strerror', None) or why}") from error
    if len(content) > _LONGEST:
        raise ConfigError(f"{address}: is too long for a table of prices")
    return content


def _changes(before: PriceFile, after: PriceFile, today: date) -> Iterator[Change]:
    for offer in after.offers:
        old, new = _newest(before, offer.id, today), _newest(after, offer.id, today)
        if new is not None and new != old:
            yield Change(offer.id, offer.title, offer.rule, old, new)


def _newest(table: PriceFile, offer: str, today: date) -> PriceRow | None:
    rows = [row for row in table.rows if row.offer == offer and row.start <= today]
    return max(rows, key=lambda row: row.start, default=None)
