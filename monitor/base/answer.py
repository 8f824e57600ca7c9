"""What the fields of answers are written with. An answer is a dataclass; `monitor/web/typed.py` makes all else of it.

The type of a field is its JSON: `int`, `float`, `str`, `bool`, `date`, `datetime`, an amount in euros as `Decimal`
(an integer of 1e-4 EUR in JSON), an Enum, a dataclass, `Sequence`, `Mapping[str, …]` for values by name, `tuple` for a
list in which each place has its meaning; `| None` is null. What people read about it, or more of its JSON Schema,
stands in `Annotated`. A name that Python keeps for itself ends with an underscore.

>>> Annotated[Wh | None, "drawn; null: not known"].__metadata__
('drawn; null: not known',)
"""

from enum import Enum
from typing import Annotated, Any, Final, Literal


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


def one_of(*values: str) -> More:
    """Return the words that a text is one of, for `Annotated`."""
    return More(enum=list(values))
