"""Imports of the page: the same readers and the same writer as those of the command `import`."""

import re

from common.errors import ConfigError, FileRefused
from storer.database.meters import known_meters
from storer.imports import conso, enedis, writer
from storer.imports.facts import facts
from storer.imports.home_assistant import SeriesNeeded, read_series
from storer.imports.importer import DayImporter, DayOutcome, Importer, Outcome
from storer.imports.kinds import PARSERS, NotRecognised, parse_content
from storer.imports.temperatures import parse_temperatures
from storer.requests import table
from storer.requests.job import Job
from storer.requests.join import PRM, meter_of
from storer.requests.problem import Failed, failed

_KINDS = (*PARSERS, "home-assistant", writer.TEMPERATURES)
_LONGEST = 200  # characters of a name


def import_file(job: Job) -> None:
    """Import the file of a request."""
    kind = job.arguments.kind
    if kind is not None and kind not in _KINDS:
        raise Failed("Ce type de fichier n’existe pas.", "There is no such kind of file.")
    name = re.sub(r"[^\w .()+-]", "_", job.arguments.name.rpartition("/")[2])[-_LONGEST:]
    data = table.read_file(job.connection, job.request.id)
    meter, dry_run = _find_meter(job, data), job.arguments.dry_run

    def written(outcome: Outcome | DayOutcome) -> None:
        job.finish(facts(outcome))

    try:
        if kind == writer.TEMPERATURES:
            days = DayImporter(job.connection, meter, dry_run=dry_run, written=written)
            days.run(name, parse_temperatures(data), job.now)
            return
        importer = Importer(
            job.connection,
            meter,
            series=read_series(list(job.arguments.series)),
            dry_run=dry_run,
            progress=job.progress,
            written=written,
        )
        importer.run(kind, name, lambda kind, request: parse_content(kind, name, data, request), job.now)
    except SeriesNeeded as error:
        raise Failed(
            "Cette base a plusieurs séries d’énergie : choisissez celle du compteur.",
            "This database has several series of energy: choose that of the meter.",
            {"series": error.known},
        ) from error
    except NotRecognised as error:
        raise Failed(
            "Ce fichier n’est pas reconnu : il faut un fichier d’Enedis, d’EDF, de Home Assistant, ou CSV.",
            "This file is not recognised: a file of Enedis, EDF, Home Assistant or CSV is expected.",
        ) from error
    except (FileRefused, ConfigError) as error:
        raise failed(error) from error
    except (MemoryError, RecursionError) as error:
        raise Failed(
            "Ce fichier est trop grand pour cette machine : exportez moins d’années à la fois.",
            "This file is too large for this machine: export fewer years at once.",
        ) from error


def _find_meter(job: Job, data: bytes) -> tuple[int | None, str]:
    """Return number and address of the meter of the file; the number is None if nothing of it is stored yet.

    A wrong digit must not make a meter: a new one is the first, or one that another has replaced.
    """
    meters, meter = known_meters(job.connection), job.arguments.meter
    if meter is None:
        # A home without a meter stands under its delivery point, which its files name.
        prm = conso.read_prm(data) or enedis.read_prm(data)
        if len(meters) == 1:
            ((address, number),) = meters.items()
            _check_prm(job, prm, address, number)
            return number, address
        if prm is not None and (not meters or prm in meters or meter_of(job.connection, prm) is not None):
            meter = prm
        elif meters:
            raise Failed("De quel compteur est ce fichier ?", "Which meter is this file of?")
        else:
            raise Failed(
                "De quel point de livraison est ce fichier ? Son numéro (PRM, 14 chiffres) est sur vos factures.",
                "Which delivery point is this file of? Its number (PRM, 14 digits) is on your bills.",
            )
    if meter in meters:
        return meters[meter], str(meter)
    if (joined := meter_of(job.connection, meter)) is not None:
        return joined, next(address for address, number in meters.items() if number == joined)
    if not re.fullmatch("[0-9]{12}|[0-9]{14}", meter):
        raise Failed(
            "Une adresse de compteur a 12 chiffres, un point de livraison 14.",
            "The address of a meter has 12 digits, a delivery point 14.",
        )
    if meters and not _is_replaced(job, meter):
        raise Failed(
            f"Le compteur {meter} est inconnu. Est-ce l’ancien ? Indiquez d’abord quel compteur l’a remplacé.",
            f"The meter {meter} is unknown. Is it the old one? First say which meter has replaced it.",
        )
    return None, meter


def _check_prm(job: Job, prm: str | None, address: str, number: int) -> None:
    """Refuse a file of a delivery point that is none of those known of the only meter."""
    rows = job.connection.query("SELECT DISTINCT prm FROM imports WHERE meter_id = %s AND prm IS NOT NULL", (number,))
    known = {str(joined) for (joined,) in rows} | ({address} if PRM.fullmatch(address) else set())
    if prm is not None and known and prm not in known:
        here = ", ".join(f"…{one[-4:]}" for one in sorted(known))
        raise Failed(
            f"Ce fichier vient du point de livraison …{prm[-4:]}, pas de celui de ce logement ({here}) :"
            " choisissez le compteur.",
            f"This file is from the delivery point …{prm[-4:]}, not from that of this home ({here}): choose the meter.",
        )


def _is_replaced(job: Job, meter: str) -> bool:
    rows = job.connection.query("SELECT 1 FROM settings WHERE section = 'meters' AND JSON_SEARCH(value, 'one', %s,"
                                " NULL, '$.*.replaces') IS NOT NULL", (meter,))  # fmt: skip
    return bool(rows)


def forget_import(job: Job) -> None:
    """Delete what an import brought."""
    number = job.arguments.id
    try:
        writer.forget(job.connection, number, lambda rows: job.finish({"rows": rows}))
    except ConfigError as error:
        raise Failed(f"Il n’y a pas d’import {number}.", f"There is no import {number}.") from error
