"""Reads the user's small files: a day or a time and what holds then, one a line. Pure."""

from collections.abc import Callable
from typing import TypeVar

from common.errors import ConfigError
from common.settings.lines import reading

K = TypeVar("K")
V = TypeVar("V")


def read_dated(content: bytes, origin: str, parse: Callable[[str], tuple[K, V] | None], example: str) -> dict[K, V]:
    """Return what each line says; `parse` returns None for one that says nothing. A first line of names is skipped.

    Raises:
        ConfigError: with the file and the line: one says nothing, or contradicts an earlier one.
    """
    found: dict[K, V] = {}
    with reading(origin):
        for number, line in enumerate(content.decode("utf-8-sig", errors="replace").splitlines(), 1):
            if not line.strip() or (number == 1 and not any(character.isdigit() for character in line)):
                continue
            pair = parse(line)
            if pair is None:
                raise ConfigError(f"{example} is expected, not {line!r}", number)
            key, value = pair
            if found.setdefault(key, value) != value:
                raise ConfigError(f"an earlier line says something else than {line!r}", number)
    return found
