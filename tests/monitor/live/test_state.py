"""What messages of the broker become, and that nobody on it can fill the memory."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from common.contract.ports import OfferedPort, write_offer
from common.errors import MessageError
from monitor.live.meter import Adapter
from monitor.live.state import MAX_METERS, MAX_PROGRAMS, LiveState
from monitor.readings.curves import Second
from tests.support.frames import ADDRESS, standard

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
OTHER = "042175810000"


def frame_of(meter: str, power: int = 1840) -> bytes:
    return json.dumps(
        {"meter": meter, "timestamp": "2026-11-25T12:00:00.5Z", "mode": "standard", "frame": {"SINSTS": power}}
    ).encode()


def test_two_meters_have_their_own_values() -> None:
    house = LiveState()
    house.on_frame(ADDRESS, frame_of(ADDRESS, 500), 0.0)
    house.on_frame(OTHER, frame_of(OTHER, 900), 0.0)
    views = [house.meter(name, 1.0) for name in (ADDRESS, OTHER)]
    assert [view.values.power for view in views if view is not None] == [500, 900]
    assert house.meters() == [ADDRESS, OTHER]


def test_a_frame_on_the_topic_of_another_meter_is_refused() -> None:
    house = LiveState()
    with pytest.raises(MessageError):
        house.on_frame(OTHER, standard(SINSTS=1).to_json(), 0.0)
    assert house.meters() == []


@pytest.mark.parametrize("payload", [b"{", b"[]", b"\xff", b'{"a": ' + b"[" * 100_000, b"x" * 70_000])
def test_what_is_no_message_is_refused(payload: bytes) -> None:
    house = LiveState()
    with pytest.raises(MessageError):
        house.on_state(ADDRESS, payload, 0.0)
    with pytest.raises(MessageError):
        house.on_frame(ADDRESS, payload, 0.0)
    with pytest.raises(MessageError):
        house.on_status("storer", "main", payload, NOW)
    with pytest.raises(MessageError):
        house.on_health("reader", "pi", payload, NOW)
    with pytest.raises(MessageError):
        house.on_ports("pi", payload, NOW)
    with pytest.raises(MessageError):
        house.on_status("reader", "pi", payload, NOW)
    assert house.meters() == []
    assert house.programs("reader") == house.programs("storer") == []


def test_a_meter_that_is_cleared_at_the_broker_is_forgotten() -> None:
    house = LiveState()
    for clear in (house.on_state, house.on_link):
        house.on_link(ADDRESS, b"online", 0.0)
        house.on_stored(ADDRESS, NOW)
        clear(ADDRESS, b"", 1.0)
        assert house.meter(ADDRESS, 1.0) is None
        assert house.stored_at(ADDRESS) is None


def test_a_meter_that_only_the_database_had_is_gone_with_it() -> None:
    house = LiveState()
    house.on_past(ADDRESS, [Second(NOW, 500)], 0.0)
    assert house.meters() == []
    assert house.ring(ADDRESS, NOW) is not None  # without a broker there are ten minutes all the same
    house.on_link(ADDRESS, b"offline", 1.0)
    assert house.meters() == [ADDRESS]


def test_no_more_meters_are_kept_than_there_is_room_for() -> None:
    house = LiveState()
    for number in range(MAX_METERS + 50):
        house.on_link(f"forged-{number}", b"online", 0.0)
    assert len(house.meters()) == MAX_METERS
    house.on_frame(ADDRESS, frame_of(ADDRESS), 1.0)
    assert house.meter(ADDRESS, 1.0) is None
    # What says nothing for long makes room for a meter that does.
    house.on_frame(ADDRESS, frame_of(ADDRESS), 1000.0)
    assert house.meter(ADDRESS, 1000.0) is not None
    assert len(house.meters()) == MAX_METERS


def test_a_name_that_no_meter_has_is_not_kept() -> None:
    house = LiveState()
    house.on_link("a meter with spaces", b"online", 0.0)
    house.on_link("x" * 33, b"online", 0.0)
    assert house.meters() == []


def test_programs_have_their_last_status_and_health() -> None:
    house = LiveState()
    house.on_status("reader", "pi", b"online", NOW)
    house.on_health("reader", "pi", json.dumps({"uptime": 5, "lines": [{"meter": ADDRESS}]}).encode(), NOW)
    house.on_status("storer", "main", b'{"status": "stalled", "wait": 0}', NOW)
    (reader,), (storer,) = house.programs("reader"), house.programs("storer")
    assert (reader.name, reader.status, reader.meters) == ("pi", "online", frozenset([ADDRESS]))
    assert (storer.name, storer.status, storer.health) == ("main", "stalled", None)


def test_a_program_that_is_forgotten_at_the_broker_is_forgotten_here() -> None:
    house = LiveState()
    house.on_status("reader", "old-name", b"offline", NOW)
    house.on_status("reader", "old-name", b"", NOW)
    assert house.programs("reader") == []


def test_what_a_reader_could_listen_to_is_kept_with_it_until_it_is_cleared() -> None:
    house = LiveState()
    port = OfferedPort("/dev/ttyUSB0", "ttyUSB0", chosen=False, present=True)
    house.on_health("reader", "pi", b'{"asks_port": true, "lines": []}', NOW)
    house.on_ports("pi", write_offer([port]), NOW)
    (reader,) = house.programs("reader")
    assert (reader.asks_port, reader.lines, reader.offered) == (True, [], [port])
    house.on_health("reader", "pi", b'{"asks_port": false, "lines": [{"port": "/dev/ttyAMA0"}]}', NOW)
    house.on_ports("pi", b"", NOW)
    (reader,) = house.programs("reader")
    assert (reader.asks_port, reader.lines, reader.offered) == (False, [{"port": "/dev/ttyAMA0"}], [])


def test_clearing_the_offer_of_an_unknown_reader_makes_none() -> None:
    house = LiveState()
    house.on_ports("gone", b"", NOW)
    assert house.programs("reader") == []


def test_of_too_many_programs_those_that_are_online_stay() -> None:
    house = LiveState()
    house.on_status("reader", "ours", b"online", NOW)
    for number in range(MAX_PROGRAMS + 20):
        house.on_status("reader", f"forged-{number}", b"offline", NOW)
    programs = house.programs("reader")
    assert len(programs) == MAX_PROGRAMS
    assert "ours" in {program.name for program in programs}


@pytest.mark.parametrize("health", [{}, {"lines": 5}, {"lines": [1, {"meter": 5}, {}]}])
def test_health_of_another_program_names_no_meters(health: dict[str, object]) -> None:
    house = LiveState()
    house.on_health("reader", "pi", json.dumps(health).encode(), NOW)
    assert house.programs("reader")[0].meters == frozenset()


@pytest.mark.parametrize(
    ("health", "topics"),
    [
        ({"sources": {"not_allowed": ["plug/status", 5]}}, ["plug/status"]),
        ({"sources": {"not_allowed": "plug/status"}}, []),
        ({"sources": []}, []),
        ({}, []),
    ],
)
def test_a_storer_says_which_topics_the_broker_refuses_to_it(health: dict[str, object], topics: list[str]) -> None:
    house = LiveState()
    house.on_health("storer", "main", json.dumps(health).encode(), NOW)
    assert house.programs("storer")[0].refused_topics == topics


def test_a_broker_from_which_nothing_at_all_comes_does_not_answer() -> None:
    house = LiveState()
    assert not house.answers(0.0)
    house.on_connected(0.0)
    house.on_status("reader", "pi", b"online", NOW)
    house.on_frame(ADDRESS, frame_of(ADDRESS), 0.0)
    house.on_message(0.0)
    assert house.answers(15.0)
    assert not house.answers(15.1)  # when the meter counts as silent
    house.on_message(15.2)  # of another meter or program
    assert house.answers(25.2)
    assert not house.answers(25.3)


def test_a_meter_that_its_reader_calls_silent_does_not_make_the_broker_silent() -> None:
    house = LiveState()
    house.on_connected(0.0)
    house.on_frame(ADDRESS, frame_of(ADDRESS), 0.0)
    house.on_status("reader", "pi", b"online", NOW)
    house.on_link(ADDRESS, b"offline", 10.0)
    house.on_message(10.0)
    assert house.answers(3600.0)


def test_a_reader_that_is_gone_does_not_make_the_broker_silent() -> None:
    house = LiveState()
    house.on_connected(0.0)
    house.on_frame(ADDRESS, frame_of(ADDRESS), 0.0)
    house.on_status("reader", "pi", b"offline", NOW)  # its last will; that of the meter's link stays
    house.on_message(22.0)
    assert house.answers(3600.0)


def test_a_meter_that_arrives_decoded_does_not_make_the_broker_silent() -> None:
    house = LiveState()
    house.on_connected(0.0)
    house.on_status("reader", "pi", b"online", NOW)
    house.on_frame(ADDRESS, replace(standard(SINSTS=1), source="zigbee2mqtt", interval=60).to_json(), 0.0)
    assert house.answers(3600.0)


DECODED = {"port": "mqtt:zigbee2mqtt/Linky", "meter": ADDRESS, "decoded": {"source": "zigbee2mqtt", "interval": 60}}
LINE = {"port": "/dev/ttyUSB0", "meter": ADDRESS}


@pytest.mark.parametrize(
    ("lines", "adapter"),
    [
        ([DECODED], Adapter("zigbee2mqtt", 60)),
        ([LINE], None),
        ([DECODED, LINE], None),
        ([DECODED | {"decoded": {"source": "zigbee2mqtt", "interval": 10**9}}], None),
        ([DECODED | {"decoded": {"source": 5, "interval": 60}}], None),
        ([DECODED | {"decoded": "zigbee2mqtt"}], None),
    ],
)
@pytest.mark.parametrize("first", ["health", "link"])
def test_a_reader_says_who_decodes_a_meter_before_its_first_frame(
    lines: list[object], adapter: Adapter | None, first: str
) -> None:
    house = LiveState()
    messages = {
        "health": lambda: house.on_health("reader", "pi", json.dumps({"lines": lines}).encode(), NOW),
        "link": lambda: house.on_link(ADDRESS, b"online", 0.0),
    }
    for name in sorted(messages, key=lambda name: name != first):
        messages[name]()
    view = house.meter(ADDRESS, 1.0)
    assert view is not None
    assert view.adapter == adapter


def test_a_broker_of_no_meter_may_be_silent() -> None:
    house = LiveState()
    house.on_connected(0.0)
    house.on_message(0.0)
    assert house.answers(3600.0)
