"""What tables take on the server's disk, which is less than the server's own figures: pages are compressed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from common.database.mariadb import Connection

#: A view that mariadb/storer.sql makes: what is allocated, which only an administrator may ask for.
VIEW = "table_files"
# Before page compression, which leaves a quarter of it at best; the storage engine may have no figures yet.
_ESTIMATE = (
    "SELECT table_name, partition_name, COALESCE(data_length, 0) + COALESCE(index_length, 0)"
    " FROM information_schema.partitions WHERE table_schema = DATABASE()"
)
_FILE_BLOCK = 512  # bytes; st_blocks counts in them, whatever the file system


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of each table's files, by table and partition; without partitions, that is ''."""

    files: Mapping[tuple[str, str], int]
    measured: bool  # allocated on the disk; else the server's figures before page compression

    def of(self, table: str, partition: str | None = None) -> int:
        """Return the bytes of a table, or of one of its partitions."""
        return sum(size for (name, part), size in self.files.items() if name == table and partition in (None, part))


def read_sizes(connection: Connection) -> Sizes:
    """Return the sizes of all tables: from the files, else from the administrator's view, else estimated."""
    ((name, datadir),) = connection.query("SELECT DATABASE(), @@datadir")
    files = _from_files(Path(datadir) / name) or _from_view(connection, name)
    if files:
        return Sizes(files, measured=True)
    return Sizes(_sum(((table, part or ""), size) for table, part, size in connection.query(_ESTIMATE)), measured=False)


def _from_files(folder: Path) -> dict[tuple[str, str], int]:
    """Return what the files take; nothing if they are not readable."""
    try:
        return _sum((_split(file.stem), file.stat().st_blocks * _FILE_BLOCK) for file in folder.glob("*.ibd"))
    except OSError:
        return {}


def _from_view(connection: Connection, database: str) -> dict[tuple[str, str], int]:
    if not connection.query(
        "SELECT 1 FROM information_schema.views WHERE table_schema = DATABASE() AND table_name = %s", (VIEW,)
    ):
        return {}
    prefix = f"{database}/"
    rows = connection.query(f"SELECT name, bytes FROM {VIEW}")  # noqa: S608 - our own name
    return _sum((_split(str(name).removeprefix(prefix)), size) for name, size in rows)


def _sum(files: Iterable[tuple[tuple[str, str], int]]) -> dict[tuple[str, str], int]:
    sizes: dict[tuple[str, str], int] = {}
    for key, size in files:
        sizes[key] = sizes.get(key, 0) + int(size)
    return sizes


def _split(file: str) -> tuple[str, str]:
    """Return table and partition: the name of a file is `frames#P#p202611`, or `...#SP#p202611sp0` of a part of it."""
    table, _, partition = file.partition("#P#")
    return table, partition.partition("#SP#")[0]
