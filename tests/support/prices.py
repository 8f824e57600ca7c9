"""Offers with rules, for tests of prices and costs."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from monitor.money.price_files import all_prices, load_tables
from monitor.money.prices import Kind, PricedOffer, PriceFile, PriceRow, PriceTable
from monitor.money.rule_document import read_rule

BASE = read_rule({"hours": {"any": {"BASE": "rest"}}}, "base")
HCHP = read_rule({"hours": {"any": {"HCHC": "meter", "HCHP": "rest"}}}, "hchp")
TEMPO = read_rule(
    {
        "day_starts": "06:00",
        "days": {colour: {"calendar": "tempo", "is": colour} for colour in ("red", "white", "blue")},
        "hours": {
            colour: {f"BBRHCJ{letter}": ["22:00-06:00"], f"BBRHPJ{letter}": "rest"}
            for colour, letter in (("red", "R"), ("white", "W"), ("blue", "B"))
        },
    },
    "tempo",
)
#: The regulated offers, named as meters name them.
REGULATED = {
    name: PricedOffer(name, kind=Kind.REGULATED, rule=rule, meter=name)
    for name, rule in (("base", BASE), ("hchp", HCHP), ("tempo", TEMPO))
}


def price_file(origin: str = "mine", rows: Iterable[PriceRow] = (), **more: Any) -> PriceFile:
    """Return a file with rows; of offers that are not regulated ones, those with a single price have a rule."""
    found = tuple(rows)
    plain = {row.offer for row in found if all(set(band) == {"BASE"} for band in row.kwh.values())}
    offers = tuple(
        REGULATED.get(name) or PricedOffer(name, rule=BASE if name in plain else None)
        for name in dict.fromkeys(row.offer for row in found)
    )
    return PriceFile(origin, found, **{"offers": offers, **more})


def price_table(*rows: PriceRow, **more: Any) -> PriceTable:
    """Return a table of one file."""
    return PriceTable([price_file("mine", rows, **more)])


@cache
def bundled_prices() -> PriceTable:
    """Return the prices that the monitor brings, read once: that takes a while."""
    return all_prices(load_tables(Path()))
