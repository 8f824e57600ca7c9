"""Reads a YAML document of prices: the bundled table, and the user's `prices.yaml`. The keys: docs/energy.md."""

import datetime
import difflib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from common.contract.offers import Window
from common.errors import ConfigError
from monitor.prices.model import Cta, Kind, OffPeak, PricedOffer, PriceFile, PriceRow, Tax
from monitor.prices.rule_document import WrongRule, read_rule
from monitor.prices.rules import REST, DayTest, Hours, Rule, Spot

_ROW_KEYS = (
    "from", "to", "grade", "src", "note", "subscription", "subscription_year", "subscription_year_ht",
    "kwh", "kwh_ht", "kwh_from", "kwh_ht_from", "spot",
)  # fmt: skip
_KEYS = ("schema", "checked", "currency", "zone", "sources", "rules", "offers", "off_peak", "taxes", "options")
_OFFER_KEYS = ("id", "supplier", "name", "kind", "rule", "meter", "checked", "source", "note", "refused", "rows")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_WINDOW = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-4]):([0-5]\d)")
_HIGHEST = Decimal(10)  # EUR per kWh: more is a typing error, such as cents


def read_document(document: Any, origin: str) -> PriceFile:
    """Read what a file holds.

    Raises:
        ConfigError: with the file, the row and the fix.
    """
    try:
        return _file(document, origin)
    except (_Wrong, WrongRule) as error:
        raise ConfigError(f"{origin}: {error}") from error


class _Wrong(Exception):
    pass


def _file(document: Any, origin: str) -> PriceFile:
    top = _mapping(document, "the file", _KEYS)
    if top.get("schema", 1) != 1:
        raise _Wrong(f"schema {top['schema']} is not known: this version reads schema 1")
    if top.get("currency", "EUR") != "EUR":
        raise _Wrong("currency: only EUR is known")
    if "options" in top:
        raise _Wrong(
            "options: an offer is written as a line of `offers`: {id: my-offer, rule: base, rows: [{from: 2026-08-01,"
            " subscription: {6: 15.86}, kwh: {BASE: 0.2001}}]}; see docs/energy.md"
        )
    rules = {
        str(name): read_rule(rule, f"rules.{name}") for name, rule in _mapping(top.get("rules") or {}, "rules").items()
    }
    offers: list[PricedOffer] = []
    rows: list[PriceRow] = []
    for line in _lines(top.get("offers") or [], "offers"):
        offer = _offer(line, rules)
        if any(one.id == offer.id for one in offers):
            raise _Wrong(f"offers: {offer.id} stands there twice: write its rows in one place")
        lines = _lines(line.get("rows") or [], f"{offer.id}: rows")
        own = [_row(offer, row, f"{offer.id}, row {number}") for number, row in enumerate(lines, 1)]
        periods = {name for row in own for band in row.kwh.values() for name in band}
        if offer.rule is None and len(periods) == 1:
            offer = replace(offer, rule=Rule((DayTest("any"),), {"any": (Hours(periods.pop(), by=REST),)}))
        offers.append(offer)
        rows += own
    taxes = _mapping(top.get("taxes") or {}, "taxes")
    vat = _lines(taxes.get("vat") or [], "taxes.vat")
    return PriceFile(
        origin=origin,
        checked=None if top.get("checked") is None else _day(top["checked"], "checked"),
        rows=tuple(rows),
        offers=tuple(offers),
        off_peak=_off_peak(top.get("off_peak") or []),
        accise=_taxes(_lines(taxes.get("accise") or [], "taxes.accise"), "value"),
        vat=_taxes(vat, "kwh"),
        vat_subscription=_taxes(vat, "subscription"),
        cta=_cta(_lines(taxes.get("cta") or [], "taxes.cta")),
    )


def _offer(line: Mapping[str, Any], rules: Mapping[str, Rule]) -> PricedOffer:
    identifier = line.get("id")
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise _Wrong(f"offers: an id such as my-offer, in small letters, is expected, not {identifier!r}")
    _mapping(line, identifier, _OFFER_KEYS)
    rule = line.get("rule")
    if isinstance(rule, str):
        if rule not in rules:
            near = difflib.get_close_matches(rule, rules, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known in this file: {', '.join(rules) or 'none'}"
            raise _Wrong(f"{identifier}: rule {rule!r} is not known, {hint}")
        found: Rule | None = rules[rule]
    else:
        found = None if rule is None else read_rule(rule, f"{identifier}: rule")
    kind = line.get("kind")
    if kind is not None and kind not in {one.value for one in Kind}:
        raise _Wrong(f"{identifier}: kind is one of {', '.join(one.value for one in Kind)}, not {kind!r}")
    return PricedOffer(
        id=identifier,
        supplier=_text(line, "supplier", identifier),
        name=_text(line, "name", identifier),
        kind=None if kind is None else Kind(kind),
        rule=found,
        meter=_text(line, "meter", identifier) or None,
        checked=None if line.get("checked") is None else _day(line["checked"], f"{identifier}: checked"),
        source=_text(line, "source", identifier),
        refused=_text(line, "refused", identifier) or None,
    )


def _text(line: Mapping[str, Any], key: str, where: str) -> str:
    value = line.get(key, "")
    if not isinstance(value, str):
        raise _Wrong(f"{where}: {key} is a text, not {value!r}")
    return value


def _row(offer: PricedOffer, line: Any, where: str) -> PriceRow:
    row = _mapping(line, where, _ROW_KEYS)
    start = _day(row.get("from"), f"{where}: from")
    where = f"{where} (from {start})"
    end = None if row.get("to") is None else _day(row["to"], f"{where}: to")
    if end is not None and end <= start:
        raise _Wrong(f"{where}: `to` is the first day after it, so it must be later than `from`")
    monthly = _powers(row.get("subscription"), f"{where}: subscription")
    result = PriceRow(
        offer=offer.id,
        start=start,
        end=end,
        kwh=_bands(row, "kwh", where),
        kwh_ht=_bands(row, "kwh_ht", where),
        subscription={power: amount * 12 for power, amount in monthly.items()}
        | _powers(row.get("subscription_year"), f"{where}: subscription_year"),
        spot=None if row.get("spot") is None else _spot(row["spot"], f"{where}: spot"),
        grade=row.get("grade"),
    )
    if not result.has_kwh and not result.subscription:
        raise _Wrong(f"{where}: it has neither `kwh` nor a subscription")
    periods = set() if offer.rule is None else set(offer.rule.periods)
    for unknown in sorted({name for band in result.kwh.values() for name in band} - periods) if periods else ():
        raise _Wrong(f"{where}: {unknown} is no period of its rule, which has {', '.join(sorted(periods))}")
    return result


def _spot(value: Any, where: str) -> Spot:
    keys = ("network", "cap", "compliance", "margin", "premium", "vat")
    block = _mapping(value, where, keys)
    for key in keys:
        if key not in block:
            raise _Wrong(f"{where}: {key} is missing; it has {', '.join(keys)}, in cents a kWh without tax")
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
    amounts = _mapping(value, where, ("winter", "summer"))
    return {season == "winter": _amount(amounts.get(season), f"{where}: {season}") for season in ("winter", "summer")}


def _bands(row: Mapping[str, Any], key: str, where: str) -> dict[int, dict[str, Decimal]]:
    bands = {}
    if row.get(key) is not None:
        bands[0] = _registers(row[key], f"{where}: {key}")
    for power, prices in _mapping(row.get(f"{key}_from") or {}, f"{where}: {key}_from").items():
        bands[_power(power, f"{where}: {key}_from")] = _registers(prices, f"{where}: {key}_from")
    return bands


def _registers(value: Any, where: str) -> dict[str, Decimal]:
    prices = _mapping(value, where)
    if not prices:
        raise _Wrong(f"{where}: a price by register is expected, such as {{BASE: 0.1940}}")
    result = {str(register): _amount(price, where) for register, price in prices.items()}
    for register, price in result.items():
        if price >= _HIGHEST:
            raise _Wrong(f"{where}: {register} costs {price} EUR per kWh: are these cents?")
    return result


def _powers(value: Any, where: str) -> dict[int, Decimal]:
    if value is None:
        return {}
    return {_power(power, where): _amount(amount, where) for power, amount in _mapping(value, where).items()}


def _power(value: Any, where: str) -> int:
    if type(value) is not int or not 1 <= value <= 36:
        raise _Wrong(f"{where}: a subscribed power in kVA, from 1 to 36, is expected, not {value!r}")
    return value


def _amount(value: Any, where: str) -> Decimal:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal("NaN")
        if amount.is_finite() and amount >= 0:
            return amount
    hint = ": write a dot instead of the comma" if isinstance(value, str) and "," in value else ""
    raise _Wrong(f"{where}: an amount in EUR such as 0.1940 is expected, not {value!r}{hint}")


def _day(value: Any, where: str) -> date:
    if type(value) is not date:
        raise _Wrong(f"{where}: a day such as 2026-02-01 is expected, not {value!r}")
    return value


def _off_peak(value: Any) -> tuple[OffPeak, ...]:
    periods = []
    for line in _lines(value, "off_peak"):
        start = _day(line.get("from"), "off_peak: from")
        where = f"off_peak from {start}"
        _mapping(line, where, ("from", "windows", "summer", "winter"))
        always = line.get("windows")
        winter, summer = line.get("winter", always), line.get("summer", always)
        if winter is None or summer is None:
            raise _Wrong(f"{where}: `windows` is missing, or `summer` and `winter`")
        periods.append(OffPeak(start=start, winter=_windows(winter, where), summer=_windows(summer, where)))
    return tuple(sorted(periods, key=lambda period: period.start))


def _windows(value: Any, where: str) -> tuple[Window, ...]:
    if not isinstance(value, list):
        raise _Wrong(f'{where}: a list of windows is expected, such as ["22:30-06:30"]')
    windows = []
    for text in value:
        match = _WINDOW.fullmatch(text) if isinstance(text, str) else None
        if not match:
            raise _Wrong(f'{where}: a window is written "22:30-06:30", in quotes, not {text!r}')
        hour, minute, last_hour, last_minute = map(int, match.groups())
        windows.append(Window(datetime.time(hour, minute), datetime.time(last_hour % 24, last_minute)))
    return tuple(windows)


def _taxes(lines: list[Mapping[str, Any]], key: str) -> tuple[Tax, ...]:
    found = []
    for line in lines:
        if key not in line:
            raise _Wrong(f"taxes: a line has no {key}")
        found.append(Tax(_day(line.get("from"), "taxes: from"), _amount(line[key], "taxes")))
    return tuple(sorted(found, key=lambda tax: tax.start))


def _cta(lines: list[Mapping[str, Any]]) -> tuple[Cta, ...]:
    found = []
    for line in lines:
        _mapping(line, "taxes.cta", ("from", "share", "fixed", "per_kva", "per_kva_off_peak", "note"))
        start, share = _day(line.get("from"), "taxes.cta: from"), line.get("share")
        if share is None:
            found.append(Cta(start, None))
            continue
        amounts = [_amount(line.get(key), f"taxes.cta: {key}") for key in ("fixed", "per_kva", "per_kva_off_peak")]
        found.append(Cta(start, _amount(share, "taxes.cta: share"), *amounts))
    return tuple(sorted(found, key=lambda cta: cta.start))


def _lines(value: Any, where: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        raise _Wrong(f"{where}: a list of lines, each with `from`, is expected")
    return [_mapping(line, where) for line in value]


def _mapping(value: Any, where: str, known: tuple[str, ...] | None = None) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{where}: keys and values are expected (key: value)")
    for key in value if known is not None else ():
        if key not in known:  # type: ignore[operator]  # None was excluded above
            near = difflib.get_close_matches(str(key), known or (), n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known or ())}"
            raise _Wrong(f"{where}: unknown key '{key}', {hint}")
    return value
