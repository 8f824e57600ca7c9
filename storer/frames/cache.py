"""A cache of bounded size."""

import random
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")


class BoundedCache(Generic[V]):
    """Values by key. A full cache drops any of them: keys come in turn, so the oldest would be needed next."""

    def __init__(self, room: int, size: Callable[[V], int] = lambda _: 1) -> None:
        """`room`: for so much of `size`; by default, for so many."""
        self._room = room
        self._size_of = size
        self._values: dict[str, V] = {}
        self._keys: list[str] = []  # to choose one of them
        self._size = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str) -> V | None:
        """Return the value of a key, None if it is not in the cache."""
        return self._values.get(key)

    def put(self, key: str, value: V) -> None:
        """Add a value; drop others until there is room for it."""
        if (former := self._values.get(key)) is None:
            self._keys.append(key)
        else:
            self._size -= self._size_of(former)
        self._values[key] = value
        self._size += self._size_of(value)
        while self._size > self._room:
            self._drop_one()

    def _drop_one(self) -> None:
        place = random.randrange(len(self._keys))  # noqa: S311 - not a secret
        self._keys[place], self._keys[-1] = self._keys[-1], self._keys[place]
        self._size -= self._size_of(self._values.pop(self._keys.pop()))
