"""A home in which parts are killed and stopped, however its programs were delivered: no frame is lost or doubled."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.faults.counted import Counted
from tests.support.programs import Program


class Delivery(Protocol):
    """The programs as they were delivered: as processes, in containers, in the app."""

    counted: Counted

    def start(self, *parts: str) -> None:
        """Start parts that do not run."""

    def kill(self, *parts: str) -> None:
        """Kill parts with SIGKILL."""

    def stop(self, *parts: str) -> None:
        """Stop parts as an administrator does."""


class Home:
    """A delivery, and what was sent to its reader."""

    programs: Sequence[Program] = ()  # that must not end by themselves

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.counted = delivery.counted
        self.begun: list[tuple[float, str]] = []  # when each row began
        self.down: list[str] = []  # parts that do not run

    def kill(self, *parts: str) -> None:
        self.end(self.delivery.kill, parts)

    def stop(self, *parts: str) -> None:
        self.end(self.delivery.stop, parts)

    def end(self, how: Callable[..., None], parts: Sequence[str]) -> None:
        """End parts that run."""
        parts = [part for part in parts if part not in self.down]
        if "reader" in parts:
            self.counted.reader_leaves()
        self.down += parts
        how(*parts)

    def start(self, *parts: str) -> None:
        if "reader" in parts:
            self.counted.reader_is_back()
        self.down = [part for part in self.down if part not in parts]
        self.delivery.start(*parts)

    def start_all(self) -> None:
        """Start what does not run."""
        if self.down:
            self.start(*self.down)

    def go_on(self) -> None:
        """Start what does not run, and wait until frames of now have rows."""
        self.start_all()
        self.counted.wait_for_more_rows(self.programs)

    def suffer(self, row: "Row") -> None:
        """Let it happen, and wait until rows are made again."""
        self.go_on()
        self.begins(row.name)
        with row.when(self):
            row.what(self, row)
        self.go_on()

    def begins(self, row: str) -> None:
        self.begun.append((time.monotonic(), row))

    def row_of(self, at: float) -> str:
        return next((name for began, name in reversed(self.begun) if began <= at), "before the first row")

    def judge(self) -> None:
        """Each frame that was read has one row."""
        lost, sent = self.counted.lost(self.programs), self.counted.sent()
        assert Counter(self.row_of(sent[frame]) for frame in lost) == {}, sorted(lost)
        assert self.counted.doubled() == set()


# -- when --------------------------------------------------------------------------------------------------------------

When = Callable[[Any], contextlib.AbstractContextManager[None]]


@contextlib.contextmanager
def all_well(_: Home) -> Iterator[None]:
    yield


@contextlib.contextmanager
def broker_away(home: Home) -> Iterator[None]:
    """Only the reader has these frames."""
    home.kill("broker")
    home.counted.frames_that_count()
    yield


@contextlib.contextmanager
def database_away(home: Home) -> Iterator[None]:
    home.kill("database")
    home.counted.frames_that_count()
    yield


@contextlib.contextmanager
def backlog(home: Home) -> Iterator[None]:
    """Only the reader has these frames, and the broker the few that it keeps."""
    home.stop("storer")
    home.counted.frames_that_count()
    yield


# -- what --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One fault; in each row no frame is lost or doubled, and rows are made again afterwards."""

    what: Callable[[Any, "Row"], None]
    whom: tuple[str, ...]
    when: When = all_well
    codes: Mapping[str, set[int]] = field(default_factory=dict)  # exit codes, where they may be others than 0

    @property
    def name(self) -> str:
        return f"{self.what.__name__} {' and '.join(self.whom)}, {self.when.__name__}".replace("_", " ")


def kill(home: Home, row: Row) -> None:
    home.kill(*row.whom)


def stop(home: Home, row: Row) -> None:
    home.stop(*row.whom)


def kills(*parts: str) -> list[Row]:
    """Return the rows that every delivery goes through, with these parts."""
    return [*(Row(kill, (part,)) for part in parts), Row(kill, ("reader",), broker_away), Row(kill, parts)]
