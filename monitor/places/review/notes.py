"""`notes`: what the owner wrote down, and the time before and after a day."""

import re
from datetime import date
from typing import Any

from monitor.base.refusals import Refusal
from monitor.base.schemas import AMOUNT, COUNT, DAY, SHARE, TEXT, WH, described, maybe, record, several
from monitor.money.amounts import amount
from monitor.places.review.compared_days import Mean, NoteAnswers
from monitor.web.call import Call, Parameter, Route
from monitor.web.parameters import METER

_AT = Parameter("at", "A day such as 2026-10-03: compares the time before and after it.", {"type": "string"})


def answer(call: Call) -> dict[str, Any]:
    """Return the notes about a meter, the earliest first."""
    meter, text = call.meter(), call.parameters.get("at")
    found = None if text is None else NoteAnswers(call.home).compared(meter, _day(text), call.now)
    return {
        "meter": meter.identifier,
        "notes": [
            {"at": note.at.isoformat(), "text": note.text}
            for note in call.config.notes
            if note.meter is None or meter.has(note.meter)
        ],
        "compared": None
        if found is None
        else {"days": found.days, "before": _mean(found.before), "after": _mean(found.after)},
    }


def _day(text: str) -> date:
    try:
        if not re.fullmatch(r"20\d\d-\d\d-\d\d", text, re.ASCII):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("no_time", text=text) from None


def _mean(mean: Mean) -> dict[str, Any]:
    return {
        "first": mean.first.isoformat(),
        "last": mean.last.isoformat(),
        "wh": mean.wh,
        "cost": amount(mean.cost),
        "coverage": round(mean.coverage, 4),
    }


_MEAN = record(
    {
        "first": DAY,
        "last": DAY,
        "wh": described("a day", WH),
        "cost": maybe(AMOUNT, "1e-4 EUR a day, subscription and taxes included; null: some of it has no price"),
        "coverage": SHARE,
    }
)
ROUTE = Route(
    "notes",
    "What changed in the home, as `notes` of the configuration have it; with `at`, the 30 days before and after a day.",
    (METER, _AT),
    answer,
    record(
        {
            "meter": TEXT,
            "notes": several(record({"at": DAY, "text": TEXT}), "the earliest first"),
            "compared": maybe(
                record(
                    {"days": described("on each side, with the same weekdays", COUNT), "before": _MEAN, "after": _MEAN}
                ),
                "null: not asked for, or fewer than seven days are known on each side",
            ),
        }
    ),
)
