from datetime import UTC, date, datetime, timedelta

from monitor.base.household import ContractLine, House, Note
from monitor.readings.hours import Meter
from monitor.readings.meters import Unused, called, group_meters, newest, unused

HOUR = timedelta(hours=1)
START = datetime(2026, 11, 24, tzinfo=UTC)
OLD = Meter(7, "021861999999", START, START + 2 * HOUR)
NEW = Meter(3, "031961123456", START + 3 * HOUR, START + 9 * HOUR)
OTHER = Meter(5, "041961223456", None, None)
MAISON = House(NEW.identifier, "Maison", (OLD.identifier,))


def test_a_line_of_the_configuration_that_names_no_meter_of_the_database_has_no_effect() -> None:
    lines = [ContractLine("0321", date(2025, 2, 1), "tempo", 9), ContractLine("0319", date(2025, 2, 1), "tempo", 9)]
    houses = [House("0419", "Maison", ("0319",))]
    notes = [Note(date(2026, 10, 3), "Spa"), Note(date(2026, 10, 3), "Car", "0555")]
    assert unused(["0319"], lines, houses, notes) == [
        Unused("contracts", "0321"),
        Unused("meters", "0419"),
        Unused("notes", "0555"),
    ]
    # Before the first frame nothing is known yet.
    assert unused([], lines, houses, notes) == []


def test_a_house_has_the_address_of_its_newest_meter_and_the_time_of_all() -> None:
    house, other = group_meters([OLD, NEW, OTHER], [MAISON])
    assert (house.identifier, house.number, house.name) == (NEW.identifier, NEW.number, "Maison")
    assert (house.first, house.last) == (OLD.first, NEW.last)
    assert [part.number for part in house.parts] == [7, 3]
    assert other == OTHER


def test_an_hour_in_which_any_meter_of_the_house_was_read_was_read_for_each() -> None:
    (house, _) = group_meters([OLD, NEW, OTHER], [MAISON])
    for part in house.parts:
        read = [part.was_read(START + number * HOUR) for number in range(-1, 11)]
        assert read == [False, *[True] * 10, False]


def test_a_house_of_which_the_database_knows_nothing_is_none() -> None:
    assert group_meters([OTHER], [MAISON]) == [OTHER]


def test_a_house_with_an_old_meter_only_is_shown_under_the_address_that_is_to_come() -> None:
    (house,) = group_meters([OLD], [MAISON])
    assert (house.identifier, house.number, house.last) == (NEW.identifier, OLD.number, OLD.last)


def test_a_meter_is_called_by_its_name_an_address_or_the_last_digits_of_one() -> None:
    meters = group_meters([OLD, NEW, OTHER], [MAISON])
    house, other = meters
    for text in ("Maison", "MAISON ", OLD.identifier, NEW.identifier, "9999", "123456"):
        assert called(meters, text) == [house]
    assert called(meters, "223456") == [other]
    assert called(meters, "3456") == [house, other]  # which of them is for the user to say
    assert called(meters, "4711") == called(meters, "") == []


def test_an_address_in_full_is_not_taken_for_the_end_of_another() -> None:
    short = Meter(9, "3456", None, None)
    assert called([short, NEW], "3456") == [short]


def test_the_newest_of_a_house_is_known_by_any_address() -> None:
    assert [newest(address, [MAISON]) for address in (OLD.identifier, NEW.identifier, "1")] == [
        NEW.identifier, NEW.identifier, "1"
    ]  # fmt: skip
