"""What the sun did, in sentences below a report."""

from collections.abc import Iterator
from decimal import Decimal

from monitor.answers.sun import SunAnswer
from monitor.cost.sun import Sun
from monitor.text.formats import Formats


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
