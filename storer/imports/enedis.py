"""What Enedis gives to download: load curves and days, as text or as a workbook."""

from storer.imports.enedis_blocks import is_blocks
from storer.imports.enedis_curve import parse_curve
from storer.imports.enedis_table import header, parse_table
from storer.imports.local_clock import LocalClock
from storer.imports.model import Parsed, refused
from storer.imports.text import decode, rows
from storer.imports.workbook import EPOCH, is_workbook, sheets


def parse_enedis(data: bytes, clock: LocalClock) -> Parsed:
    """Return the hours and days of a file."""
    tables, epoch = sheets(data) if is_workbook(data) else ([rows(decode(data))], EPOCH)
    parsed = Parsed()
    known = False
    for table in tables:
        if is_blocks(table):
            parsed.add(parse_curve(table, clock))
        elif (place := header(table)) is not None:
            parsed.add(parse_table(table, place, clock, epoch))
        else:
            continue
        known = True
    if not known:
        raise refused("this is not a file from Enedis: columns Horodate and Valeur, Début and Fin or Date are expected")
    return parsed
