"""Compares a mapping with the one before. Pure."""

from collections.abc import Mapping, Sequence


def changed_keys(mapping: Mapping[str, object], before: Mapping[str, object]) -> Sequence[str] | None:
    """Return the keys whose values differ; None where keys have come, gone or moved.

    >>> changed_keys({"a": 1, "b": 3}, {"a": 1, "b": 2}), changed_keys({"a": 1}, {"a": 1, "b": 2})
    (['b'], None)
    """
    if list(mapping) != list(before):
        return None
    return [key for key, value in mapping.items() if value != before[key]]
