import pytest

from common.contract.offers import BY_ID
from monitor.forecast.registers import Habits

OFF_PEAK = {"HCHC": 3000, "HCHP": 7000}
TEMPO = {"BBRHCJB": 40_000, "BBRHPJB": 60_000, "BBRHCJR": 8_000, "BBRHPJR": 2_000}


@pytest.mark.parametrize(
    ("recent", "offer", "split"),
    [
        ({"BASE": 9}, "base", {None: {"BASE": 1}}),
        (OFF_PEAK, "hchp", {None: {"HCHC": 0.3, "HCHP": 0.7}}),
        (OFF_PEAK, "base", {None: {"BASE": 1}}),  # the offer changes
        ({"BASE": 9}, "hchp", None),  # nobody knows what will run at night
        ({"EJPHN": 9, "EJPHPM": 1}, "ejp", {None: {"EJPHN": 0.9, "EJPHPM": 0.1}}),
        (OFF_PEAK, "ejp", None),
        ({"EASF01": 1, "EASF02": 3}, None, {None: {"EASF01": 0.25, "EASF02": 0.75}}),
        ({}, None, None),
    ],
)
def test_a_day_is_divided_as_the_last_weeks_were(recent: dict[str, int], offer: str | None, split: object) -> None:
    assert Habits(recent, recent).split(None if offer is None else BY_ID[offer]) == split


def test_days_of_each_colour_are_divided_as_those_of_the_last_year_were() -> None:
    split = Habits({"BBRHCJB": 1000, "BBRHPJB": 3000}, TEMPO).split(BY_ID["tempo"])
    assert split is not None
    assert split["blue"] == pytest.approx({"BBRHCJB": 0.4, "BBRHPJB": 0.6})
    assert split["white"] == pytest.approx({"BBRHCJW": 0.25, "BBRHPJW": 0.75})  # there was none: as lately
    assert split["red"] == pytest.approx({"BBRHCJR": 0.8, "BBRHPJR": 0.2})
