"""What the sun did, in the answers of `energy`: its columns, and the whole."""

from collections.abc import Mapping
from typing import Any

from common.contract.frame import write_stamp
from monitor.base.schemas import AMOUNT, COUNT, INSTANT, SHARE, WH, Schema, described, maybe, record, several
from monitor.money.amounts import amount
from monitor.sources.sun import SunAnswer
from monitor.sources.sun_energy import Sun


def columns(found: SunAnswer | None) -> dict[str, Any]:
    """Return the columns and the whole of it: nothing for a house that has no sun."""
    if found is None:
        return {}
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS} if found.source else {}
    if found.earned is not None:
        columns["earned"] = []
    for one in found.periods:
        values = {**values_of(one), "earned": amount(one.earned)}
        for name, column in columns.items():
            column.append(values[name])
    return {**columns, "sun": _whole(found)}


def values_of(one: Sun) -> dict[str, Any]:
    """Return the values of a period; null where one of the two is not known."""
    return {
        "production_wh": one.production_wh,
        "self_consumed_wh": one.self_consumed_wh,
        "self_consumption": _rounded(one.self_consumption),
        "self_sufficiency": _rounded(one.self_sufficiency),
        "saved": amount(one.saved),
    }


def _whole(found: SunAnswer) -> dict[str, Any]:
    whole, wrong = found.whole, found.contradiction
    return {
        "since": None if found.since is None else write_stamp(found.since),
        "heard": None if whole is None else round(whole.heard / 3600),
        "injected_wh": None if whole is None else whole.injected_wh,
        **(dict.fromkeys(_COLUMNS) if whole is None else values_of(whole)),
        "earned": amount(found.earned),
        "surplus_hours": found.surplus_hours,
        "contradiction": None
        if wrong is None
        else {"periods": wrong.periods, "production_wh": wrong.production_wh, "injected_wh": wrong.injected_wh},
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


_PRODUCTION = maybe(WH, "Wh that the sources of production made; null: not known")
_USED = maybe(
    WH,
    "Wh used at home: production less what was injected, so that the three add up over any time; less than 0 where a"
    " counter shows only later what it counted; null: one of the two is not known",
)
_OF_PRODUCTION = maybe(SHARE, "share of the production that was used at home; null: not known")
_OF_USE = maybe(SHARE, "share of what the home used that it made itself; null: not known")
_SAVED = maybe(AMOUNT, "1e-4 EUR that self_consumed_wh would have cost by the register that ran; null: not known")
_EARNED = maybe(AMOUNT, "1e-4 EUR for what was injected, at the prices of feed_in; null: not known")
_COLUMNS: Mapping[str, Schema] = {
    "production_wh": _PRODUCTION,
    "self_consumed_wh": _USED,
    "self_consumption": _OF_PRODUCTION,
    "self_sufficiency": _OF_USE,
    "saved": _SAVED,
}
_CONTRADICTION = record({"periods": COUNT, "production_wh": WH, "injected_wh": WH})
_SUN = record(
    {
        "since": maybe(
            INSTANT,
            "from when on production is known, and what was injected if it is counted; null: there is no source, or"
            " it is so new that its first whole hour is not over",
        ),
        "heard": maybe(COUNT, "hours in which it sent something; inverters sleep at night"),
        "injected_wh": maybe(WH, "Wh injected in the time in which production is known"),
        **_COLUMNS,
        "earned": _EARNED,
        "surplus_hours": described("in which more was injected than drawn", COUNT),
        "contradiction": maybe(
            _CONTRADICTION,
            "the periods, or of hours the whole, in which the sources made less than was injected: one of the two is"
            " wrong; null: none",
        ),
    }
)
#: Only of a home with a source of production; `earned` only of one with prices of `feed_in`, `sun` of both and of
#: one that injects.
COLUMNS: Mapping[str, Schema] = {
    **{name: several(schema) for name, schema in _COLUMNS.items()},
    "earned": several(_EARNED),
    "sun": described("of the whole range; only of a home that makes or injects", _SUN),
}
