"""Finds the files that make a whole backup."""

import re
from collections.abc import Sequence
from pathlib import Path

from common.errors import BackupError, ConfigError

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
