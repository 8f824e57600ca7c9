"""Sentences below a report: what the sun did, what single devices used, and what the period will have cost."""

from collections.abc import Iterator
from decimal import Decimal

from common.runtime.logs import printable
from monitor.base.formats import Formats
from monitor.money.forecast import Forecast
from monitor.sources.devices import DevicesAnswer
from monitor.sources.sun import SunAnswer
from monitor.sources.sun_energy import Sun


def sun_lines(found: SunAnswer | None, f: Formats) -> Iterator[str]:
    """Say what was made, used at home and injected, and what it was worth; nothing for a home without sun."""
    if found is None:
        return
    if found.whole is not None and found.whole.production_wh is not None:
        yield from _made(found.whole, found.whole.production_wh, f)
    if found.since is not None and found.periods[0].production_wh is None:
        yield f.text("sun_since", day=f.day(found.since))
    if any(one.injected_wh for one in found.periods):
        yield (f.text("sun_no_feed_in") if found.earned is None else f.text("sun_earned", amount=f.money(found.earned)))
    if found.surplus_hours:
        yield f.text("sun_surplus", hours=f.number(Decimal(found.surplus_hours), 0))
    if (wrong := found.contradiction) is not None:
        figures = {"made": f.kwh(wrong.production_wh), "exported": f.kwh(wrong.injected_wh)}
        yield f.text("sun_contradiction", count=wrong.periods, **figures)


def _made(whole: Sun, production: int, f: Formats) -> Iterator[str]:
    made, used = f.kwh(production), whole.self_consumed_wh
    if used is None or whole.injected_wh is None:
        yield f.text("sun_made_only", made=made)
    else:
        yield f.text("sun_made", made=made, used=f.kwh(used), exported=f.kwh(whole.injected_wh))
    if whole.self_consumption is not None and whole.self_sufficiency is not None:
        shares = {"of_production": f.percent(whole.self_consumption), "of_use": f.percent(whole.self_sufficiency)}
        yield f.text("sun_shares", **shares)
    if whole.saved is not None and used:
        yield f.text("sun_saved", amount=f.money(whole.saved))


def device_lines(found: DevicesAnswer | None, f: Formats) -> Iterator[str]:
    """Say what each device used of the home, and what none of them did; nothing for a home without devices."""
    if found is None:
        return
    for device in found.devices:
        if device.total_wh is not None:
            yield _device(printable(device.name), device.total_wh, device.total_cost, found.house_wh, f)
    if found.rest_wh is not None:
        yield _device(f.text("device_rest"), found.rest_wh, found.rest_cost, found.house_wh, f)
    if (wrong := found.above) is not None:
        figures = {"devices": f.kwh(wrong.devices_wh), "house": f.kwh(wrong.house_wh)}
        yield f.text("devices_above", count=wrong.periods, **figures)


def _device(name: str, wh: int, cost: Decimal | None, house: int | None, f: Formats) -> str:
    parts = [f.text("device", name=name, kwh=f.kwh(wh))]
    if cost is not None:
        parts.append(f.money(cost))
    if house and 0 <= wh <= house:
        parts.append(f.text("device_share", share=f.percent(wh / house)))
    return " · ".join(parts)


def forecast_line(found: Forecast | None, f: Formats) -> str | None:
    """Say what a period will have cost, or used where a price is not known; None: there is nothing to say."""
    if found is None or found.why_not not in (None, "few_days"):
        return None
    if found.expected_wh is None or found.low_wh is None or found.high_wh is None:
        return f.text("forecast_few_days")
    expected, low, high = map(f.energy, (found.expected_wh, found.low_wh, found.high_wh))
    if found.expected_cost is not None and found.low_cost is not None and found.high_cost is not None:
        money, low, high = (
            f.euros(Decimal(amount) / 10_000) for amount in (found.expected_cost, found.low_cost, found.high_cost)
        )
        expected = f"{money} ({expected})"
    return f.text(
        "forecast", start=f.day(found.start), end=f.last_day(found.end), expected=expected, low=low, high=high
    )
