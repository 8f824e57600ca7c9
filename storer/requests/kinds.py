"""What each kind of request does."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time

from common.errors import BackupError
from storer.backup.backup import backup
from storer.database.locks import is_locked
from storer.database.settings import read_saved
from storer.requests.deletions import forget_one_meter, forget_one_source, forget_program
from storer.requests.imports import forget_import, import_file
from storer.requests.job import Job
from storer.requests.join import join_meter
from storer.requests.outside import add_outside
from storer.requests.problem import Failed, NotNow
from storer.rollups.rebuild import rebuild
from storer.sources.tables import remake_hours


def rebuild_rollups(job: Job) -> None:
    """Make minutes and hours again from frames, and hours of sources from their minutes."""
    if is_locked(job.connection, "rebuild"):
        raise NotNow("another rebuild is running")
    start, end = (datetime.combine(day, time.min, UTC) for day in (job.arguments.start, job.arguments.end))
    done = rebuild(job.database, start, end, job.progress)
    for _ in remake_hours(job.connection, start, end):
        pass
    job.finish({"hours": done.hours, "frames": done.frames})


def make_backup(job: Job) -> None:
    """Make a backup."""
    folder = job.settings.backup.folder
    if folder is None:
        raise Failed(
            "Aucun dossier de sauvegarde n’est prévu sur cette machine.", "This machine has no folder for backups."
        )
    if is_locked(job.connection, "backup"):
        raise NotNow("a backup is being made")
    try:
        done = backup(job.database, folder, read_saved(job.database).retention)
    except (BackupError, OSError) as error:
        raise Failed(f"La sauvegarde a échoué : {error}", f"The backup failed: {error}") from error
    job.finish({"notes": done.notes, "problems": done.problems})


KINDS: Mapping[str, Callable[[Job], None]] = {
    "import": import_file,
    "import-forget": forget_import,
    "forget-meter": forget_one_meter,
    "forget-source": forget_one_source,
    "forget-program": forget_program,
    "join": join_meter,
    "outside": add_outside,
    "rebuild": rebuild_rollups,
    "backup": make_backup,
}
