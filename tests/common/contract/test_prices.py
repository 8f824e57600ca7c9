"""The message of prices between monitor and reader."""

import json
from datetime import datetime
from typing import Any

import pytest

from common.contract.prices import LONGEST_PRICES, Announced, MeterPrices, PriceSpan, read_prices, write_prices
from common.errors import MessageError

METER = "031961123456"
FIRST = PriceSpan(
    datetime.fromisoformat("2026-11-28T22:00:00+01:00"), datetime.fromisoformat("2026-11-29T06:00:00+01:00"), 0.2016
)
SECOND = PriceSpan(FIRST.end, datetime.fromisoformat("2026-11-29T22:00:00+01:00"), 0.27, assumed=True)


def test_it_is_written_and_read() -> None:
    payload = write_prices({METER: MeterPrices([FIRST, SECOND]), "without": MeterPrices()})
    assert payload.decode().replace(",{", ", {") == (
        '{"031961123456":{"price":0.2016,"currency":"EUR","next_prices":['
        '{"start":"2026-11-28T22:00:00+01:00","end":"2026-11-29T06:00:00+01:00","value":0.2016}, '
        '{"start":"2026-11-29T06:00:00+01:00","end":"2026-11-29T22:00:00+01:00","value":0.27,"assumed":true}]}}'
    )
    assert read_prices(payload, [METER, "another"]) == {METER: MeterPrices([FIRST, SECOND])}


def test_the_announced_colour_is_written_and_read() -> None:
    said = MeterPrices([FIRST], Announced("red", datetime.fromisoformat("2026-11-29T06:00:00+01:00")))
    payload = write_prices({METER: said})
    assert json.loads(payload)[METER]["tempo_tomorrow"] == {"colour": "red", "until": "2026-11-29T06:00:00+01:00"}
    assert read_prices(payload, [METER]) == {METER: said}


def row(**changes: Any) -> str:
    return json.dumps(FIRST.to_message() | changes)


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "[]",
        "{",
        '{"%s": 0.2}',
        '{"%s": {"currency": "EUR"}}',
        '{"%s": {"currency": "USD", "next_prices": []}}',
        '{"%s": {"currency": "EUR", "next_prices": [1]}}',
        '{"%s": {"currency": "EUR", "next_prices": [{}]}}',
        *(
            '{"%s": {"currency": "EUR", "next_prices": [' + one + "]}}"
            for one in (
                row(value=None),
                row(value=True),
                row(value="0.2"),
                row(value=float("nan")),
                row(start="today"),
                row(start=5),
                row(start="2026-11-28T22:00:00"),
                row(start="2026-11-28T22:00:00", end="2026-11-29T06:00:00"),
                row(end="2026-11-28T22:00:00+01:00"),
                f"{row()}, {row()}",  # they overlap
                ", ".join([row()] * 201),
            )
        ),
        *(
            '{"%s": {"currency": "EUR", "next_prices": [], "tempo_tomorrow": ' + one + "}}"
            for one in (
                '"red"',
                "{}",
                '{"colour": "red"}',
                '{"colour": "unknown", "until": "2026-11-29T06:00:00+01:00"}',
                '{"colour": [], "until": "2026-11-29T06:00:00+01:00"}',
                '{"colour": "red", "until": "2026-11-29T06:00:00"}',
                '{"colour": "red", "until": 6}',
            )
        ),
        '{"%s": {}, "x": "' + "x" * LONGEST_PRICES + '"}',
    ],
)
def test_anything_else_is_refused(payload: str) -> None:
    with pytest.raises(MessageError):
        read_prices(payload.replace("%s", METER).encode(), [METER])
