"""Which monitor's prices count, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from common.contract.prices import Announced, MeterPrices, PriceSpan, write_prices
from common.errors import MessageError
from reader.meter.prices import MAX_MONITORS, Prices

METER, OTHER = "031961123456", "031961123457"
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def spans(*values: float, start: datetime = NOON) -> list[PriceSpan]:
    """Return prices of an hour each."""
    return [PriceSpan(start + n * HOUR, start + (n + 1) * HOUR, value) for n, value in enumerate(values)]


def prices_of(**messages: list[PriceSpan]) -> Prices:
    """Return the prices of METER, as these monitors say them."""
    prices = Prices()
    prices.add_meter(METER)
    for monitor, said in messages.items():
        prices.on_message(monitor, write_prices({METER: MeterPrices(said), OTHER: MeterPrices(spans(9.0))}))
    return prices


def value(prices: Prices, at: datetime, meter: str = METER) -> object:
    return prices.of(meter, at).keys.get("price")


def test_the_price_moves_on_and_ends() -> None:
    prices = prices_of(main=spans(0.2, 0.15))
    found = [(value(prices, NOON + by * HOUR), prices.of(METER, NOON + by * HOUR).until) for by in (-1, 0, 0.99, 1, 2)]
    assert found == [
        (None, NOON),
        (0.2, NOON + HOUR),
        (0.2, NOON + HOUR),
        (0.15, NOON + 2 * HOUR),
        (None, datetime.max.replace(tzinfo=UTC)),
    ]


def test_the_keys_of_the_state_begin_with_the_price_of_now() -> None:
    prices = prices_of(main=spans(0.2, 0.15))
    assert prices.of(METER, NOON + HOUR).keys == {
        "price": 0.15,
        "next_prices": [{"start": "2026-11-28T13:00:00+00:00", "end": "2026-11-28T14:00:00+00:00", "value": 0.15}],
    }
    assert prices.of(METER, NOON + 2 * HOUR).keys == {}


def test_of_two_monitors_the_first_by_name_counts_while_it_has_a_price() -> None:
    prices = prices_of(b=spans(0.3, 0.31), a=spans(0.2))
    assert [value(prices, NOON + by * HOUR) for by in (0, 1, 2)] == [0.2, 0.31, None]
    # The other one is taken up as soon as it begins again.
    prices.on_message("a", write_prices({METER: MeterPrices(spans(0.25, start=NOON + 1.5 * HOUR))}))
    assert value(prices, NOON + HOUR) == 0.31
    assert prices.of(METER, NOON + HOUR).until == NOON + 1.5 * HOUR
    assert value(prices, NOON + 1.5 * HOUR) == 0.25
    prices.on_message("a", b"")  # it was cleared
    assert value(prices, NOON + 1.5 * HOUR) == 0.31


def test_a_meter_that_comes_later_has_the_prices_that_were_received() -> None:
    prices = prices_of(main=spans(0.2))
    assert value(prices, NOON, OTHER) is None
    prices.add_meter(OTHER)
    assert value(prices, NOON, OTHER) == 9.0


def test_what_is_malformed_is_refused_and_what_was_there_still_counts() -> None:
    prices = prices_of(main=spans(0.2))
    with pytest.raises(MessageError):
        prices.on_message("main", b"[]")
    assert value(prices, NOON) == 0.2
    # It may be malformed for a later meter only.
    prices.on_message("main", write_prices({METER: MeterPrices(spans(0.2))})[:-1] + b',"' + OTHER.encode() + b'":5}')
    prices.add_meter(OTHER)
    assert value(prices, NOON) == 0.2


def test_no_more_than_a_few_monitors_are_kept() -> None:
    prices = prices_of(**{f"m{number}": spans(0.2) for number in range(MAX_MONITORS)})
    with pytest.raises(MessageError):
        prices.on_message("a", write_prices({METER: MeterPrices(spans(0.1))}))
    assert value(prices, NOON) == 0.2
    prices.on_message("m0", write_prices({METER: MeterPrices(spans(0.3))}))  # of one of them
    assert value(prices, NOON) == 0.3
    prices.on_message("m1", b"")  # it has made room
    prices.on_message("a", write_prices({METER: MeterPrices(spans(0.1))}))
    assert value(prices, NOON) == 0.1


def test_an_announced_colour_has_a_key_of_its_own_and_ends_when_its_day_begins() -> None:
    prices = prices_of(b=spans(0.2, 0.15, 0.1))
    red = MeterPrices(spans(0.3), Announced("red", NOON + 1.5 * HOUR))
    prices.on_message("c", write_prices({METER: red}))
    found = [(prices.of(METER, NOON + by * HOUR).keys, prices.of(METER, NOON + by * HOUR).until) for by in (0, 1, 1.5)]
    assert [(keys["price"], keys.get("tempo_announced"), until) for keys, until in found] == [
        (0.2, "red", NOON + HOUR),
        (0.15, "red", NOON + 1.5 * HOUR),
        (0.15, None, NOON + 2 * HOUR),
    ]
    assert all("tempo_tomorrow" not in keys for keys, _ in found)  # that is the meter's own word
    # Without a price for now it counts nevertheless; of two the first by name counts.
    assert prices.of(METER, NOON - HOUR).keys == {"tempo_announced": "red"}
    prices.on_message("a", write_prices({METER: MeterPrices(spans(0.3), Announced("white", NOON + HOUR))}))
    assert [prices.of(METER, NOON + by * HOUR).keys["tempo_announced"] for by in (0, 1)] == ["white", "red"]
