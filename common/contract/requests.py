"""What the page asks of the storer: the kinds of requests, and what each one needs. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import isfinite
from typing import Annotated, Any, Literal

from common.contract.outside import MOST_ROWS, QUARTER, WHATS
from common.contract.sources import MeterAddress
from common.settings.fields import Field, Problem, Section, Wrong


def _rows(value: Any) -> tuple[tuple[datetime, float], ...]:
    if not isinstance(value, list) or len(value) > MOST_ROWS:
        raise Wrong(f"{MOST_ROWS} lignes au plus sont attendues", f"at most {MOST_ROWS} rows are expected")
    found = []
    for number, row in enumerate(value):
        try:
            text, one = row
            start = datetime.fromisoformat(text).astimezone(UTC)
            is_number = type(one) in (int, float) and isfinite(one)
        except (TypeError, ValueError, OverflowError):
            is_number = False
        if not is_number or start.timestamp() % QUARTER:
            raise Wrong(
                "un quart d’heure et un nombre sont attendus, comme 2026-12-01T05:00:00Z et 3",
                "a quarter of an hour and a number are expected, such as 2026-12-01T05:00:00Z and 3",
                f"[{number}]",
            )
        found.append((start, float(one)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Outside:
    """Values of a time that a service said."""

    what: Annotated[str, Field(fr="Quoi", en="What", pattern="|".join(WHATS), example="tempo")]
    source: Annotated[str, Field(fr="Source", en="Source", pattern=r"[a-z0-9.-]{1,64}", example="www.example.org")]
    rows: Annotated[
        tuple[tuple[datetime, float], ...],
        Field(fr="Valeurs", en="Values", longest=MOST_ROWS, read=_rows, schema={"type": "array"}),
    ]


def _within_limits(outside: Outside) -> Iterable[Problem]:
    what = WHATS[outside.what]
    for number, (_, value) in enumerate(outside.rows):
        if not what.low <= value <= what.high:
            text = f"{value:g}: {what.low:g} … {what.high:g} {what.unit}"
            yield Problem(f"arguments.rows[{number}]", text, text)


@dataclass(frozen=True, slots=True)
class Join:
    """A home of which only imports were known, and the meter that it turned out to have."""

    prm: Annotated[str, Field(fr="Point de livraison", en="Delivery point", pattern=r"[0-9]{14}")]
    meter: MeterAddress
    apart: Annotated[bool, Field(fr="Séparer de nouveau", en="Part again")] = False


@dataclass(frozen=True, slots=True)
class Nothing:
    """A request that needs nothing else."""


@dataclass(frozen=True, slots=True)
class Import:
    """A file of the time before the meter was read."""

    name: Annotated[str, Field(fr="Fichier", en="File")]
    kind: Annotated[
        str | None, Field(fr="Format", en="Format", longest=40, pattern=r"[a-z0-9-]+", example="enedis-load-curve")
    ] = None  # None: as the file looks
    meter: MeterAddress | None = None  # None: as the file says
    series: Annotated[tuple[str, ...], Field(fr="Séries", en="Series", longest=20)] = ()  # of Home Assistant's files
    dry_run: Annotated[bool, Field(fr="Seulement regarder", en="Only look")] = False


@dataclass(frozen=True, slots=True)
class ImportForget:
    """An import that is taken back."""

    id: Annotated[int, Field(fr="Import", en="Import", low=1)]


@dataclass(frozen=True, slots=True)
class ForgetMeter:
    """A meter that is gone."""

    meter: MeterAddress


@dataclass(frozen=True, slots=True)
class ForgetSource:
    """A source that is gone."""

    name: Annotated[str, Field(fr="Source", en="Source")]


@dataclass(frozen=True, slots=True)
class ForgetProgram:
    """A program that is gone."""

    program: Annotated[Literal["reader", "storer", "monitor"], Field(fr="Programme", en="Program")]
    name: Annotated[str, Field(fr="Nom", en="Name", pattern=r"[0-9A-Za-z_.-]{1,64}", example="home")]


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Days whose roll-ups are made again."""

    start: Annotated[date, Field(fr="Du", en="From", key="from")]
    end: Annotated[date, Field(fr="au", en="to", key="to")]  # not included


def _in_order(rebuild: Rebuild) -> Iterable[Problem]:
    if rebuild.start >= rebuild.end:
        yield Problem("arguments.to", "la fin doit suivre le début", "the end must be after the beginning")


def _arguments(kind: Any, **more: Any) -> Section[Any]:
    return Section(name="arguments", kind=kind, default={}, fr="Demande", en="Request", **more)


KINDS: Mapping[str, Section[Any]] = {
    "import": _arguments(Import),
    "import-forget": _arguments(ImportForget),
    "forget-meter": _arguments(ForgetMeter),
    "forget-source": _arguments(ForgetSource),
    "forget-program": _arguments(ForgetProgram),
    "join": _arguments(Join),
    "outside": _arguments(Outside, check=_within_limits),
    "rebuild": _arguments(Rebuild, check=_in_order),
    "backup": _arguments(Nothing),
}
#: The kind of the files that the monitor fetches, one a day: all of a meter are one import for its owner.
FETCHED = "conso"
#: What deletes measurements: it waits, and not everybody may ask for it.
DELETING = frozenset({"forget-meter", "forget-source"})
WITH_FILE = frozenset({"import"})
