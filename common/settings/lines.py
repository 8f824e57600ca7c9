"""What is wrong with a file that was read, and in which line. Pure."""

import contextlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from common.errors import ConfigError


class Lined(dict[Any, Any]):
    """A mapping that knows in which lines of its file it and its keys stand."""

    line: int
    lines: Mapping[Any, int]


def line_of(value: Any, key: Any = None) -> int | None:
    """Return the line of a mapping that was read from a file, or of one of its keys; None: that is not known."""
    if not isinstance(value, Lined):
        return None
    return value.lines.get(key, value.line)


@contextlib.contextmanager
def inside(value: Any, key: Any = None) -> Iterator[None]:
    """Name the line of a mapping, or of one of its keys, in what is wrong with it and has no line yet."""
    try:
        yield
    except ConfigError as error:
        for one in error.all:
            one.line = one.line or line_of(value, key)
        raise
    except ValueError as error:
        raise ConfigError(str(error), line_of(value, key)) from error


@contextlib.contextmanager
def reading(origin: object) -> Iterator[None]:
    """Name the file, and the line if it is known, in what is wrong with it."""
    try:
        yield
    except ConfigError as error:
        lines = sorted(error.all, key=lambda one: (one.line is None, one.line))
        first, *more = (ConfigError(f"{origin}{_line(one)}: {one}") for one in lines)
        first.more = tuple(more)
        raise first from error


def _line(error: ConfigError) -> str:
    return "" if error.line is None else f", line {error.line}"


class Mistakes:
    """Collects what is wrong with the parts of a file, so that one run names all."""

    def __init__(self) -> None:
        self._found: list[ConfigError] = []

    @contextlib.contextmanager
    def collect(self) -> Iterator[None]:
        """Keep what is wrong instead of raising it."""
        try:
            yield
        except ConfigError as error:
            self._found += error.all

    def refuse(self) -> None:
        """Raise the first that was collected, with the others; nothing was: return."""
        if self._found:
            first, *more = self._found
            first.more = tuple(more)
            raise first


def did_you_mean(key: Any, known: Collection[str], prefix: str = "") -> str:
    """Return what was probably meant by a key that is not known; `prefix` are the sections that it is in."""
    import difflib  # here: most start without a mistake

    near = difflib.get_close_matches(str(key), known, n=1)
    return f"did you mean '{prefix}{near[0]}'?" if near else f"known here: {', '.join(known) or 'none'}"


def mapping(value: Any, where: str, known: Collection[str] | None = None) -> Mapping[str, Any]:
    """Return a mapping that has only known keys.

    Raises:
        ConfigError: it is none, or has another key.
    """
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: keys and values are expected (key: value)")
    for key in value:
        if known is not None and key not in known:
            raise ConfigError(f"{where}: unknown key '{key}', {did_you_mean(key, known)}", line_of(value, key))
    return value
