"""Finds the files that make a whole backup, and what is missing among them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from common.errors import BackupError, ConfigError
from storer.backup.file_names import find_backups
from storer.backup.scope import covers
from storer.backup.verify import Contents, read_header


def choose(paths: Path | Sequence[Path]) -> list[Path]:
    """Return the files to restore: those given; of a folder all that have a month, and the newest one that knows these.

    On a new machine a backup may be made before the files of the old one are restored: it is newer, and knows nothing.

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
    found = _missing(contents)
    if found is None:
        return []
    what, advice = found
    if not partial:
        raise BackupError(f"{what}: {advice}, or restore only a part of the database with --partial")
    return [f"only a part: {what}"]


def _missing(contents: Mapping[Path, Contents]) -> tuple[str, str] | None:
    """Return what is missing, and what to do."""
    newest = newest_rest(contents)
    if newest is None:
        return "a file such as NAME-2026-11-24T030000Z.jsonl.gz, which says what there must be, is missing", "add it"
    header = contents[newest].header
    listed = header.months or {}
    months = [one.header for one in contents.values() if one.header.month is not None]
    known = {*listed, *(month for rows in contents[newest].months.values() for month in rows)}
    unknown = {one.month for one in months if one.month not in known and one.taken < header.taken}
    if unknown:
        names = ", ".join(sorted(map(str, unknown)))
        return f"{newest.name} knows nothing of {names}, it is of another database", "name the right file"
    missing = []
    for month, frames in sorted(listed.items()):
        found = max(
            (one.frames[month] for file, one in contents.items() if file != newest and covers(one.header, month)),
            default=None,
        )
        if found is None:
            missing.append(f"{month} ({frames} frames)")
        elif found < frames:
            missing.append(f"{month} ({frames} frames, {found} in these files)")
    return (f"months are missing that belong to {newest.name}: {', '.join(missing)}", "add them") if missing else None


def newest_rest(contents: Mapping[Path, Contents]) -> Path | None:
    """Return the newest file that is not of a month, None if there is none."""
    files = [file for file in contents if contents[file].header.month is None]
    return max(files, key=lambda file: contents[file].header.taken, default=None)


def _of_folder(folder: Path) -> list[Path]:
    try:
        found = find_backups(folder)
    except OSError as error:
        raise BackupError(f"{folder}: cannot be read: {error.strerror}") from error
    names = {one.database for one in found}
    if len(names) > 1:
        raise ConfigError(
            f"{folder}: has backups of several databases ({', '.join(sorted(names))}): name the files of one"
        )
    rests = [one.path for one in found if not one.of_month]
    if not rests:
        raise ConfigError(f"{folder}: has no backup such as NAME-2026-11-24T030000Z.jsonl.gz")
    months = {one.month: one.path for one in found if one.of_month}
    return [*months.values(), next((file for file in reversed(rests) if _knows(file, months)), rests[-1])]


def _knows(file: Path, months: Iterable[str]) -> bool:
    try:
        return set(months) <= set(read_header(file).months or ())
    except BackupError:
        return True  # it is refused, and not passed over
