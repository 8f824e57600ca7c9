"""Finds the files that make a whole backup, and what is missing among them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from common.errors import BackupError, ConfigError
from storer.backup.scope import covers
from storer.backup.verify import Contents

_FILE = re.compile(r"(?P<name>.+)-(?P<month>\d{4}-\d\d)(?P<moment>-\d\dT\d{6}Z)?\.jsonl\.gz")


def choose(paths: Path | Sequence[Path]) -> list[Path]:
    """Return the files to restore: those given; of a folder its newest one and all that have a month.

    Raises:
        ConfigError: a folder has no backup, or backups of several databases.
    """
    given = [paths] if isinstance(paths, Path) else list(paths)
    files: list[Path] = []
    for path in given:
        files += _of_folder(path) if path.is_dir() else [path]
    return list(dict.fromkeys(files))


def require_all(contents: Mapping[Path, Contents], *, partial: bool) -> list[str]:
    """Return what is missing among files, in words: the newest one that is not of a month says what there must be.

    Raises:
        BackupError: something is, and `partial` does not allow it.
    """
    missing = _missing(contents)
    if not missing:
        return []
    text = "; ".join(missing)
    if not partial:
        raise BackupError(f"{text}: add them, or restore only a part of the database with --partial")
    return [f"only a part: {text}"]


def _missing(contents: Mapping[Path, Contents]) -> list[str]:
    newest = newest_rest(contents)
    if newest is None:
        return ["no file such as NAME-2026-11-24T030000Z.jsonl.gz: it says which months there are, and has the rest"]
    months = []
    for month, frames in sorted((contents[newest].header.months or {}).items()):
        found = max(
            (one.frames[month] for file, one in contents.items() if file != newest and covers(one.header, month)),
            default=None,
        )
        if found is None:
            months.append(f"{month} ({frames} frames)")
        elif found < frames:
            months.append(f"{month} ({frames} frames, {found} in these files)")
    return [f"{newest.name} belongs to files of months that are missing: {', '.join(months)}"] if months else []


def newest_rest(contents: Mapping[Path, Contents]) -> Path | None:
    """Return the newest file that is not of a month, None if there is none."""
    files = [file for file in contents if contents[file].header.month is None]
    return max(files, key=lambda file: contents[file].header.taken, default=None)


def _of_folder(folder: Path) -> list[Path]:
    try:
        found = [(match, file) for file in sorted(folder.iterdir()) if (match := _FILE.fullmatch(file.name))]
    except OSError as error:
        raise BackupError(f"{folder}: cannot be read: {error.strerror}") from error
    names = {match["name"] for match, _ in found}
    if len(names) > 1:
        raise ConfigError(
            f"{folder}: has backups of several databases ({', '.join(sorted(names))}): name the files of one"
        )
    whole = [file for match, file in found if match["moment"]]
    if not whole:
        raise ConfigError(f"{folder}: has no backup such as NAME-2026-11-24T030000Z.jsonl.gz")
    return [*(file for match, file in found if not match["moment"]), whole[-1]]
