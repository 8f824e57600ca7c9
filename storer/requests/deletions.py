"""What is forgotten: a meter or a source with its rows, and what a broker retains of programs and meters."""

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from common.contract.topics import Topics, device_topic
from common.database.mariadb import sql_time
from common.errors import BackupError, ConfigError
from storer.backup.backup import backup
from storer.database.locks import is_locked
from storer.database.meters import known_meters
from storer.database.settings import read_saved
from storer.requests.job import Job
from storer.requests.problem import Failed, NotNow
from storer.requests.retained import ForgetFailed, NotAllowed, Running, forget, forget_meter, forget_monitor
from storer.retention.forget import delete_meter, delete_source, keep_backups_away

log = logging.getLogger(__name__)

T = TypeVar("T")
_PREFIX = "homeassistant"  # the reader's default


def forget_one_meter(job: Job) -> None:
    """Delete all that the database has of a meter, and what the broker retains of it."""
    meter = job.arguments.meter
    stored = known_meters(job.connection).get(meter)
    _refuse_speaking(job, meter, stored)
    is_stored = stored is not None or job.is_repeated
    if is_stored:
        require_backup(job)
    # First: a meter that is being read would come back at once.
    cleared = [
        _ask_broker(partial(forget_meter, job.settings.mqtt, Topics(base), meter, device_topic(_PREFIX, meter)))
        for base in job.settings.mqtt.topic
    ]
    if not is_stored and not any(cleared):
        raise Failed(f"Le compteur {meter} est inconnu.", f"The meter {meter} is unknown.")
    _keep_backups_away(job)
    try:
        rows = delete_meter(job.connection, meter, job.progress)
    except ConfigError:  # of an earlier attempt, or known to the broker only
        rows = {}
    job.finish({"rows": sum(rows.values())})


def _refuse_speaking(job: Job, meter: str, number: int | None) -> None:
    """Refuse a meter that has come back since its owner wanted it forgotten."""
    sql = "SELECT 1 FROM frames WHERE meter_id = %s AND timestamp > %s LIMIT 1"
    if number is not None and job.connection.query(sql, (number, sql_time(job.request.created_at))):
        raise Failed(
            f"Le compteur {meter} envoie de nouveau des données : il reste.",
            f"The meter {meter} sends data again: it stays.",
        )


def forget_one_source(job: Job) -> None:
    """Delete all that the database has of a source."""
    name = job.arguments.name
    if any(source.name == name for source in read_saved(job.database).sources):
        raise Failed(
            f"« {name} » est encore suivi : retirez-le d’abord des appareils.",
            f"{name!r} is still read: first take it out of the devices.",
        )
    if not job.connection.query("SELECT 1 FROM sources WHERE name = %s", (name,)) and not job.is_repeated:
        raise Failed(f"« {name} » est inconnu.", f"{name!r} is unknown.")
    require_backup(job)
    _keep_backups_away(job)
    try:
        rows = delete_source(job.connection, name, job.progress)
    except ConfigError:  # an attempt before has deleted everything
        rows = 0
    job.finish({"rows": rows})


def forget_program(job: Job) -> None:
    """Clear what the broker retains of a reader, a storer or a monitor that is gone."""
    program, name = job.arguments.program, job.arguments.name
    for base in job.settings.mqtt.topic:
        if program == "monitor":
            _ask_broker(partial(forget_monitor, job.settings.mqtt, Topics(base), name, job.now))
        else:
            _ask_broker(partial(forget, job.settings.mqtt, Topics(base), program, name))
    job.finish({})


def require_backup(job: Job) -> None:
    """Make a backup, where backups are made, unless one was finished since the request was made."""
    folder, asked_at = job.settings.backup.folder, sql_time(job.request.created_at)
    if folder is None or job.connection.query("SELECT 1 FROM backups WHERE finished_at > %s LIMIT 1", (asked_at,)):
        return
    if is_locked(job.connection, "backup"):
        raise NotNow("a backup is being made")
    try:
        problems = backup(job.database, folder, read_saved(job.database).retention).problems
    except (BackupError, OSError) as error:
        problems = [str(error)]
    if problems:
        log.warning("Request %d: the backup before it failed: %s", job.request.id, problems[0])
        raise Failed(
            "Rien n’a été supprimé : la sauvegarde qui doit précéder a échoué.",
            "Nothing was deleted: the backup that has to come first failed.",
        )


def _keep_backups_away(job: Job) -> None:
    if is_locked(job.connection, "backup"):
        raise NotNow("a backup is being made")
    keep_backups_away(job.connection)


def _ask_broker(action: Callable[[], T]) -> T:
    try:
        return action()
    except Running as error:
        raise Failed(
            "Rien n’a été supprimé : ce n’est pas parti, des données en arrivent encore.",
            "Nothing was deleted: it is not gone, data of it still arrive.",
        ) from error
    except NotAllowed as error:
        raise Failed(
            "Rien n’a été supprimé : les règles d’accès du serveur MQTT ne permettent pas d’y effacer.",
            "Nothing was deleted: the access rules of the MQTT broker do not permit to clear it there.",
        ) from error
    except ForgetFailed as error:
        log.warning("Requests: %s", error)
        raise Failed(
            "Rien n’a été supprimé : le serveur MQTT ne répond pas. Réessayez plus tard.",
            "Nothing was deleted: the MQTT broker does not answer. Try again later.",
        ) from error
