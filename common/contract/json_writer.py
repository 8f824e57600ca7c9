"""Writes JSON objects most members of which repeat those of the object before. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from common.contract.changes import changed_keys

V = TypeVar("V")

_encode = json.JSONEncoder(ensure_ascii=False).encode


def write_value(value: object) -> str:
    """Write a value in JSON, as `json.dumps(value, ensure_ascii=False)` does."""
    return repr(value) if type(value) is int else _encode(value)  # `_encode` is slow with anything but text


class ObjectWriter(Generic[V]):
    """Writes an object member by member, and only those again that differ from the object before.

    The text is that of `json.dumps(object, ensure_ascii=False)`. Values that are equal must be written alike: no object
    may have 1 where another one has true or 1.0. An object must not change after it was written. Several threads may
    use it.
    """

    def __init__(
        self,
        write: Callable[[V], str] = write_value,
        changed: Callable[[Mapping[str, V], Mapping[str, V]], Sequence[str] | None] = changed_keys,
    ) -> None:
        """`write` returns a value in JSON; `changed` compares two objects, as `changed_keys` does."""
        self._write = write
        self._changed = changed
        # An object; the place of each key, and the key in JSON up to the value; the members in JSON.
        self._before: tuple[Mapping[str, V], dict[str, tuple[int, str]], list[str]] = {}, {}, []

    def write(self, members: Mapping[str, V]) -> str:
        """Return the object in JSON."""
        before, places, texts = self._before
        changed = self._changed(members, before)
        if changed is None:
            places = {key: (place, f"{_encode(key)}: ") for place, key in enumerate(members)}
            texts = [places[key][1] + self._write(value) for key, value in members.items()]
        elif changed:
            texts = texts.copy()
            for key in changed:
                place, prefix = places[key]
                texts[place] = prefix + self._write(members[key])
        self._before = members, places, texts
        return "{" + ", ".join(texts) + "}"
