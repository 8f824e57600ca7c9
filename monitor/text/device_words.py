"""What single devices used, in lines below a report."""

from collections.abc import Iterator
from decimal import Decimal

from common.runtime.logs import printable
from monitor.answers.devices import DevicesAnswer
from monitor.text.formats import Formats


def device_lines(found: DevicesAnswer | None, f: Formats) -> Iterator[str]:
    """Say what each device used of the home, and what none of them did; nothing for a home without devices."""
    if found is None:
        return
    for device in found.devices:
        if device.total_wh is not None:
            yield _line(printable(device.name), device.total_wh, device.total_cost, found.house_wh, f)
    if found.rest_wh is not None:
        yield _line(f.text("device_rest"), found.rest_wh, found.rest_cost, found.house_wh, f)
    if (wrong := found.above) is not None:
        figures = {"devices": f.kwh(wrong.devices_wh), "house": f.kwh(wrong.house_wh)}
        yield f.text("devices_above", count=wrong.periods, **figures)


def _line(name: str, wh: int, cost: Decimal | None, house: int | None, f: Formats) -> str:
    parts = [f.text("device", name=name, kwh=f.kwh(wh))]
    if cost is not None:
        parts.append(f.money(cost))
    if house and 0 <= wh <= house:
        parts.append(f.text("device_share", share=f.percent(wh / house)))
    return " · ".join(parts)
