"""The list `sources` of storer.yaml."""

from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigError
from common.settings.config import load
from storer.config.options import StorerConfig
from storer.config.sources import Kind, Quantity, Source, Value, doubles


def read(tmp_path: Path, text: str) -> tuple[Source, ...]:
    file = tmp_path / "storer.yaml"
    file.write_text("database: {password: x}\n" + text)
    return load(StorerConfig, file).sources


def of(**options: Any) -> str:
    parts = {"name": "roof", "kind": "production", "topic": "a/b", "power": ""} | options
    return "sources: [{" + ", ".join(f"{key}: {value!r}" for key, value in parts.items() if value is not None) + "}]"


def test_none_are_read_where_none_are_written(tmp_path: Path) -> None:
    assert read(tmp_path, "") == ()


def test_a_plug_sends_power_and_energy_in_one_message(tmp_path: Path) -> None:
    (source,) = read(
        tmp_path, of(kind="device", power="apower", energy="aenergy.total", unit="kWh", meter="031961123456")
    )
    assert source == Source(
        "roof",
        Kind.DEVICE,
        (
            Value(Quantity.POWER, "a/b", ("apower",), 1.0),
            Value(Quantity.ENERGY, "a/b", ("aenergy", "total"), 1000.0),
        ),
        "031961123456",
    )


def test_an_inverter_has_a_topic_and_a_unit_for_each_value(tmp_path: Path) -> None:
    (source,) = read(
        tmp_path,
        "sources:\n- {name: toit, kind: production, power: '', energy: '',\n"
        "  topic: {power: s/power, energy: s/total}, unit: {power: kW, energy: Wh}}",
    )
    assert source.values == (
        Value(Quantity.POWER, "s/power", (), 1000.0),
        Value(Quantity.ENERGY, "s/total", (), 1.0),
    )
    assert source.topics == {"s/power", "s/total"}


def test_the_address_of_a_meter_needs_no_quotes(tmp_path: Path) -> None:
    text = "sources: [{name: roof, kind: production, topic: a/b, power: '', meter: 032161134635}]"
    assert [source.meter for source in read(tmp_path, text)] == ["032161134635"]
    assert [source.meter for source in read(tmp_path, of(meter=811961123456))] == ["811961123456"]


def test_a_thermometer_needs_no_unit_and_a_place_in_a_list_no_quotes(tmp_path: Path) -> None:
    (source,) = read(tmp_path, "sources: [{name: garden, kind: temperature, topic: t, temperature: 0}]")
    assert source.values == (Value(Quantity.TEMPERATURE, "t", ("0",), 1.0),)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("sources: {name: roof}", ("list",)),
        ("sources: [roof]", ("number 1", "name: roof")),
        (of(name=None), ("number 1", "name:")),
        (of(name="x" * 41), ("at most 40",)),
        (of(kind="sun"), ("roof", "kind", "production, device, temperature")),
        (of(kind="temperature"), ("power", "temperature only")),
        (of(power=None), ("power: or energy:",)),
        (of(power="a..b"), ("power:", "aenergy.total")),
        (of(energy="e"), ("unit", "Wh or kWh")),
        (of(unit="VA"), ("unit", "W, kW", "'VA'")),
        (of(topic="a/+/b"), ("topic", "without '+'")),
        (of(topic=None), ("topic",)),
        (of(topic="$share/x/y"), ("topic",)),
        (of(paths="x"), ("'paths'", "known here")),
        (of(meter=3196.5), ("meter", "address")),
        (of(topic="teleinfo/031961123456/state"), ("roof", "teleinfo/031961123456/state")),
        (of(topic="teleinfo"), ("roof", "another device")),
        (
            "sources: [{name: a, kind: device, topic: t, power: ''}, {name: a, kind: device, topic: u, power: ''}]",
            ("two",),
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(tmp_path: Path, text: str, what: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text)
    assert all(part in str(error.value) for part in ("sources", *what)), error.value


def test_a_topic_that_only_begins_like_ours_is_allowed(tmp_path: Path) -> None:
    assert read(tmp_path, of(topic="teleinfo2/power"))


def test_sources_that_read_the_same_value_are_found(tmp_path: Path) -> None:
    one, other, third = read(
        tmp_path,
        "sources:\n- {name: a, kind: device, topic: t, power: p}\n- {name: b, kind: device, topic: t, power: q}\n"
        "- {name: c, kind: device, topic: t, power: q}",
    )
    assert list(doubles((one, other, third))) == [(other, third)]


def test_what_is_wrong_is_named_with_the_line_of_its_source(tmp_path: Path) -> None:
    good = "  - {name: roof, kind: production, topic: t, energy: e, unit: Wh}\n"
    with pytest.raises(ConfigError, match=r"line 4: sources: car: unit"):
        read(tmp_path, f"sources:\n{good}  - {{name: car, kind: device, topic: u, energy: e}}\n")
