"""The table of offers: what meters send leads to a row, and a row to names and hours."""

from datetime import datetime, time

import pytest

from common.contract.offers import BY_ID, BY_REGISTER, OFFERS, Window, is_off_peak, with_calendar, with_option


@pytest.mark.parametrize(
    ("option", "offer"),
    [
        ("BASE", "base"),
        ("HC..", "hchp"),
        ("EJP.", "ejp"),
        ("BBR(", "tempo"),
        ("BBR", "tempo"),
        ("BASES", None),
        ("", None),
    ],
)
def test_the_option_of_historic_mode_names_an_offer(option: str, offer: str | None) -> None:
    assert with_option(option) == (None if offer is None else BY_ID[offer])


@pytest.mark.parametrize(
    ("calendar", "offer"),
    [
        ("      BASE      ", "base"),
        ("H PLEINE/CREUSE ", "hchp"),
        ("hphc", "hchp"),
        ("EJP", "ejp"),
        ("     TEMPO      ", "tempo"),
        ("HC et Week-End  ", None),
        ("", None),
    ],
)
def test_the_calendar_of_standard_mode_names_an_offer(calendar: str, offer: str | None) -> None:
    assert with_calendar(calendar) == (None if offer is None else BY_ID[offer])


@pytest.mark.parametrize(
    ("register", "french", "english", "off_peak"),
    [
        ("BASE", "Base", "Base", None),
        ("HCHC", "Heures creuses", "Off-peak hours", True),
        ("HCHP", "Heures pleines", "Peak hours", False),
        ("EJPHN", "EJP, heures normales", "EJP, normal hours", None),
        ("EJPHPM", "EJP, pointe mobile", "EJP, mobile peak", None),
        ("BBRHCJB", "Bleu, heures creuses", "Blue, off-peak hours", True),
        ("BBRHPJW", "Blanc, heures pleines", "White, peak hours", False),
        ("BBRHPJR", "Rouge, heures pleines", "Red, peak hours", False),
    ],
)
def test_a_register_has_names_and_hours(register: str, french: str, english: str, off_peak: bool | None) -> None:
    offer, found = BY_REGISTER[register]
    assert [offer.column(found, language) for language in ("fr", "en")] == [french, english]
    assert is_off_peak(register) is off_peak


def test_a_register_of_no_offer_has_no_hours() -> None:
    assert is_off_peak("EASF03") is None


@pytest.mark.parametrize(("offer", "day"), [("tempo", 24), ("base", 25)])
def test_a_day_of_tempo_begins_at_six(offer: str, day: int) -> None:
    assert BY_ID[offer].day_of(datetime(2026, 11, 25, 5, 59)).day == day  # noqa: DTZ001 - by the clock on the wall
    assert BY_ID[offer].day_of(datetime(2026, 11, 25, 6)).day == 25  # noqa: DTZ001


def test_no_two_offers_share_a_name_or_what_a_meter_sends() -> None:
    for names in (
        [offer.id for offer in OFFERS],
        [offer.option for offer in OFFERS if offer.option is not None],
        [calendar for offer in OFFERS for calendar in offer.calendars],
    ):
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("start", "end", "inside", "outside"),
    [
        (time(12), time(14), [time(12), time(13, 59, 59)], [time(11, 59, 59), time(14)]),
        (time(22), time(6), [time(22), time(23, 59, 59), time(0), time(5, 59, 59)], [time(6), time(21, 59, 59)]),
        (time(17), time(17), [time(16, 59), time(17), time(18)], []),  # the whole day
        (time(22), time(0), [time(22), time(23, 59, 59)], [time(0), time(21, 59)]),
    ],
)
def test_a_window_has_its_first_instant_and_not_its_last(
    start: time, end: time, inside: list[time], outside: list[time]
) -> None:
    window = Window(start, end)
    assert [window.holds(moment) for moment in (*inside, *outside)] == [True] * len(inside) + [False] * len(outside)
