"""Parameters that several routes have: the meter, and a range of time. Refusals are for people, in French."""

from datetime import datetime, timedelta

from common.errors import ConfigError
from monitor.api.call import Call, Parameter, Refused
from monitor.ranges import read_time
from monitor.readings.hours import Meter

METER = Parameter(
    "meter", "Adresse du compteur, comme dans les topics MQTT ; inutile s'il n'y en a qu'un.", {"type": "string"}
)
_TIME = "une année, un mois ou un jour (2026-11-24 : minuit local), ou un instant ISO 8601 (2026-11-24T17:00:00Z)"
FROM = Parameter("from", f"Début : {_TIME}.", {"type": "string"})
TO = Parameter("to", f"Fin, non comprise : {_TIME}.", {"type": "string"})


def meter_of(call: Call) -> Meter:
    """Return the meter that is asked about.

    Raises:
        Refused: 404 if it is unknown, 400 if there are several and none is named.
        DatabaseError: the database is unavailable.
    """
    meters, identifier = call.answers.meters(), call.parameters.get("meter")
    found = [meter for meter in meters if identifier is None or meter.has(identifier)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refused(404, "Ce compteur est inconnu." if meters else "La base ne connaît encore aucun compteur.")
    raise Refused(400, "Il y a plusieurs compteurs : précisez meter=ADRESSE.")


def time_of(call: Call, name: str) -> datetime | None:
    """Return an instant that is asked about (UTC), or None if the parameter is not there.

    Raises:
        Refused: it is no time.
    """
    text = call.parameters.get(name)
    if text is None:
        return None
    try:
        return read_time(text, call.config.time_zone)
    except ConfigError:
        raise Refused(
            400, f"{name} n'est pas une date : écrivez 2026, 2026-11, 2026-11-24 ou 2026-11-24T17:00:00Z."
        ) from None


def hour_of(call: Call, name: str) -> datetime | None:
    """Return an instant at a whole hour.

    Raises:
        Refused: it is no time, or is within an hour.
    """
    moment = time_of(call, name)
    if moment is not None and moment != moment.replace(minute=0, second=0, microsecond=0):
        raise Refused(400, f"{name} doit être une heure entière.")
    return moment


def check_range(start: datetime, end: datetime, longest: timedelta | None = None) -> None:
    """Refuse a range that ends before it begins, or is longer than is answered.

    Raises:
        Refused: the range is one of these.
    """
    if start >= end:
        raise Refused(400, "from doit être avant to.")
    if longest is not None and end - start > longest:
        raise Refused(400, f"La période est trop longue : {longest.days} jours au plus.")
