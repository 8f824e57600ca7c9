import pytest

from common.settings.fields import Wrong
from monitor.base.places import TOWNS, Position, position_of, read_place


def test_each_department_of_the_mainland_and_of_corsica_has_its_prefecture_there() -> None:
    assert len(TOWNS) == 96
    assert all(41 <= one.latitude <= 51 and -5 <= one.longitude <= 9.6 for one in TOWNS.values())
    assert all(round(degrees, 1) == degrees for one in TOWNS.values() for degrees in one)


@pytest.mark.parametrize(
    ("place", "position"),
    [
        ("Lyon", (45.8, 4.8)),
        ("LE PUY EN VELAY", (45.0, 3.9)),
        ("epinal", (48.2, 6.4)),
        ("48.8566, 2.3522", (48.9, 2.4)),
        ("-20.88;55.45", (-20.9, 55.5)),
        ("48.9 2.4", (48.9, 2.4)),
    ],
)
def test_a_place_is_a_prefecture_however_it_is_written_or_two_numbers(
    place: str, position: tuple[float, float]
) -> None:
    assert position_of(place) == Position(*position)
    assert read_place(f" {place} ") == place


@pytest.mark.parametrize("place", ["", "Lion", "48.9", "95, 2", "48.9, 200", "12 rue de la Paix, Paris", None, 3])
def test_what_is_no_place_is_refused(place: object) -> None:
    with pytest.raises(Wrong):
        read_place(place)
