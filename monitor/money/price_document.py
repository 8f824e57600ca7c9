"""Reads a document of prices: a table of the project, or the owner's section. The keys: docs/energy.md."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, TypeVar

from common.errors import ConfigError
from common.settings.lines import did_you_mean, inside, line_of, mapping, reading
from monitor.money.prices import Cta, DatedAmount, Kind, PricedOffer, PriceFile, PriceRow
from monitor.money.rule_document import read_rule
from monitor.money.rules import REST, DayTest, Hours, Rule, Spot

T = TypeVar("T", DatedAmount, Cta)

_ROW_KEYS = (
    "from", "to", "grade", "src", "note", "subscription", "subscription_year", "subscription_year_ht",
    "kwh", "kwh_ht", "kwh_from", "kwh_ht_from", "spot",
)  # fmt: skip
_KEYS = ("schema", "checked", "currency", "zone", "sources", "rules", "offers", "feed_in", "taxes")
_OFFER_KEYS = ("id", "supplier", "name", "kind", "rule", "meter", "checked", "source", "note", "refused", "rows")
_REFUSED = ("driven_charge",)  # as in `monitor.places.contracts.usage_curve`
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_HIGHEST = Decimal(10)  # EUR per kWh: more is a typing error, such as cents
_HIGHEST_FEED_IN = Decimal(1)  # EUR per kWh: contracts of 2006 to 2010 had up to 0.60


def read_document(document: Any, origin: str) -> PriceFile:
    """Read what a file holds.

    Raises:
        ConfigError: with the file, the line, the row and the fix.
    """
    with reading(origin):
        return read_prices(document, origin)


def read_prices(document: Any, origin: str) -> PriceFile:
    """Read the same.

    Raises:
        ConfigError: with the row and the fix.
    """
    top = mapping(document, "the file", _KEYS)
    _refuse_other_schemas(top)
    rules = {}
    for name, rule in mapping(top.get("rules") or {}, "rules").items():
        with inside(top["rules"], name):
            rules[str(name)] = read_rule(rule, f"rules.{name}")
    offers: list[PricedOffer] = []
    rows: list[PriceRow] = []
    for line in _lines(top, "offers", "offers"):
        with inside(line):
            offer = _offer(line, rules)
            if any(one.id == offer.id for one in offers):
                raise ConfigError(f"offers: {offer.id} stands there twice: write its rows in one place")
            lines = _lines(line, "rows", f"{offer.id}: rows")
            own = [_row(offer, row, f"{offer.id}, row {number}") for number, row in enumerate(lines, 1)]
        periods = {name for row in own for band in row.kwh.values() for name in band}
        if offer.rule is None and len(periods) == 1:
            offer = replace(offer, rule=Rule((DayTest("any"),), {"any": (Hours(periods.pop(), by=REST),)}))
        offers.append(offer)
        rows += own
    taxes = mapping(top.get("taxes") or {}, "taxes")
    vat = _lines(taxes, "vat", "taxes.vat")
    return PriceFile(
        origin=origin,
        checked=None if top.get("checked") is None else _day(top, "checked", "the file"),
        rows=tuple(rows),
        offers=tuple(offers),
        feed_in=_dated(_lines(top, "feed_in", "feed_in"), _feed_in),
        accise=_dated(_lines(taxes, "accise", "taxes.accise"), partial(_tax, key="value")),
        vat=_dated(vat, partial(_tax, key="kwh")),
        vat_subscription=_dated(vat, partial(_tax, key="subscription")),
        cta=_dated(_lines(taxes, "cta", "taxes.cta"), _cta),
    )


def _refuse_other_schemas(top: Mapping[str, Any]) -> None:
    """Refuse what this version does not read."""
    if top.get("schema", 1) != 1:
        raise ConfigError(f"schema {top['schema']} is not known: this version reads schema 1", line_of(top, "schema"))
    if top.get("currency", "EUR") != "EUR":
        raise ConfigError("currency: only EUR is known", line_of(top, "currency"))


def _offer(line: Mapping[str, Any], rules: Mapping[str, Rule]) -> PricedOffer:
    identifier = line.get("id")
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise ConfigError(
            f"offers: an id such as my-offer, in small letters, is expected, not {identifier!r}", line_of(line, "id")
        )
    mapping(line, identifier, _OFFER_KEYS)
    rule = line.get("rule")
    if isinstance(rule, str):
        if rule not in rules:
            hint = did_you_mean(rule, rules)
            raise ConfigError(f"{identifier}: unknown rule {rule!r}, {hint}", line_of(line, "rule"))
        found: Rule | None = rules[rule]
    else:
        with inside(line, "rule"):
            found = None if rule is None else read_rule(rule, f"{identifier}: rule")
    kind = _one_of(line, "kind", [one.value for one in Kind], identifier)
    return PricedOffer(
        id=identifier,
        supplier=_text(line, "supplier", identifier),
        name=_text(line, "name", identifier),
        kind=None if kind is None else Kind(kind),
        rule=found,
        meter=_text(line, "meter", identifier) or None,
        checked=None if line.get("checked") is None else _day(line, "checked", identifier),
        source=_text(line, "source", identifier),
        refused=_one_of(line, "refused", _REFUSED, identifier),
    )


def _one_of(line: Mapping[str, Any], key: str, known: Collection[str], where: str) -> str | None:
    value = line.get(key)
    if value is None or value in known:
        return value
    raise ConfigError(f"{where}: {key} is one of {', '.join(known)}, not {value!r}", line_of(line, key))


def _text(line: Mapping[str, Any], key: str, where: str) -> str:
    value = line.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(f"{where}: {key} is a text, not {value!r}", line_of(line, key))
    return value


def _row(offer: PricedOffer, line: Any, where: str) -> PriceRow:
    with inside(line):
        return _dated_row(offer, mapping(line, where, _ROW_KEYS), where)


def _dated_row(offer: PricedOffer, row: Mapping[str, Any], where: str) -> PriceRow:
    start = _day(row, "from", where)
    where = f"{where} (from {start})"
    end = None if row.get("to") is None else _day(row, "to", where)
    if end is not None and end <= start:
        raise ConfigError(f"{where}: `to` is the first day after it, so it must be later than `from`")
    monthly = _powers(row, "subscription", where)
    result = PriceRow(
        offer=offer.id,
        start=start,
        end=end,
        kwh=_bands(row, "kwh", where),
        kwh_ht=_bands(row, "kwh_ht", where),
        subscription={power: amount * 12 for power, amount in monthly.items()}
        | _powers(row, "subscription_year", where),
        spot=None if row.get("spot") is None else _spot(row, where),
        grade=_text(row, "grade", where) or None,
    )
    if not result.has_kwh and not result.subscription:
        raise ConfigError(f"{where}: it has neither `kwh` nor a subscription")
    periods = set() if offer.rule is None else set(offer.rule.periods)
    priced = {name for band in result.kwh.values() for name in band}
    for unknown in sorted(priced - periods) if periods else ():
        raise ConfigError(f"{where}: {unknown} is no period of its rule, which has {', '.join(sorted(periods))}")
    for missing in sorted(periods - priced) if priced else ():
        raise ConfigError(f"{where}: kwh has no price of {missing}, a period of its rule: add {missing}: 0.1940")
    return result


def _spot(row: Mapping[str, Any], where: str) -> Spot:
    with inside(row, "spot"):
        return _spot_of(row["spot"], f"{where}: spot")


def _spot_of(value: Any, where: str) -> Spot:
    keys = ("network", "cap", "compliance", "margin", "premium", "vat")
    block = mapping(value, where, keys)
    for key in keys:
        if key not in block:
            raise ConfigError(f"{where}: {key} is missing; it has {', '.join(keys)}, in cents a kWh without tax")
    seasons = {key: _seasons(block[key], f"{where}: {key}") for key in ("network", "cap")}
    fees = sum((_amount(block[key], f"{where}: {key}") for key in ("compliance", "margin", "premium")), Decimal(0))
    cents = Decimal(100)
    return Spot(
        network={winter: amount / cents for winter, amount in seasons["network"].items()},
        cap={winter: amount / cents for winter, amount in seasons["cap"].items()},
        fees=fees / cents,
        vat=_amount(block["vat"], f"{where}: vat"),
    )


def _seasons(value: Any, where: str) -> dict[bool, Decimal]:
    amounts = mapping(value, where, ("winter", "summer"))
    return {season == "winter": _amount(amounts.get(season), f"{where}: {season}") for season in ("winter", "summer")}


def _bands(row: Mapping[str, Any], key: str, where: str) -> dict[int, dict[str, Decimal]]:
    bands = {}
    with inside(row, key):
        if row.get(key) is not None:
            bands[0] = _registers(row[key], f"{where}: {key}")
    key = f"{key}_from"
    with inside(row, key):
        for power, prices in mapping(row.get(key) or {}, f"{where}: {key}").items():
            with inside(row[key], power):
                bands[_power(power, f"{where}: {key}")] = _registers(prices, f"{where}: {key}")
    return bands


def _registers(value: Any, where: str) -> dict[str, Decimal]:
    prices = value if isinstance(value, dict) else {}
    if not prices:
        raise ConfigError(f"{where}: a price by register is expected, such as {{BASE: 0.1940}}")
    result = {}
    for register, written in prices.items():
        with inside(prices, register):
            price = result[str(register)] = _amount(written, f"{where}: {register}")
            if price >= _HIGHEST:
                raise ConfigError(f"{where}: {register} costs {price} EUR per kWh: are these cents?")
    return result


def _powers(row: Mapping[str, Any], key: str, where: str) -> dict[int, Decimal]:
    if row.get(key) is None:
        return {}
    where, amounts = f"{where}: {key}", {}
    with inside(row, key):
        if not isinstance(row[key], dict):
            raise ConfigError(f"{where}: amounts in EUR by power in kVA are expected, such as {{6: 15.86}}")
        for power, amount in row[key].items():
            with inside(row[key], power):
                amounts[_power(power, where)] = _amount(amount, where)
    return amounts


def _power(value: Any, where: str) -> int:
    if type(value) is not int or not 1 <= value <= 36:
        raise ConfigError(f"{where}: a subscribed power in kVA, from 1 to 36, is expected, not {value!r}")
    return value


def _amount(value: Any, where: str) -> Decimal:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal("NaN")
        if amount.is_finite() and amount >= 0:
            return amount
    # YAML reads {BASE: 0,194} as {BASE: 0, 194: null}.
    comma = value is None or (isinstance(value, str) and "," in value)
    hint = "; a number has a dot, not a comma" if comma else ""
    raise ConfigError(f"{where}: an amount in EUR such as 0.1940 is expected, not {value!r}{hint}")


def _day(line: Mapping[str, Any], key: str, where: str) -> date:
    value = line.get(key)
    if type(value) is not date:
        raise ConfigError(f"{where}: {key}: a day such as 2026-02-01 is expected, not {value!r}", line_of(line, key))
    return value


def _dated(lines: list[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    """Return what the lines say, each from a day on, in order."""
    found = []
    for line in lines:
        with inside(line):
            found.append(read(line))
    return tuple(sorted(found, key=lambda one: one.start))


def _tax(line: Mapping[str, Any], key: str) -> DatedAmount:
    if key not in line:
        raise ConfigError(f"taxes: a line has no {key}")
    with inside(line, key):
        return DatedAmount(_day(line, "from", "taxes"), _amount(line[key], "taxes"))


def _feed_in(line: Mapping[str, Any]) -> DatedAmount:
    mapping(line, "feed_in", ("from", "price"))
    start = _day(line, "from", "feed_in")
    with inside(line, "price"):
        price = _amount(line.get("price"), f"feed_in from {start}")
        if price >= _HIGHEST_FEED_IN:
            raise ConfigError(f"feed_in from {start}: {price} EUR per kWh: are these cents?")
    return DatedAmount(start, price)


def _cta(line: Mapping[str, Any]) -> Cta:
    mapping(line, "taxes.cta", ("from", "share", "fixed", "per_kva", "per_kva_off_peak", "note"))
    start, share = _day(line, "from", "taxes.cta"), line.get("share")
    if share is None:
        return Cta(start, None)
    amounts = [_amount(line.get(key), f"taxes.cta: {key}") for key in ("fixed", "per_kva", "per_kva_off_peak")]
    return Cta(start, _amount(share, "taxes.cta: share"), *amounts)


def _lines(owner: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
    lines = owner.get(key) or []
    with inside(owner, key):
        if not isinstance(lines, list):
            first = "- id: my-offer" if key == "offers" else "- from: 2026-08-01"
            raise ConfigError(f"{where}: a list is expected, each of its entries begins like `{first}`")
        return [mapping(line, where) for line in lines]
