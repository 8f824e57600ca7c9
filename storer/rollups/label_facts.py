"""What the rollups need to know of a label set."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from common.contract.labels import Mode
from common.contract.tariff import status_bits
from common.database.mariadb import Connection
from storer.database.label_sets import read_contents
from storer.rollups.register_labels import supplier_number

_OVERLOAD = 1 << 7  # of the status register STGE
_AT_ONCE = 500  # label sets in one query
_CACHE_SIZE = 10_000


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """What all frames of a label set have in common."""

    historic: bool = False
    supplier: int | None = None  # number of the running supplier register
    overload: bool = False  # the status register says so
    idle_total: int | None = None  # Wh: sum of the registers that do not run
    index_total: int | None = None  # Wh


_UNKNOWN = LabelFacts()


class LabelSets:
    """The label sets of a database; those that are missing there are `_UNKNOWN`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._facts: dict[int, LabelFacts] = {}

    def forget(self) -> None:
        """Read all again: the database may have been replaced under the connection, and an id mean something else."""
        self._facts.clear()

    def facts(self, ids: Collection[int]) -> Mapping[int, LabelFacts]:
        """Return the facts of these label sets; the result may hold others, too."""
        missing = sorted(set(ids) - self._facts.keys())
        if len(self._facts) + len(missing) > _CACHE_SIZE:
            self._facts.clear()
            missing = sorted(set(ids))
        for begin in range(0, len(missing), _AT_ONCE):
            self._read(missing[begin : begin + _AT_ONCE])
        return self._facts

    def _read(self, ids: list[int]) -> None:
        totals = {
            int(number): (idle_total, index_total)
            for number, idle_total, index_total in self._connection.query(
                "SELECT id, registers_at_rest, index_total FROM label_sets WHERE id IN %s", (ids,)
            )
        }
        contents = read_contents(self._connection, ids)
        for number in ids:
            self._facts[number] = (
                _facts(contents[number], *totals[number]) if number in contents and number in totals else _UNKNOWN
            )


def _facts(content: Mapping[str, Any], idle_total: int | None, index_total: int | None) -> LabelFacts:
    status = status_bits(content["frame"].get("STGE"))
    return LabelFacts(
        historic=content["mode"] == Mode.HISTORIC,
        supplier=supplier_number(content.get("columns", {}).get("index_supplier")),
        overload=status is not None and bool(status & _OVERLOAD),
        idle_total=idle_total,
        index_total=index_total,
    )
