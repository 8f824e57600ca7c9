"""Compares a mapping with the one before, when nearly all of both is the same. Pure."""

from collections.abc import Mapping, Sequence
from itertools import compress
from operator import is_not


def changed_keys(mapping: Mapping[str, object], before: Mapping[str, object]) -> Sequence[str] | None:
    """Return the keys whose values differ; None where keys have come, gone or moved.

    >>> changed_keys({"a": 1, "b": 3}, {"a": 1, "b": 2}), changed_keys({"a": 1}, {"a": 1, "b": 2})
    (['b'], None)
    """
    keys = list(mapping)
    if keys != list(before):
        return None
    candidates = compress(keys, map(is_not, mapping.values(), before.values()))  # faster than to compare all
    return [key for key in candidates if mapping[key] != before[key]]


class ChangedKeys:
    """Does what `changed_keys` does, and keeps the last result: several parts compare the same two frames in turn.

    What is compared must not change afterwards. Several threads may use it.
    """

    def __init__(self) -> None:
        self._last: tuple[Mapping[str, object], Mapping[str, object], Sequence[str] | None] = {}, {}, None

    def __call__(self, mapping: Mapping[str, object], before: Mapping[str, object]) -> Sequence[str] | None:
        """Return what `changed_keys` returns."""
        last, last_before, changed = self._last
        if mapping is not last or before is not last_before:
            changed = changed_keys(mapping, before)
            self._last = mapping, before, changed
        return changed
