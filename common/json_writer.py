"""Writes JSON objects most members of which repeat those of the object before. Pure."""

import json
from collections.abc import Callable, Mapping
from itertools import compress, count
from operator import ne
from typing import Generic, TypeVar

V = TypeVar("V")

_encode = json.JSONEncoder(ensure_ascii=False).encode


def write_value(value: object) -> str:
    """Write a value in JSON, as `json.dumps(value, ensure_ascii=False)` does."""
    return _encode(value)


class ObjectWriter(Generic[V]):
    """Writes an object member by member, and only those again that differ from the object before.

    The text is that of `json.dumps(object, ensure_ascii=False)`. Values that are equal must be written alike: no object
    may have 1 where another one has true or 1.0. Several threads may use it.
    """

    def __init__(self, write: Callable[[V], str] = write_value) -> None:
        """`write` returns a value in JSON."""
        self._write = write
        self._before: tuple[list[str], list[V], list[str]] = [], [], []  # keys, values, members as text

    def write(self, members: Mapping[str, V]) -> str:
        """Return the object in JSON."""
        keys, values = list(members), list(members.values())
        keys_before, values_before, texts = self._before
        if keys == keys_before:
            texts = texts.copy()
            for number in compress(count(), map(ne, values, values_before)):
                texts[number] = f"{_encode(keys[number])}: {self._write(values[number])}"
        else:
            texts = [f"{_encode(key)}: {self._write(value)}" for key, value in members.items()]
        self._before = keys, values, texts
        return "{" + ", ".join(texts) + "}"
