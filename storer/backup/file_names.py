"""What the files of backups in a folder are called, and which are there."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

SUFFIX = ".jsonl.gz"
_NAME = re.compile(
    r"(?P<database>.+)-(?P<month>\d{4}-(?:0[1-9]|1[0-2]))(?P<moment>-\d\dT\d{6}Z)?" + re.escape(SUFFIX), re.ASCII
)


@dataclass(frozen=True, slots=True)
class Named:
    """A file with the name of a backup."""

    path: Path
    database: str
    month: str  # such as 2026-10
    of_month: bool  # it has this month only; otherwise it has the rest, as it was at a moment


def path_of_month(folder: Path, database: str, month: datetime) -> Path:
    """Return the file of a closed month."""
    return folder / f"{database}-{month:%Y-%m}{SUFFIX}"


def path_of_rest(folder: Path, database: str, now: datetime) -> Path:
    """Return the file of what is not in those of months."""
    return folder / f"{database}-{now:%Y-%m-%dT%H%M%SZ}{SUFFIX}"


def find_backups(folder: Path) -> list[Named]:
    """Return the backups in a folder, by name: of those that were named after a moment, the newest is the last.

    Raises:
        OSError: the folder cannot be read.
    """
    found = [(path, _NAME.fullmatch(path.name)) for path in sorted(folder.iterdir())]
    return [Named(path, name["database"], name["month"], name["moment"] is None) for path, name in found if name]
