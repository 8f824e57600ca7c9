import pytest

from monitor.readings.meter_contracts import MeterContract, read_contract

HISTORIC = {"mode": "historic", "frame": {"OPTARIF": "HC..", "ISOUSC": 45}}


def standard(calendar: str, power: int = 9) -> MeterContract:
    return read_contract({"mode": "standard", "frame": {"NGTF": calendar, "PREF": power}})


@pytest.mark.parametrize(
    ("calendar", "power", "like"),
    [("H PLEINE/CREUSE ", 9, True), ("H PLEINE/CREUSE ", 6, False), ("     TEMPO      ", 9, False)],
)
def test_the_other_mode_has_other_names_for_the_same_contract(calendar: str, power: int, like: bool) -> None:
    before = read_contract(HISTORIC)
    assert (before.offer, before.power) == ("hchp", 9)
    assert before.is_like(standard(calendar, power)) is standard(calendar, power).is_like(before) is like


def test_a_calendar_of_another_name_is_another_contract() -> None:
    assert not standard("H PLEINE/CREUSE ").is_like(standard("HPHC"))
    assert not standard("ZEN Flex").is_like(standard("ZEN Week-End"))


def test_what_a_meter_calls_its_contract_has_as_many_characters_as_a_meter_sends() -> None:
    content = {"mode": "standard", "frame": {"NGTF": "=HYPERLINK(1) and more"}}
    assert read_contract(content).calendar == "=HYPERLINK(1) an"
