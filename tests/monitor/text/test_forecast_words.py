from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from monitor.answers.forecasts import Forecast
from monitor.text.forecast_words import forecast_line
from monitor.text.formats import Formats

START, END = datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC)
FRENCH, ENGLISH = (Formats(language, ZoneInfo("Europe/Paris")) for language in ("fr", "en"))


def test_a_forecast_is_said_in_euros_where_prices_are_known_else_in_kwh() -> None:
    energy = Forecast(START, END, START, 0, None, None, 612_300, 580_000, 1_650_000)
    money = Forecast(START, END, START, 0, 0, None, 612_300, 580_000, 1_650_000, 1_234_999, 1_150_000, 13_105_000)
    assert forecast_line(energy, ENGLISH) == (
        "Forecast from 1 November 2026 to 30 November 2026: 612.3 kWh, between 580.0 kWh and 1,650 kWh four times"
        " out of five."
    ).replace(" kWh", "\u202fkWh")
    assert forecast_line(money, FRENCH) == (
        "Prévision du 1er novembre 2026 au 30 novembre 2026\u00a0: 123\u202f€ (612,3\u202fkWh), entre 115\u202f€"
        " et 1\u202f310\u202f€ quatre fois sur cinq."
    )


def test_it_says_that_it_needs_two_weeks_and_else_nothing() -> None:
    assert "14" in (forecast_line(Forecast(START, END, START, 0, 0, "few_days"), ENGLISH) or "")
    assert forecast_line(Forecast(START, END, START, 0, 0, "no_year"), ENGLISH) is None
    assert forecast_line(None, ENGLISH) is None
