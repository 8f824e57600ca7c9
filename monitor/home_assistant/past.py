"""What others counted in Home Assistant before us, such as its own integration `teleinfo` or linkytic, for the storer.

The hours of the statistics that their owner chose become a small database as Home Assistant itself has it: the storer
reads it like a file, and what is new, overlaps or is taken back follows the same rules.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from monitor.base.calendar import Calendar
from monitor.home_assistant.history import OURS
from monitor.home_assistant.recorder import SOURCE, UNITS, Commands
from monitor.home_assistant.texts import StatisticsError

_EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)  # Home Assistant is younger, and no import there is older than Linky
_OTHER_UNIT = "Wh"  # into which Home Assistant converts what the storer does not know
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Where those that are likely to be of the meter come from, in the order of the list.
_LIKELY = ("teleinfo", "linkytic", "linky", "mqtt")

_COLOURS = {"bleu": "B", "blue": "B", "blanc": "W", "white": "W", "rouge": "R", "red": "R"}
_OFF_PEAK, _PEAK = re.compile(r"creuse|off.?peak|\bhc"), re.compile(r"pleine|peak|\bhp")
_LABEL = re.compile(r"bbrh[cp]j[bwr]|hc[hp][cp]|ejph(?:n|pm)|\beait\b|\beast\b", re.IGNORECASE)
_INDEX = re.compile(r"(?:easf|index[ _]?(?:fournisseur)?[ _]?)0?(\d{1,2})\b|index[ _](\d{1,2})\b")
_INJECTED = re.compile(r"inject|export|return|retour")
_TOTAL = re.compile(r"total|\bsoutir")


@dataclass(frozen=True, slots=True)
class TheirStatistic:
    """A statistic of energy that is not ours."""

    id: str
    name: str
    origin: str  # the integration that counts it
    unit: str
    start: datetime  # the month of its first hour
    end: datetime  # of its last month, not included
    wh: int
    register: str | None  # the label that its name lets expect


class Past:
    """Reads the statistics of others over a connection."""

    def __init__(self, commands: Commands, calendar: Calendar, now: datetime) -> None:
        self._commands = commands
        self._calendar = calendar
        self._now = now

    def list(self) -> list[TheirStatistic]:
        """Return those that have hours; what is likely to be of a meter first.

        Raises:
            StatisticsError: Home Assistant cannot be asked.
        """
        entities = {entry["entity_id"]: entry for entry in self._commands.call("config/entity_registry/list")}
        known = {one: meta for one, meta in self._known().items() if not _is_ours(meta, entities.get(one, {}))}
        months: Mapping[str, Sequence[Mapping[str, Any]]] = (
            self._rows(known, _EARLIEST, self._now, "month", {"energy": "Wh"}, "change") if known else {}
        )
        found = []
        for one, meta in known.items():
            rows = months.get(one)
            if rows:
                entity = entities.get(one, {})
                name = str(entity.get("name") or entity.get("original_name") or meta.get("name") or one)
                origin = str(entity.get("platform") or one.partition(":")[0].partition(".")[0])
                total = round(sum(row.get("change") or 0 for row in rows))
                start, end = _moment(rows[0]["start"]), _moment(rows[-1]["end"])
                unit = str(meta["statistics_unit_of_measurement"])
                found.append(TheirStatistic(one, name, origin, unit, start, end, total, guess(f"{one} {name}")))
        return sorted(found, key=_order)

    def document(self, ids: Sequence[str]) -> bytes:
        """Return the hours of some statistics, as a database.

        Raises:
            StatisticsError: Home Assistant cannot be asked, or one of them is no longer there.
        """
        import sqlite3  # by the first that asks for it

        known = self._known()
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("CREATE TABLE statistics_meta (id, statistic_id, unit_of_measurement, has_sum)")
            database.execute("CREATE TABLE statistics (metadata_id, start_ts, sum)")
            for number, one in enumerate(ids):
                if one not in known:
                    raise StatisticsError("gone", statistic=one)
                unit = str(known[one]["statistics_unit_of_measurement"])
                unit = unit if unit in UNITS else _OTHER_UNIT
                database.execute("INSERT INTO statistics_meta VALUES (?, ?, ?, 1)", (number, one, unit))
                for start, end in pairwise(self._calendar.boundaries("year", _EARLIEST, self._now)):
                    rows = self._rows([one], start, end, "hour", {"energy": unit}, "sum").get(one, ())
                    values = ((number, row["start"] / 1000, row["sum"]) for row in rows if row["sum"] is not None)
                    database.executemany("INSERT INTO statistics VALUES (?, ?, ?)", values)
            database.commit()
            return database.serialize()

    def _known(self) -> dict[str, Mapping[str, Any]]:
        found = self._commands.call("recorder/list_statistic_ids", statistic_type="sum")
        return {one["statistic_id"]: one for one in found if one["unit_class"] == "energy"}

    def _rows(
        self, ids: Iterable[str], start: datetime, end: datetime, period: str, units: Mapping[str, str], kind: str
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        rows: Mapping[str, Sequence[Mapping[str, Any]]] = self._commands.call(
            "recorder/statistics_during_period",
            statistic_ids=list(ids),
            start_time=start.isoformat(),
            end_time=end.isoformat(),
            period=period,
            types=[kind],
            units=units,
        )
        return rows


def guess(text: str) -> str | None:
    """Return the label of the register that a statistic counts, by its id and name; None: they do not tell.

    >>> guess("sensor.linky_hchp Index"), guess("sensor.a Index option Tempo - Heures Creuses Jours Bleus")
    ('HCHP', 'BBRHCJB')
    >>> guess("sensor.linky_easf02 Index 2"), guess("sensor.x Energie injectée"), guess("sensor.lave_linge Énergie")
    ('EASF02', 'EAIT', None)
    """
    lower = text.lower().replace("_", " ")
    if found := _LABEL.search(lower):
        return found[0].upper()
    if _INJECTED.search(lower):
        return "EAIT"
    last = lower.rpartition(" - ")[2]  # "Heures Creuses - Heures Pleines": the contract, then the register
    if found := _INDEX.search(last):
        number = int(found[1] or found[2])
        return f"EASF{number:02}" if 1 <= number <= 10 else None
    colour = next((letter for word, letter in _COLOURS.items() if word in last), None)
    hours = "C" if _OFF_PEAK.search(last) else "P" if _PEAK.search(last) else None
    if hours:
        return f"BBRH{hours}J{colour}" if colour else f"HCH{hours}"
    if re.search(r"\bbase\b", last):
        return "BASE"
    return "EAST" if _TOTAL.search(last) and re.search(r"linky|compteur|soutir|meter", lower) else None


def _is_ours(meta: Mapping[str, Any], entity: Mapping[str, Any]) -> bool:
    is_entity = entity.get("platform") == "mqtt" and str(entity.get("unique_id")).startswith(OURS)
    return meta["source"] == SOURCE or is_entity


def _order(one: TheirStatistic) -> tuple[int, bool, str]:
    place = _LIKELY.index(one.origin) if one.origin in _LIKELY else len(_LIKELY)
    return place if one.register else len(_LIKELY), one.register is None, one.id


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)
