"""What the rollups need to know of a label set."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from common.contract.labels import Mode
from common.contract.registers import supplier_number
from common.contract.tariff import status_bits
from common.database.mariadb import Connection
from storer.frames.label_sets import read_contents

_OVERLOAD = 1 << 7  # of the status register STGE
_AT_ONCE = 500  # label sets in one query


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """What all frames of a label set have in common."""

    historic: bool = False
    supplier: int | None = None  # number of the running supplier register
    overload: bool = False  # the status register says so
    idle_total: int | None = None  # Wh: sum of the registers that do not run
    index_total: int | None = None  # Wh
    interval: int | None = None  # seconds, the usual one of a decoded meter


def read_facts(connection: Connection, ids: Collection[int]) -> dict[int, LabelFacts]:
    """Return the facts of label sets by id; a missing one has none."""
    facts = dict.fromkeys(ids, LabelFacts())
    ordered = sorted(ids)
    for begin in range(0, len(ordered), _AT_ONCE):
        some = ordered[begin : begin + _AT_ONCE]
        contents = read_contents(connection, some)
        for number, idle_total, index_total in connection.query(
            "SELECT id, registers_at_rest, index_total FROM label_sets WHERE id IN %s", (some,)
        ):
            if number in contents:
                facts[number] = _facts(contents[number], idle_total, index_total)
    return facts


def _facts(content: Mapping[str, Any], idle_total: int | None, index_total: int | None) -> LabelFacts:
    status = status_bits(content["frame"].get("STGE"))
    return LabelFacts(
        historic=content["mode"] == Mode.HISTORIC,
        supplier=supplier_number(content.get("columns", {}).get("index_supplier")),
        overload=status is not None and bool(status & _OVERLOAD),
        idle_total=idle_total,
        index_total=index_total,
        interval=content.get("interval"),
    )
