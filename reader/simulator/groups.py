"""The groups of a simulated frame, as bytes of 7 bits. Pure.

::

    group    = LF label SP value SP checksum CR               historic mode
               LF label HT [stamp HT] value HT checksum CR    standard mode
"""

from reader.simulator.french_calendar import stamp
from reader.tic.decoder import checksum_of


def historic_group(label: str, value: str) -> bytes:
    r"""Return a group of historic mode.

    >>> historic_group("PAPP", "00750")
    b'\nPAPP 00750 -\r'
    """
    zone = f"{label} {value}".encode()
    return b"\n%b %c\r" % (zone, checksum_of(zone))


def standard_group(label: str, value: str, instant: int | None = None, *, stamp_text: str = "") -> bytes:
    r"""Return a group of standard mode; with a stamp, if given as an instant or as text.

    >>> standard_group("VTIC", "02")
    b'\nVTIC\t02\tJ\r'
    """
    stamped = stamp_text or (stamp(instant) if instant is not None else "")
    zone = f"{label}\t{stamped}\t{value}\t".encode() if stamped else f"{label}\t{value}\t".encode()
    return b"\n%b%c\r" % (zone, checksum_of(zone))
