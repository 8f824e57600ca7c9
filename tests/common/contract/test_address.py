"""Maker and model, from an address."""

import pytest

from common.contract.address import parse_address


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
    assert meter.linky == (model is not None and "Linky" in model)
