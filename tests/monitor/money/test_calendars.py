from datetime import date
from pathlib import Path

import pytest

from common.errors import ConfigError
from monitor.money.calendars import Calendars, load_calendars
from tests.support.prices import bundled_prices


def loaded(tmp_path: Path, name: str, text: str) -> Calendars:
    file = tmp_path / "days.csv"
    file.write_text(text, encoding="utf-8")
    return load_calendars(None, [(name, file)], bundled_prices(), alsace_moselle=False)


def test_days_between_the_first_and_the_last_of_a_file_are_ordinary(tmp_path: Path) -> None:
    calendars = loaded(tmp_path, "ohm-modulo", "day;kind\n2026-01-15;serenity\n2026-12-31;normal\n")
    days = (date(2026, 1, 14), date(2026, 1, 15), date(2026, 1, 16), date(2027, 1, 1))
    assert [calendars.kind("ohm-modulo", day) for day in days] == [None, "serenity", "", None]


def test_a_file_with_other_words_than_the_offers_ask_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no day is serenity, .*: write 2026-01-15;serenity, not normal, serenite"):
        loaded(tmp_path, "ohm-modulo", "2026-01-15;serenite\n2026-12-31;normal\n")


def test_a_calendar_that_no_offer_asks_for_may_have_any_words(tmp_path: Path) -> None:
    assert loaded(tmp_path, "mine", "2026-01-15;cheap\n").kind("mine", date(2026, 1, 15)) == "cheap"


def test_a_line_that_says_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"days\.csv, line 2: .*2026-01-15;serenity is expected"):
        loaded(tmp_path, "ohm-modulo", "2026-01-15;serenity\n16/01/2026\n")
