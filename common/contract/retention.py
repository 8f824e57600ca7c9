"""The section `retention` of the settings: how long frames and minutes are kept. Hours are kept for ever."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from common.settings.fields import Field, Problem, Section

_MOST = 1200  # months
_FILE = re.compile(r"([1-9]\d{0,2}) (month|year)s?")


@dataclass(frozen=True, slots=True)
class Retention:
    """How many months of frames and of minutes are kept; None: all."""

    frames: Annotated[
        int | None,
        Field(
            fr="Trames, en mois", en="Frames, in months", low=1, high=_MOST,
            help_fr="Une par seconde ; vide : tout garder.", help_en="One a second; empty: keep all.",
        ),
    ] = None  # fmt: skip
    minutes: Annotated[
        int | None,
        Field(
            fr="Minutes, en mois", en="Minutes, in months", low=1, high=_MOST,
            help_fr="Au moins autant que les trames ; vide : tout garder.",
            help_en="At least as long as frames; empty: keep all.",
        ),
    ] = None  # fmt: skip
    incomplete: Annotated[
        Literal["keep", "drop"],
        Field(
            fr="Mois auxquels il manque des trames", en="Months that lack frames",
            names={"keep": ("Garder", "Keep"), "drop": ("Supprimer aussi", "Drop, too")},
        ),
    ] = "keep"  # fmt: skip


def _check(retention: Retention) -> Iterable[Problem]:
    """No frame may be left of which minutes were dropped: a late frame would make them again."""
    frames, minutes = retention.frames, retention.minutes
    if minutes is not None and (frames is None or frames > minutes):
        yield Problem(
            "retention.minutes",
            "les minutes viennent des trames et ne peuvent être supprimées avant elles : gardez les trames aussi"
            " longtemps, ou moins",
            "minutes are made from frames, and cannot be dropped before them: keep frames as long, or less",
        )


RETENTION: Section[Retention] = Section(
    name="retention",
    kind=Retention,
    default={"frames": None, "minutes": None, "incomplete": "keep"},
    fr="Conservation",
    en="Retention",
    help_fr="Au-delà, le détail est supprimé mois par mois, une fois sauvegardé ; les valeurs par heure restent.",
    help_en="Older details are deleted month by month, once they are in a backup; hourly values stay.",
    check=_check,
)


def keeps_less(new: Retention, old: Retention) -> bool:
    """Return whether a change deletes something that was kept before.

    >>> keeps_less(Retention(frames=12), Retention()), keeps_less(Retention(), Retention(frames=12))
    (True, False)
    """
    return (
        (new.frames or _MOST) < (old.frames or _MOST)
        or (new.minutes or _MOST) < (old.minutes or _MOST)
        or (new.incomplete, old.incomplete) == ("drop", "keep")
    )


def from_file(value: Any) -> Any:
    """Return the value of the section for the `retention` of an earlier storer.yaml: `24 months`, `5 years`.

    >>> from_file({"frames": "2 years", "minutes": None})
    {'frames': 24, 'minutes': None}
    """
    if not isinstance(value, dict):
        return value
    return {key: _months(time) for key, time in value.items()}


def _months(time: Any) -> Any:
    match = _FILE.fullmatch(time) if isinstance(time, str) else None
    return int(match[1]) * (12 if match[2] == "year" else 1) if match else time
