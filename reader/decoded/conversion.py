"""Writes what another device sent for a label as the meter does. Pure.

A number may come as a text and a text as a number, without its zeros; codes without their dots, powers in VA for kVA.
`null`, an empty text and `unknown` are no value, and neither is what has no place in the label: a negative number, more
digits, a code of another label. What a label has room for may still be wrong: that is judged later, in `values`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from common.contract.frame import Value
from common.contract.labels import ADDRESS, LABELS, Label, LabelKind, Mode
from common.contract.offers import OFFERS
from reader.tic.fields import WIDTH, parse_stamp

#: The mode of each label: none is in both.
MODE_OF: Mapping[str, Mode] = MappingProxyType({label: mode for mode, labels in LABELS.items() for label in labels})
#: The codes of PTEC.
PERIODS = frozenset(register.period for offer in OFFERS for register in offer.registers if register.period)

_UNKNOWN = frozenset(["", "unknown", "unavailable", "none", "null"])
_TOO_LARGE = 10**15
_NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d{1,10})?", re.ASCII)
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_ADDRESS = re.compile(r"(?!00)\d{12}", re.ASCII)  # no maker has the number 00
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+")
_WHOLE = (LabelKind.BITS, LabelKind.PROFILE)  # some publishers cut the profile of a day
#: Texts of digits, which have lost their zeros where they were sent as a number.
_DIGITS = frozenset(["ADCO", "ADSC", "PRM", "VTIC", "MOTDETAT", *(f"{end}PM{peak}" for end in "DF" for peak in "123")])
#: By what is sent for DEMAIN: its codes, and the names in full.
_COLOURS = {
    "BLEU": "BLEU", "BLAN": "BLAN", "BLANC": "BLAN", "ROUG": "ROUG", "ROUGE": "ROUG",
    "----": "----", "INCONNU": "----", "UNDEF": "----",
}  # fmt: skip
#: In kVA on the wire; some publishers send VA, no contract is for 1000 kVA.
_IN_KVA, _VA = frozenset(["PREF", "PCOUP"]), 1000


def value_of(name: str, sent: object) -> Value | None:
    """Return the value of a label as a meter sends it; None: what was sent is none.

    >>> value_of("EAST", "012345678"), value_of("PTEC", "HP"), value_of("PREF", "09000"), value_of("VTIC", 2)
    (12345678, 'HP..', 9, '02')
    >>> value_of("URMS1", 65535), value_of("EAST", -1), value_of("EAST", None), value_of("STGE", "unknown")
    (None, None, None, None)
    """
    label = LABELS[MODE_OF[name]][name]
    if label.kind is LabelKind.INTEGER:
        return _integer(label, number(sent))
    text = text_of(str(sent) if type(sent) is int and name in _DIGITS else sent)
    return None if text is None else _text(label, text)


def number(sent: object) -> Decimal | None:
    """Return what was sent as a number; a text of digits is one, True is none, and nothing of a meter is so large.

    >>> number("00310"), number("16494.4"), number(True), number("1e9"), number("")
    (Decimal('310'), Decimal('16494.4'), None, None, None)
    """
    if isinstance(sent, str) and _NUMBER.fullmatch(sent.strip()):
        sent = Decimal(sent.strip())
    if type(sent) is not int and not isinstance(sent, Decimal):
        return None
    exact = Decimal(sent)
    return exact if exact.is_finite() and -_TOO_LARGE < exact < _TOO_LARGE else None


def text_of(sent: object) -> str | None:
    """Return a text that says something, without the blanks and zero bytes around it."""
    if not isinstance(sent, str):
        return None
    text = sent.strip(" \0")
    return text if text.lower() not in _UNKNOWN and _PRINTABLE.fullmatch(text) else None


def split_stamp(sent: object) -> tuple[object, datetime | None]:
    """Take the meter's own time off a text that begins with one, as the raw groups of standard mode do.

    >>> split_stamp("H240215001741 02432")
    ('02432', datetime.datetime(2024, 2, 14, 23, 17, 41, tzinfo=datetime.timezone.utc))
    """
    if not isinstance(sent, str) or sent[WIDTH : WIDTH + 1] not in ("", " ", "\t"):
        return sent, None
    try:
        stamp, _ = parse_stamp(sent[:WIDTH])
    except ValueError:
        return sent, None
    return sent[WIDTH + 1 :], stamp


def address_of(labels: Mapping[str, Value]) -> str | None:
    """Return the meter's address, if it is among the labels."""
    return next((str(labels[name]) for name in ADDRESS.values() if name in labels), None)


def mode_of(names: Iterable[str]) -> Mode | None:
    """Return the mode that labels belong to: that of the address, or of the most of them."""
    known = [name for name in names if name in MODE_OF]
    modes = [MODE_OF[name] for name in known]
    addressed = [MODE_OF[name] for name in known if name in ADDRESS.values()]
    return max(addressed or modes, key=modes.count, default=None)


def _integer(label: Label, sent: Decimal | None) -> int | None:
    if sent is None or sent < 0 or sent != int(sent):
        return None
    value = int(sent)
    if label.name in _IN_KVA and value >= _VA:
        value //= _VA
    return value if value < 10**label.width else None


def _text(label: Label, text: str) -> str | None:
    if label.name == "DEMAIN":
        return _COLOURS.get(text.upper())
    if len(text) > label.width:
        return None
    if label.name in _DIGITS and text.isdigit():
        text = text.zfill(label.width)
    if label.name in ADDRESS.values():
        return text if _ADDRESS.fullmatch(text) else None
    if label.name in ("PTEC", "OPTARIF"):
        code = text.rstrip(".").ljust(label.width, ".")
        return code if label.name == "OPTARIF" or code in PERIODS else None
    if label.kind is LabelKind.BITS and not _HEXADECIMAL.fullmatch(text):
        return None
    return None if label.kind in _WHOLE and len(text) != label.width else text
