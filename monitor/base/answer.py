"""What answers are written with, and how they become JSON: an answer is a dataclass, of which all else is made.

The type of a field is its JSON: `int`, `float`, `str`, `bool`, `date`, `datetime`, an amount in euros as `Decimal`
(an integer of 1e-4 EUR in JSON), an Enum, a dataclass, `Sequence`, `Mapping[str, …]` for values by name, `tuple` for a
list in which each place has its meaning; `| None` is null. What people read about it, or more of its JSON Schema,
stands in `Annotated`; `monitor/web/typed.py` makes the schema of it. A name that Python keeps for itself ends with an
underscore.

>>> Annotated[Wh | None, "drawn; null: not known"].__metadata__
('drawn; null: not known',)
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final, Literal, TypeVar, dataclass_transform, get_origin, get_type_hints

from common.contract.frame import write_stamp
from monitor.base.formats import ten_thousandths

T = TypeVar("T")


class _Unset(Enum):
    ABSENT = "absent"


#: `int | Absent = ABSENT`: a field that only some homes have; without a value, its key is not in the JSON.
Absent = Literal[_Unset.ABSENT]
ABSENT: Final = _Unset.ABSENT

#: `Annotated[Columns, INLINE]`: the fields of that dataclass stand among those of this one.
INLINE: Final = object()


class More:
    """More keywords of a field's JSON Schema: `Annotated[str, More(pattern="^a")]`."""

    def __init__(self, **keywords: Any) -> None:
        self.keywords = keywords


Wh = Annotated[int, "Wh"]
Count = Annotated[int, More(minimum=0)]
Share = Annotated[float, More(minimum=0, maximum=1)]
Ms = Annotated[int, "ms since 1970"]
#: An amount that is an integer of 1e-4 EUR already, as in a column.
Amount = Annotated[int, "1e-4 EUR, taxes included"]


@dataclass_transform(frozen_default=True, eq_default=False)
def answer_type(kind: type[T]) -> type[T]:
    """Make a dataclass whose values are an answer; for a type checker it is frozen.

    There are a hundred, and each method that `dataclass` writes costs time at every start: an answer is made, and
    written.
    """
    return dataclass(eq=False, repr=False, slots=True)(kind)


def one_of(*values: str) -> More:
    """Return the words that a text is one of, for `Annotated`."""
    return More(enum=list(values))


def plain(value: Any) -> Any:
    """Return what JSON has no word for as something that it has: a dataclass as its fields, a time as a text.

    Raises:
        TypeError: it is nothing that an answer may hold.
    """
    if dataclasses.is_dataclass(value):
        return _fields(value)
    if isinstance(value, datetime):
        return write_stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return ten_thousandths(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"an answer cannot hold {type(value).__name__}")


def _fields(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    kind: Any = type(value)
    for key, name, _, inline in members(kind):
        one = getattr(value, name)
        if inline:
            found |= _fields(one)
        elif one is not ABSENT:
            found[key] = one
    return found


@cache
def members(kind: Any) -> Sequence[tuple[str, str, Any, bool]]:
    """Return the fields of a dataclass: the key in JSON, the name, the type, and whether its own fields stand here."""
    hints = get_type_hints(kind, include_extras=True)
    members = []
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        inline = get_origin(hint) is Annotated and INLINE in hint.__metadata__
        members.append((field.name.removesuffix("_"), field.name, hint.__origin__ if inline else hint, inline))
    return members
