"""Carries out the next request, whatever becomes of it."""

import contextlib
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

from common.contract.requests import KINDS as REQUESTS
from common.database.mariadb import Connection, Database
from common.errors import PermanentError, TeleinfoError, Unavailable
from common.settings.fields import SectionError
from storer.config.options import StorerConfig
from storer.database.locks import take_lock
from storer.requests import table
from storer.requests.job import Job, RowProgress
from storer.requests.kinds import KINDS
from storer.requests.problem import Failed, NotNow, failed
from storer.requests.table import Request
from storer.rollups.state import server_now

log = logging.getLogger(__name__)

_LONGEST = 600.0  # seconds of a statement
_ATTEMPTS = 3  # a request that ends the storer each time would do so for ever
_LATER = timedelta(minutes=5)


def carry_out_next(settings: StorerConfig) -> bool:
    """Carry out the oldest request that is due; return whether there was one.

    Raises:
        Unavailable: the database has gone away meanwhile; the request is begun again.
    """
    database = Database(settings.database)
    with (
        contextlib.closing(database.connect(_LONGEST)) as connection,
        contextlib.closing(database.connect()) as other,
    ):
        if not take_lock(other, table.LOCK):
            return False
        request = table.take(connection, settings.name, server_now(connection))
        if request is None:
            return False
        progress = RowProgress(other, request.id)
        job = Job(request, settings, database, connection, progress, server_now(connection), None)
        _carry_out(job)
        return True


def _carry_out(job: Job) -> None:
    request = job.request
    log.info("Request %d: %s", request.id, request.kind)
    try:
        if request.attempts > _ATTEMPTS:
            raise Failed(
                "Cette demande a été interrompue trois fois : elle est abandonnée.",
                "This request was interrupted three times: it is given up.",
            )
        asked = replace(job, arguments=_arguments(request))
        KINDS[request.kind](asked)
    except NotNow as reason:
        log.info("Request %d waits: %s", request.id, reason)
        table.postpone(job.connection, request.id, server_now(job.connection) + _LATER)
    except Failed as problem:
        _fail(job.connection, request, problem)
    except Unavailable:
        raise
    except PermanentError as error:
        log.warning("Request %d: %s", request.id, error)
        _fail(
            job.connection,
            request,
            Failed(
                "La base refuse : le compte de l’archiveur n’a pas tous ses droits.",
                "The database refuses: the storer's account lacks a right.",
            ),
        )
    except TeleinfoError as error:
        _fail(job.connection, request, failed(error))


def _arguments(request: Request) -> Any:
    """Return what was asked; the monitor has checked it, and somebody else may have written the row."""
    if request.kind not in REQUESTS:
        raise Failed("Cette demande est inconnue de l’archiveur.", "The storer does not know such a request.")
    try:
        return REQUESTS[request.kind].read(request.arguments)
    except SectionError as error:
        french = "; ".join(f"{one.at} : {one.fr}" for one in error.problems)
        raise Failed(french, str(error)) from error


def _fail(connection: Connection, request: Request, problem: Failed) -> None:
    log.warning("Request %d failed: %s", request.id, problem)
    table.fail(connection, request.id, problem)
