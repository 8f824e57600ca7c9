"""Maker and model, from an address."""

import pytest

from reader.simulator.meter import KINDS, SimulatedMeter
from reader.tic.address import parse_address


@pytest.mark.parametrize(
    ("address", "maker", "model"),
    [
        ("021899543210", "Sagemcom", None),
        ("021961123456", "Sagemcom", "Linky monophasé 60 A G3"),
        ("041776123456", "Landis+Gyr", "Linky triphasé 60 A G3"),
        ("812075123456", "Sagemcom", "Linky monophasé 90 A G3"),  # overseas
        ("039928123456", "Itron", "Compteur électronique monophasé"),
        ("049830123456", "Landis+Gyr", "Compteur électronique triphasé"),
        ("FF19A1123456", None, None),
        ("0319", None, None),
    ],
)
def test_looks_up_maker_and_model(address: str, maker: str | None, model: str | None) -> None:
    meter = parse_address(address)
    assert meter.maker == maker
    assert (meter.model[0] if meter.model else None) == model


def test_each_simulated_meter_is_a_linky() -> None:
    for kind in KINDS:
        meter = parse_address(SimulatedMeter(kind).address)
        assert meter.linky
        assert meter.maker
        assert meter.model is not None
        assert ("three-phase" in kind) == ("three-phase" in meter.model[1])


def test_an_electronic_meter_is_not_a_linky() -> None:
    assert not parse_address("039928123456").linky
