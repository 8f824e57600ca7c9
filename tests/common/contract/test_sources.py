"""The section `sources` of the settings."""

from typing import Any

import pytest

from common.contract.sources import SOURCES, Quantity, Value, doubles
from common.settings.fields import SectionError


def of(**fields: Any) -> dict[str, Any]:
    entry = {"name": "roof", "kind": "production", "topic": "a/b", "power": ""} | fields
    return {key: value for key, value in entry.items() if value is not None}


def test_a_plug_sends_power_and_energy_in_one_message() -> None:
    (source,) = SOURCES.read(
        [of(kind="device", power="apower", energy="aenergy.total", unit="kWh", meter="031961123456")]
    )
    assert source.values == (
        Value(Quantity.POWER, "a/b", ("apower",), 1.0),
        Value(Quantity.ENERGY, "a/b", ("aenergy", "total"), 1000.0),
    )
    assert (source.name, source.kind, source.meter) == ("roof", "device", "031961123456")


def test_an_inverter_has_a_topic_and_a_unit_for_each_value() -> None:
    topic, unit = {"power": "s/power", "energy": "s/total"}, {"power": "kW", "energy": "Wh"}
    (source,) = SOURCES.read([of(energy="", topic=topic, unit=unit)])
    assert source.values == (
        Value(Quantity.POWER, "s/power", (), 1000.0),
        Value(Quantity.ENERGY, "s/total", (), 1.0),
    )
    assert source.topics == {"s/power", "s/total"}


def test_a_thermometer_needs_no_unit_and_a_place_in_a_list_no_quotes() -> None:
    (source,) = SOURCES.read([of(kind="temperature", power=None, temperature=0)])
    assert source.values == (Value(Quantity.TEMPERATURE, "a/b", ("0",), 1.0),)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ({"name": "roof"}, {"sources"}),
        (["roof"], {"sources[0]"}),
        ([of(name=None)], {"sources[0].name"}),
        ([of(name="x" * 41)], {"sources[0].name"}),
        ([of(kind="sun")], {"sources[0].kind"}),
        ([of(kind="temperature")], {"sources[0].power", "sources[0].temperature"}),
        ([of(power=None)], {"sources[0].power"}),
        ([of(power="a..b")], {"sources[0].power"}),
        ([of(energy="e")], {"sources[0].unit"}),
        ([of(energy="e", unit={"power": "Wh", "energy": "Wh"})], {"sources[0].unit"}),
        ([of(unit="VA")], {"sources[0].unit"}),
        ([of(unit="°C")], {"sources[0].unit"}),
        ([of(unit=["W"])], {"sources[0].unit"}),
        ([of(topic="a/+/b")], {"sources[0].topic"}),
        ([of(topic="a/\ud800")], {"sources[0].topic"}),
        ([of(topic="")], {"sources[0].topic"}),
        ([of(topic={})], {"sources[0].topic"}),
        ([of(topic={"energy": "x"})], {"sources[0].topic"}),
        ([of(topic={"current": "x"})], {"sources[0].topic"}),
        ([of(topic="$share/x/y")], {"sources[0].topic"}),
        ([of(topic="teleinfo/031961123456/state")], {"sources[0].topic"}),
        ([of(topic="teleinfo")], {"sources[0].topic"}),
        ([of(paths="x")], {"sources[0].paths"}),
        ([of(meter=3196.5)], {"sources[0].meter"}),
        ([of(), of()], {"sources[1].name"}),
    ],
)
def test_what_is_wrong_is_said_at_its_field(value: Any, at: set[str]) -> None:
    with pytest.raises(SectionError) as error:
        SOURCES.read(value)
    assert {problem.at for problem in error.value.problems} == at


def test_a_topic_that_only_begins_like_ours_is_allowed() -> None:
    assert SOURCES.read([of(topic="teleinfo2/power")])


def test_sources_that_read_the_same_value_are_found() -> None:
    topic = {"kind": "device", "topic": "t"}
    one, other, third = SOURCES.read(
        [of(name="a", power="p", **topic), of(name="b", power="q", **topic), of(name="c", power="q", **topic)]
    )
    assert list(doubles((one, other, third))) == [(other, third)]
