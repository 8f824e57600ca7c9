"""Whose past the entities of a house show whose meter was replaced: all of it, and nothing twice."""

from dataclasses import replace

import pytest

from monitor.base.household import House
from monitor.home_assistant.history import views
from monitor.readings.hours import Meter
from monitor.readings.meters import gather

FIRST, SECOND, THIRD = "021861000001", "031961000002", "041961000003"
METERS = [Meter(number, address, None, None) for number, address in enumerate((FIRST, SECOND, THIRD), 1)]
(HOUSE,) = gather(METERS, [House(THIRD, "Maison", (FIRST, SECOND))])


@pytest.mark.parametrize(
    ("registered", "expected"),
    [
        ([THIRD], {THIRD: [FIRST, SECOND, THIRD]}),
        ([SECOND, THIRD], {SECOND: [FIRST, SECOND], THIRD: [THIRD]}),
        ([FIRST, SECOND, THIRD], {FIRST: [FIRST], SECOND: [SECOND], THIRD: [THIRD]}),
        ([FIRST], {FIRST: [FIRST]}),
        ([], {}),
    ],
)
def test_a_meter_shows_those_it_replaced_that_have_no_entities(
    registered: list[str], expected: dict[str, list[str]]
) -> None:
    found = views(HOUSE, registered)
    assert {address: [part.identifier for part in view.parts] for address, view in found.items()} == expected


def test_a_house_that_is_shown_whole_is_asked_once() -> None:
    assert views(HOUSE, [THIRD])[THIRD] is HOUSE
    alone = replace(METERS[0], name="Atelier")
    assert views(alone, [FIRST])[FIRST] is alone
