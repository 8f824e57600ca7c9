"""The price files on disk: the user's, those that were updated, and the bundled ones."""

import os
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

from common.errors import ConfigError
from common.settings.file_errors import reason
from common.settings.yaml_file import read_yaml
from monitor.money.dated_files import read_file, read_spot
from monitor.money.price_document import read_document
from monitor.money.prices import PriceFile, PriceTable

BUNDLED = Path(__file__).with_name("data") / "tarif_bleu.yaml"
MARKET = Path(__file__).with_name("data") / "offers.yaml"
TABLES = (BUNDLED, MARKET)
#: Newer tables than the bundled ones, in the same order.
UPDATED = ("update_tarif_bleu.yaml", "update_offers.yaml")


def load_prices(user_file: Path | None, folder: Path, spot_file: Path | None = None) -> PriceTable:
    """Read all prices: `user_file` first, then what was updated in `folder`, then the bundled tables.

    Raises:
        ConfigError: a file cannot be read, or a row is wrong.
    """
    files = [] if user_file is None else [replace(read_document(read_yaml(user_file), str(user_file)), own=True)]
    regulated, market = (tables(folder, place) for place in range(len(UPDATED)))
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
