"""All sections of the household's settings, and what the rooms use of their values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from common.contract.retention import RETENTION
from common.contract.sources import SOURCES
from common.errors import ConfigError
from common.settings.fields import Field, Problem, Section, Wrong
from common.settings.language import French
from common.settings.lines import Lined
from monitor.base.alert_settings import ADDRESSES, ALERTS
from monitor.base.fetch_settings import FETCH
from monitor.base.french import TEXTS
from monitor.base.household import (
    ACCESS,
    BUDGET,
    CONTRACTS,
    METERS,
    NOTES,
    PAGE,
    PORTS,
    ContractLine,
    Household,
    houses,
)
from monitor.money.calendars import foreign_words
from monitor.money.dated_files import QUARTER
from monitor.money.price_document import read_prices
from monitor.money.prices import PriceFile, PriceTable

OWN = "prices"  # the name of the owner's own prices, where others have that of their file
_french = French(TEXTS)


@dataclass(frozen=True, slots=True)
class OwnPrices:
    """What the owner says of prices: offers and rows as a table of prices has them, and the holidays that count."""

    file: PriceFile | None
    alsace_moselle: bool = False  # has two more bank holidays, for offers with a cheaper week-end


@dataclass(frozen=True, slots=True)
class _FeedIn:
    start: Annotated[date, Field(fr="À partir du", en="From", key="from")]
    price: Annotated[float, Field(fr="Prix", en="Price", unit="€ / kWh", low=0)]


@dataclass(frozen=True, slots=True)
class _AskedOfPrices:
    """What a form asks of prices beside the offers."""

    feed_in: Annotated[tuple[_FeedIn, ...], Field(fr="Vente du surplus", en="Sale of the surplus")] = ()
    alsace_moselle: Annotated[
        bool,
        Field(
            fr="Jours fériés d’Alsace-Moselle",
            en="Bank holidays of Alsace and Moselle",
            help_fr="Deux de plus, pour les offres dont les jours fériés sont moins chers.",
            help_en="Two more, for offers that are cheaper on bank holidays.",
        ),
    ] = False


def _own_prices(value: Any) -> OwnPrices:
    if not isinstance(value, dict):
        raise Wrong("des offres sont attendues", "offers are expected")
    document = {key: one for key, one in value.items() if key != "alsace_moselle"}
    alsace_moselle = value.get("alsace_moselle", False)
    if type(alsace_moselle) is not bool:
        raise Wrong("oui ou non est attendu", "true or false is expected", ".alsace_moselle")
    places: list[str] = []
    try:
        file = read_prices(_as_yaml(document, "", places), OWN) if document else None
    except ConfigError as error:
        text = str(error)
        raise Wrong(_french(text), text, places[(error.line or 1) - 1]) from error
    return OwnPrices(file, alsace_moselle)


def _as_yaml(value: Any, at: str, places: list[str]) -> Any:
    """Return JSON as YAML reads it: numbers as keys, and days; a line is the number of its place in `places`."""

    def place(where: str) -> int:
        places.append(where)
        return len(places)

    if isinstance(value, dict):
        found = Lined()
        found.line, found.lines = place(at), {}
        for name, one in value.items():
            key = int(name) if name.isdecimal() else name
            found.lines[key] = place(f"{at}.{name}")
            found[key] = _as_yaml(one, f"{at}.{name}", places)
        return found
    if isinstance(value, list):
        return [_as_yaml(one, f"{at}[{number}]", places) for number, one in enumerate(value)]
    if isinstance(value, str) and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _quarter(value: Any) -> int:
    try:
        moment = datetime.fromisoformat(value)
        start = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (TypeError, ValueError):
        start = 1
    if start % QUARTER:
        raise Wrong(
            "un quart d’heure tel que 2026-01-15T10:00:00Z est attendu",
            "a quarter of an hour such as 2026-01-15T10:00:00Z is expected",
        )
    return start


_Day = Annotated[date, Field(fr="Jour", en="Day")]
_Quarter = Annotated[
    int, Field(fr="Heure (UTC)", en="Hour (UTC)", read=_quarter, schema={"type": "string", "format": "date-time"})
]
_DAYS = 10_000  # at most, of one calendar


@dataclass(frozen=True, slots=True)
class OwnDays:
    """The days and market prices that the owner wrote down."""

    tempo: Annotated[
        Mapping[_Day, Literal["blue", "white", "red"]], Field(fr="Jours Tempo", en="Tempo days", longest=_DAYS)
    ] = field(default_factory=dict)
    days: Annotated[
        Mapping[str, Annotated[Mapping[_Day, str], Field(fr="Jours", en="Days", longest=_DAYS)]],
        Field(fr="Jours annoncés, par calendrier", en="Announced days, by calendar", longest=50),
    ] = field(default_factory=dict)
    spot: Annotated[
        Mapping[_Quarter, float],
        Field(fr="Prix de marché", en="Market prices", unit="€ / MWh", longest=400_000),
    ] = field(default_factory=dict)


PRICES: Section[OwnPrices] = Section(
    name="prices",
    kind=Annotated[
        Any,
        Field(fr="", en="", widget="prices", read=_own_prices, schema={"type": "object"}, asked=_AskedOfPrices),
    ],
    default={},
    fr="Prix",
    en="Prices",
)
CALENDARS: Section[OwnDays] = Section(
    name="calendars",
    kind=OwnDays,
    default={"tempo": {}, "days": {}, "spot": {}},
    fr="Jours annoncés et prix de marché",
    en="Announced days and market prices",
)
SECTIONS: Mapping[str, Section[Any]] = {
    one.name: one
    for one in (
        METERS, CONTRACTS, PRICES, CALENDARS, NOTES, BUDGET, ALERTS, ADDRESSES, SOURCES, RETENTION, PORTS, FETCH,
        ACCESS, PAGE,
    )
}  # fmt: skip


def household_of(values: Mapping[str, Any], addresses: Sequence[str] = ()) -> Household:
    """Return the household of the typed values of its sections; one that is not there has its default."""

    def of(section: Section[Any]) -> Any:
        return values[section.name] if section.name in values else section.read(section.default)

    return Household(
        meters=houses(of(METERS)),
        contracts=tuple(sorted(of(CONTRACTS), key=lambda line: (line.meter, line.start))),
        notes=tuple(sorted(of(NOTES), key=lambda note: note.at)),
        budget=of(BUDGET).euros,
        alerts=of(ALERTS),
        addresses=tuple(addresses),
        language=of(PAGE).language,
        ports=of(PORTS),
        fetch=of(FETCH),
        home_network=of(ACCESS).home_network,
    )


def check_together(values: Mapping[str, Any], prices: PriceTable) -> Iterable[Problem]:
    """Yield what is wrong between typed sections: costs would be unknown without a word.

    Args:
        values: the sections that are looked at.
        prices: all prices, with the owner's.
    """
    lines: Sequence[ContractLine] = values.get(CONTRACTS.name, ())
    for number, line in enumerate(lines):
        if prices.offer(line.offer) is None:
            at = f"{CONTRACTS.name}[{number}].offer"
            yield Problem(at, f"l’offre {line.offer} n’existe pas", f"there is no offer {line.offer}")
    days: OwnDays = values.get(CALENDARS.name, OwnDays())
    for name, asked in foreign_words(days.days, prices):
        words = ", ".join(sorted(asked))
        yield Problem(
            f"{CALENDARS.name}.days.{name}",
            f"aucun jour n’est {words}, les mots que les offres attendent",
            f"no day is {words}, the words that the offers ask for",
        )
