"""What the page asks of the storer: the kinds of requests, and what each one needs. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from common.contract.sources import MeterAddress
from common.settings.fields import Field, Problem, Section


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
    "rebuild": _arguments(Rebuild, check=_in_order),
    "backup": _arguments(Nothing),
}
#: What deletes measurements: it waits, and not everybody may ask for it.
DELETING = frozenset({"forget-meter", "forget-source"})
WITH_FILE = frozenset({"import"})
