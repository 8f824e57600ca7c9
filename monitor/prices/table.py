"""The price files on disk: the user's, those imported from the regulator, and the bundled one."""

import os
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

from common.errors import ConfigError
from common.settings.file_errors import reason
from common.settings.yaml_file import read_yaml
from monitor.prices.cre import COLUMNS, read_cre
from monitor.prices.document import read_document
from monitor.prices.model import PriceFile, PriceTable
from monitor.prices.spot_file import read_spot

BUNDLED = Path(__file__).with_name("tarif_bleu.yaml")
MARKET = Path(__file__).with_name("offers.yaml")
IMPORTED = tuple(f"cre_{offer}.csv" for offer in COLUMNS)
TABLES = (BUNDLED, MARKET)
#: Newer tables than the bundled ones, in the same order.
UPDATED = ("update_tarif_bleu.yaml", "update_offers.yaml")


def load_prices(user_file: Path | None, folder: Path, spot_file: Path | None = None) -> PriceTable:
    """Read all prices: `user_file` first, then what was imported and updated in `folder`, then the bundled tables.

    Raises:
        ConfigError: a file cannot be read, or a row is wrong.
    """
    files = [] if user_file is None else [replace(read_document(read_yaml(user_file), str(user_file)), own=True)]
    regulated, market = (tables(folder, place) for place in range(len(UPDATED)))
    for name in IMPORTED:
        path = folder / name
        if path.exists():
            files.append(_closed(read_cre(read_file(path), str(path)), regulated[0]))
    spot = None if spot_file is None else read_spot(read_file(spot_file), str(spot_file))
    return PriceTable([*files, *regulated, *market], spot)


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


def _closed(imported: PriceFile, table: PriceFile) -> PriceFile:
    """End the last grid of a regulator's file, which has no end, where a table has a newer one."""
    if not imported.rows:
        return imported
    names = {offer.meter: offer.id for offer in table.offers}
    *earlier, last = imported.rows
    newer = [row.start for row in table.rows if row.offer == names.get(last.offer) and row.start > last.start]
    end = last.end or min(newer, default=None)
    return replace(imported, rows=(*earlier, replace(last, end=end)))


def import_prices(path: Path, folder: Path) -> tuple[Path, PriceFile]:
    """Keep one of the regulator's files in `folder`, in place of an earlier one of the same offer.

    Returns:
        Where it was kept, and what it holds.

    Raises:
        ConfigError: it is not such a file, it was cut, it has less than an earlier one, or it cannot be kept.
    """
    content = read_file(path)
    prices = read_cre(content, str(path))
    if not prices.rows:
        raise ConfigError(f"{path}: contains no prices")
    if not content.endswith((b"\n", b"\r")):  # 0,20 may be the beginning of 0,2016
        raise ConfigError(f"{path}: the last line has no end, so the file was cut: download it again")
    kept = folder / f"cre_{prices.rows[0].offer}.csv"
    if kept.exists() and (less := _lines(prices)) < (more := _lines(read_cre(read_file(kept), str(kept)))):
        raise ConfigError(
            f"{path}: has {less} lines of prices, the earlier one {more}: download it again, or delete {kept} first"
        )
    keep(kept, content)
    return kept, prices


def keep(path: Path, content: bytes) -> None:
    """Replace a file beside the configuration, so that the monitor, a user of its own, may read it.

    Raises:
        ConfigError: it cannot be written; it is as it was.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # others may run at the same time
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fchmod(handle, 0o644)
                os.fsync(handle)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {reason(error)}; the prices are kept beside the configuration"
        ) from error


def _lines(prices: PriceFile) -> int:
    """Return how many lines a regulator's file has: one a grid and power."""
    return sum(len(row.subscription) for row in prices.rows)


def read_file(path: Path) -> bytes:
    """Read a file that the user names.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {reason(error)}") from error
