"""A forecast in a sentence."""

from decimal import Decimal

from monitor.answers.forecasts import Forecast
from monitor.text.formats import Formats


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
