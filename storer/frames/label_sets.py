"""Label sets in the database: whole, or as the difference from another one that is whole (`base_id`).

Nearly all label sets of a day differ from the one before only in a maximum and its stamp. As a difference they take an
eighth of the room. A base is never a difference itself. The digest is always that of the whole content, so a label set
is found by it whatever its form.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from common.contract.labels import ADDRESS
from common.database.mariadb import Connection
from storer.frames.cache import BoundedCache
from storer.frames.rows import LabelSet, content_text

_MOST_BASES = 30_000  # in memory, of some 1.5 kB each: one or two for each meter
_PARTS = ("frame", "stamps")  # the keys of a content whose labels may differ

_COLUMNS = (
    "digest, subscription_type, subscribed_current, pricing_period, current_max, schedule, state_code,"
    " registers_at_rest, index_total, content"
)
_VALUES = ", ".join(["%s"] * 10)
_ADD_WHOLE = (
    f"INSERT INTO label_sets ({_COLUMNS}) VALUES ({_VALUES})"  # noqa: S608 - our own names
    " ON DUPLICATE KEY UPDATE digest = digest"
)
# The id of the base is read in the statement that uses it: an id that was kept could name another label set by now.
_ADD_DIFFERENCE = (
    f"INSERT INTO label_sets ({_COLUMNS}, base_id) SELECT {_VALUES}, base.id"  # noqa: S608 - our own names
    " FROM label_sets AS base WHERE base.digest = %s AND base.base_id IS NULL AND base.unused_since IS NULL"
    " ON DUPLICATE KEY UPDATE digest = label_sets.digest"
)


def difference(content: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the labels of `content` whose value or stamp differs; both have the same labels in the same order."""
    parts = {}
    for part in _PARTS:
        other = base.get(part, {})
        changed = {label: value for label, value in content.get(part, {}).items() if value != other[label]}
        if changed:
            parts[part] = changed
    return parts


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole content again."""
    return {**base, **{part: {**base[part], **changes[part]} for part in _PARTS if part in changes}}


def find_label_sets(connection: Connection, digests: Collection[bytes]) -> dict[bytes, int]:
    """Return the ids of those label sets that exist, by digest; call it in the transaction of the frames.

    A mark of those that were unused is taken off: they are not deleted then, and were not if they are in the result.
    """
    if not digests:
        return {}
    sql = "SELECT digest, id, unused_since FROM label_sets WHERE digest IN %s"
    found = connection.query(sql, (sorted(digests),))
    marked = sorted(bytes(digest) for digest, _, unused_since in found if unused_since is not None)
    if marked:
        connection.execute("UPDATE label_sets SET unused_since = NULL WHERE digest IN %s", (marked,))
        # Those that were deleted before the rows were locked are no longer there.
        found = connection.query(sql, (sorted(digests),))
    return {bytes(digest): int(number) for digest, number, _ in found}


def read_contents(connection: Connection, ids: Collection[int]) -> dict[int, Any]:
    """Return the whole contents of label sets, parsed, by id, without those that are missing or lack their base."""
    if not ids:
        return {}
    stored = _read(connection, ids)
    bases = _read(connection, {base for _, base in stored.values() if base is not None} - stored.keys()) | stored
    contents = {}
    for number, (content, base) in stored.items():
        if base is None:
            contents[number] = content
        elif base in bases:
            contents[number] = merge(bases[base][0], content)
    return contents


def missing_label_set(connection: Connection, number: int) -> int:
    """Return which label set is missing, if `read_contents` left this one out: itself, or its base."""
    stored = _read(connection, [number])
    base = stored[number][1] if stored else None
    return number if base is None else base


def _read(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Any, int | None]]:
    """Return by id the content as it is stored, parsed, and the id of the base."""
    if not ids:
        return {}
    rows = connection.query("SELECT id, content, base_id FROM label_sets WHERE id IN %s", (sorted(ids),))
    return {
        int(number): (json.loads(text), None if base_id is None else int(base_id)) for number, text, base_id in rows
    }


@dataclass(slots=True)
class _Base:
    """A whole label set, and how well it serves as a base."""

    digest: bytes
    content: str
    shortest: int  # characters of the shortest difference from it so far
    excess: int = 0  # characters by which the others were longer


class LabelSetWriter:
    """Adds label sets, and remembers those that can serve as a base: the last whole one of each kind and meter.

    A base that was rolled back does no harm: a difference from it changes nothing, and a whole one is added instead.
    """

    def __init__(self) -> None:
        self._bases = BoundedCache[_Base](_MOST_BASES)  # by kind

    def add(self, connection: Connection, label_set: LabelSet) -> int:
        """Insert a label set; return 1, or 0 if another storer was faster."""
        content: dict[str, Any] = json.loads(label_set.content)
        kind = _kind(content)
        base = self._bases.get(kind)
        if base is not None and self._add_difference(connection, label_set, content, base):
            return 1
        added = connection.execute(_ADD_WHOLE, _values(label_set, label_set.content))
        if added:
            self._bases.put(kind, _Base(label_set.digest, label_set.content, len(label_set.content) // 2))
        return added

    def _add_difference(
        self, connection: Connection, label_set: LabelSet, content: Mapping[str, Any], base: _Base
    ) -> int:
        """Insert the difference from a base; return 0 if that does not pay, or changed nothing."""
        changes = content_text(difference(content, json.loads(base.content)))
        if len(changes) > len(label_set.content) // 2:
            return 0
        # Values that change one after the other make differences longer and longer. When they have taken as much more
        # as a whole label set takes, one is worth it: the next differences are short again.
        base.shortest = min(base.shortest, len(changes))
        base.excess += len(changes) - base.shortest
        if base.excess > len(label_set.content):
            return 0
        # It changes nothing if the set is there already, or its base is not: the database went back, or was cleaned up.
        return connection.execute(_ADD_DIFFERENCE, (*_values(label_set, changes), base.digest))


def _kind(content: Mapping[str, Any]) -> str:
    """Return what two label sets must have in common for a difference: all but values and stamps, and the meter."""
    rest = {key: value for key, value in content.items() if key not in _PARTS}
    addresses = [content["frame"].get(label) for label in ADDRESS.values()]
    labels = {part: list(content[part]) if part in content else None for part in _PARTS}  # no stamps, or none at all
    return content_text({"rest": rest, "of": addresses, **labels})


def _values(label_set: LabelSet, content: str) -> tuple[object, ...]:
    return (
        label_set.digest,
        label_set.subscription_type,
        label_set.subscribed_current,
        label_set.pricing_period,
        label_set.current_max,
        label_set.schedule,
        label_set.state_code,
        label_set.idle_registers_total,
        label_set.index_total,
        content,
    )
