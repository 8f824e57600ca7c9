"""Enedis' file of daily indexes: `Horodate;Type de releve;EAS F1;…;EAS T`, one reading of all registers a day."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

from common.contract.registers import SUPPLIER, TOTAL
from storer.imports.enedis_blocks import read_blocks
from storer.imports.local_clock import LocalClock
from storer.imports.model import Parsed, Period, refused
from storer.imports.readings import FALLS, JUMPS, differences
from storer.imports.text import Table, decode, local_time, number, plain, rows

OTHER_READINGS = "readings that are not of the end of a day"
NOT_IN_SUM = "days whose registers do not add up to the total, kept as total"

Reading = dict[int, int]  # Wh by register


def parse_index(data: bytes, clock: LocalClock) -> Parsed:
    """Return the energy of each day by register; as total where the registers do not add up to it."""
    parsed = Parsed()
    readings = _readings(rows(decode(data)), clock, parsed.left_out)
    if not readings:
        raise refused("there are no daily indexes here: the columns Horodate and EAS F1 are expected")
    for (start, before), (end, after) in pairwise(sorted(readings.items())):
        parsed.periods += _day(start, before, end, after, parsed.left_out)
    return parsed


def _readings(table: Table, clock: LocalClock, left_out: Counter[str]) -> dict[datetime, Reading]:
    readings: dict[datetime, Reading] = {}
    for block in read_blocks(table):
        if not any(name.startswith("eas ") for name in block.columns):
            continue
        factor = 1000 if block.facts.get("unite", "").lower() == "kwh" else 1
        for line, cells in block.rows:
            if not plain(cells.get("type de releve", "arrete")).startswith("arrete"):
                left_out[OTHER_READINGS] += 1
                continue
            stamp = local_time(cells["horodate"], line)
            instant = stamp.astimezone(UTC) if stamp.tzinfo else clock.utc(stamp)
            reading = _reading(cells, factor, line)
            if readings.setdefault(instant, reading) != reading:
                raise refused(f"{cells['horodate']} has several readings", line)
    return readings


def _reading(cells: dict[str, str], factor: int, line: int) -> Reading:
    names = {"eas t": TOTAL, **{f"eas f{number}": number for number in SUPPLIER}}
    found: Reading = {}
    for name, register in names.items():
        value = number(cells.get(name, ""), line)
        if value is not None:
            if value < 0:
                raise refused(f"the index {name.upper()} is negative: {float(value):g}", line)
            found[register] = round(value * factor)
    return found


def _day(start: datetime, before: Reading, end: datetime, after: Reading, left_out: Counter[str]) -> list[Period]:
    """Return the energy between two readings, by register if these add up to the total, without registers at rest."""
    wrong: Counter[str] = Counter()
    by_register: dict[int, Period] = {}
    for register in before.keys() & after.keys():
        for period in differences([(start, before[register]), (end, after[register])], register, wrong):
            by_register[register] = period
    total = by_register.pop(TOTAL, None)
    if wrong[FALLS] or wrong[JUMPS]:
        left_out += wrong if total is None else Counter()
        if total is None:
            return []
        left_out[NOT_IN_SUM] += 1
        return [total]
    parts = sorted(by_register.values())
    if total is not None and (not parts or sum(part.wh for part in parts) != total.wh):
        if parts:
            left_out[NOT_IN_SUM] += 1
        return [total]
    running = [part for part in parts if part.wh]
    return running or parts[:1]
