"""Price files on disk: the user's, those that were updated, and the bundled ones.

`prices update` takes a newer table, of which the project's release states the SHA-256: only when somebody asks for it.
The monitor reads files again when they change.
"""

import hashlib
import http.client
import logging
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from common.errors import ConfigError
from common.runtime.logs import ChangeLogger
from common.settings.file_errors import reason
from common.settings.yaml_file import parse_yaml, read_yaml
from monitor.base.config import MonitorConfig
from monitor.money.calendars import Calendars, load_calendars
from monitor.money.dated_files import read_file, read_spot
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
log = logging.getLogger(__name__)
LOOK_EVERY = 5.0  # seconds
_Seen = tuple[tuple[int, int] | None, ...]  # of each file: time of the last change and size; None: it is not there


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


class Rates(NamedTuple):
    """What costs are computed with."""

    prices: PriceTable
    calendars: Calendars


class PriceFiles:
    """Reads the files again when one changes: a corrected price corrects the past, without a restart."""

    def __init__(self, settings: MonitorConfig, folder: Path) -> None:
        """Read the files; `folder` is that of the configuration.

        Raises:
            ConfigError: a file of prices or colours is wrong.
        """
        self._settings = settings
        self._folder = folder
        named = [
            file
            for file in (settings.prices, settings.tempo, settings.spot, *(file for _, file in settings.calendars))
            if file is not None
        ]
        self._files = [*named, *(folder / name for name in UPDATED)]
        self._changes = ChangeLogger(log)
        self._looked_at = float("-inf")
        self._seen = self._look()
        self.current = self._read()

    def refresh(self, now: float) -> bool:
        """Look for changes at the monotonic time `now`; return whether `current` is new.

        Files that are wrong change nothing: the log and `error` of the prices say what to correct.
        """
        if now - self._looked_at < LOOK_EVERY:
            return False
        self._looked_at = now
        seen = self._look()
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            self.current = self._read()
        except ConfigError as error:
            self.current.prices.error = str(error)
            self._changes.log(logging.ERROR, f"{error}; the prices from before are still used")
            return False
        self._changes.reset()
        log.info("Reloaded prices and calendars")
        return True

    def _read(self) -> Rates:
        settings = self._settings
        prices = load_prices(settings.prices, self._folder, settings.spot)
        calendars = load_calendars(settings.tempo, settings.calendars, prices, alsace_moselle=settings.alsace_moselle)
        return Rates(prices, calendars)

    def _look(self) -> _Seen:
        return tuple(map(_state, self._files))


def _state(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
