"""Joins a home that only had imports to the meter that came: what stood under its delivery point moves to it.

`imports.prm` remembers what has moved, so that it can go back. Hours that both have are the meter's: whoever reads them
sees to that. A meter that says its delivery point (label PRM of standard mode) is joined without being asked, unless
the owner said no.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from common.contract.requests import Join
from common.database.mariadb import Connection
from common.database.sections import read_sections
from storer.database.meters import add_meters, known_meters
from storer.requests.job import Job
from storer.requests.problem import Failed
from storer.rollups.state import raise_version

#: A delivery point, under which a home without a meter stands.
PRM = re.compile(r"[0-9]{14}")
#: Meter and delivery point as the newest label sets have them, minutes before there is an hour of the meter.
_SAID_NOW = (
    "SELECT JSON_VALUE(content, '$.frame.ADSC'), JSON_VALUE(content, '$.frame.PRM') FROM label_sets"
    " WHERE base_id IS NULL ORDER BY id DESC LIMIT 1000"
)
#: The same of meters that have another name than their address.
_SAID_BY_HOURS = (
    "SELECT m.identifier, JSON_VALUE(s.content, '$.frame.PRM') FROM meters AS m"
    " JOIN hours AS h ON h.meter_id = m.id AND h.hour = (SELECT MAX(hour) FROM hours WHERE meter_id = m.id"
    " AND label_set_id IS NOT NULL)"
    " JOIN whole_label_sets AS s ON s.id = h.label_set_id"
)
_NO = "join"  # in `page.not_needed`: the owner does not want it


def join_meter(job: Job) -> None:
    """Move what stands under a delivery point to its meter, or back."""
    asked: Join = job.arguments
    connection = job.connection
    if asked.apart and asked.prm not in known_meters(connection):
        add_meters(connection, [asked.prm])
    with connection.transaction():
        meters = known_meters(connection)
        if asked.meter not in meters:
            done: int | Failed = Failed(
                f"Le compteur {asked.meter} est inconnu.", f"The meter {asked.meter} is unknown."
            )
        else:
            done = (_part if asked.apart else _join)(connection, asked, meters)
        if isinstance(done, int):
            raise_version(connection)
            job.finish({"imports": done})
    if isinstance(done, Failed):  # nothing was changed
        raise done


def _join(connection: Connection, asked: Join, meters: Mapping[str, int]) -> int | Failed:
    number = meters.get(asked.prm)
    if number is None:
        if meter_of(connection, asked.prm) is not None:
            return 0  # done before
        return Failed("Ce point de livraison est inconnu.", "This delivery point is unknown.")
    if connection.query("SELECT 1 FROM hours WHERE meter_id = %s AND last_at IS NOT NULL LIMIT 1", (number,)):
        return Failed("C’est un compteur, pas un point de livraison.", "This is a meter, not a delivery point.")
    there = meters[asked.meter]
    if there == number:  # it would be deleted
        return Failed("C’est un point de livraison, pas un compteur.", "This is a delivery point, not a meter.")
    # What was imported for both, twice, stays once.
    for table in ("imported_hours", "imports"):
        connection.execute(f"UPDATE IGNORE {table} SET meter_id = %s{_mark(table, asked)} WHERE meter_id = %s",  # noqa: S608
                           (there, number))  # fmt: skip
        connection.execute(f"DELETE FROM {table} WHERE meter_id = %s", (number,))  # noqa: S608 - our own names
    connection.execute("DELETE FROM meters WHERE id = %s", (number,))
    _change_settings(connection, asked.prm, asked.meter)
    ((count,),) = connection.query("SELECT COUNT(*) FROM imports WHERE prm = %s", (asked.prm,))
    return int(count)


def _mark(table: str, asked: Join) -> str:
    return f", prm = '{asked.prm}'" if table == "imports" else ""  # fourteen digits


def _part(connection: Connection, asked: Join, meters: Mapping[str, int]) -> int | Failed:
    number, there = meters[asked.prm], meters[asked.meter]
    connection.execute(
        "UPDATE imported_hours SET meter_id = %s WHERE meter_id = %s"
        " AND import_id IN (SELECT id FROM imports WHERE prm = %s AND meter_id = %s)",
        (number, there, asked.prm, there),
    )
    count = connection.execute(
        "UPDATE imports SET meter_id = %s, prm = NULL WHERE prm = %s AND meter_id = %s", (number, asked.prm, there)
    )
    if not count and not connection.query("SELECT 1 FROM imports WHERE meter_id = %s", (number,)):
        connection.execute("DELETE FROM meters WHERE id = %s", (number,))
        return Failed("Rien de ce point de livraison n’est là.", "Nothing of this delivery point is there.")
    _copy_contracts(connection, asked)
    _change_section(connection, "fetch", _fetch, asked.meter, asked.prm)  # what is fetched is of the delivery point
    return count


def meter_of(connection: Connection, prm: str) -> int | None:
    """Return the number of the meter that a delivery point was joined to."""
    rows = connection.query("SELECT meter_id FROM imports WHERE prm = %s LIMIT 1", (prm,))
    return int(rows[0][0]) if rows else None


def join_by_itself(connection: Connection) -> None:
    """Ask for a join where a meter says the delivery point of a home; cheap where there is none."""
    known = known_meters(connection)
    prms = {name for name in known if PRM.fullmatch(name)}
    if not prms or prms == known.keys() or _NO in _value(connection, "page", {}).get("not_needed", ()):
        return
    said = [*connection.query(_SAID_NOW), *connection.query(_SAID_BY_HOURS)]
    found = next(((prm, meter) for meter, prm in said if prm in prms and meter in known), None)
    if found is None or connection.query(
        "SELECT 1 FROM requests WHERE kind = 'join' AND state IN ('waiting', 'running') LIMIT 1"
    ):
        return
    arguments = json.dumps({"prm": found[0], "meter": found[1]})
    connection.execute("INSERT INTO requests (kind, arguments, not_before) VALUES ('join', %s, NOW(6))", (arguments,))


# The household's settings name meters.


def _value(connection: Connection, section: str, default: Any) -> Any:
    saved = read_sections(connection, [section])
    return saved[section].value if section in saved else default


def _change_settings(connection: Connection, before: str, after: str) -> None:
    for name, change in (("contracts", _contracts), ("notes", _named), ("sources", _named), ("meters", _meters),
                         ("fetch", _fetch)):  # fmt: skip
        _change_section(connection, name, change, before, after)


def _change_section(
    connection: Connection, name: str, change: Callable[[Any, str, str], Any], before: str, after: str
) -> None:
    value = _value(connection, name, None)
    if value is not None and (changed := change(value, before, after)) != value:
        _save(connection, name, changed)


def _save(connection: Connection, name: str, value: Any) -> None:
    connection.execute(
        "UPDATE settings SET value = %s, version = version + 1 WHERE section = %s",
        (json.dumps(value, ensure_ascii=False), name),
    )


def _contracts(value: Any, before: str, after: str) -> Any:
    there = {line["from"] for line in value if line["meter"] == after}
    return [
        {**line, "meter": after} if line["meter"] == before else line
        for line in value
        if line["meter"] != before or line["from"] not in there
    ]


def _named(value: Any, before: str, after: str) -> Any:
    return [{**one, "meter": after} if one.get("meter") == before else one for one in value]


def _meters(value: Any, before: str, after: str) -> Any:
    entries = {address: entry for address, entry in value.items() if address != before}
    if before in value:
        own = {key: one for key, one in entries.get(after, {}).items() if one is not None}
        entries[after] = {**value[before], **own}
    replaced = _replaced(value, before, after)
    return {
        address: entry if entry.get("replaces") == replaced.get(address)
        else {**entry, "replaces": replaced.get(address)}
        for address, entry in entries.items()
    }  # fmt: skip


def _replaced(value: Any, before: str, after: str) -> dict[str, str]:
    """Return which meter each one replaces after the join, without what cannot be: itself, or one that another does."""
    pairs = [(address, entry["replaces"]) for address, entry in value.items() if entry.get("replaces") is not None]
    replaced: dict[str, str] = {}
    for pair in sorted(pairs, key=lambda pair: before in pair):  # what the join does not touch is valid
        address, old = (after if one == before else one for one in pair)
        chain = {at := old}
        while (at := replaced.get(at, at)) not in chain:
            chain.add(at)
        if address not in replaced and address not in chain and old not in replaced.values():
            replaced[address] = old
    return replaced


def _fetch(value: Any, before: str, after: str) -> Any:
    enedis = value.get("enedis", {})
    return {**value, "enedis": {**enedis, "meter": after}} if enedis.get("meter") == before else value


def _copy_contracts(connection: Connection, asked: Join) -> None:
    """Give the home a copy of the meter's contracts, and note that they are not to be joined again."""
    lines = _value(connection, "contracts", None)
    if lines is not None and not any(line["meter"] == asked.prm for line in lines):
        copies = [{**line, "meter": asked.prm} for line in lines if line["meter"] == asked.meter]
        _save(connection, "contracts", [*lines, *copies])
    page = {"language": None, "first_visit": False, "not_needed": []} | _value(connection, "page", {})
    if _NO not in page["not_needed"]:
        page["not_needed"] = [*page["not_needed"], _NO]
        connection.execute(
            "INSERT INTO settings (section, value) VALUES ('page', %s)"
            " ON DUPLICATE KEY UPDATE value = VALUES(value), version = version + 1",
            (json.dumps(page, ensure_ascii=False),),
        )
