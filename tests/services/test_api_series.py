"""`series` and `interval` of the API, against plain arithmetic over the frames that were stored."""

import dataclasses
import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.contract.frame import Frame
from common.database.mariadb import Database
from monitor.base.request_errors import RequestError
from monitor.money.price_document import read_document
from monitor.money.prices import PriceTable
from monitor.places.day import interval
from monitor.places.day import routes as series
from monitor.places.review import energy
from monitor.web.route import Route
from reader.simulator.meter import SimulatedMeter
from tests.support.api import ask
from tests.support.frames import simulated
from tests.support.json_schema import check
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query, store

KIND = "standard-single-phase-tempo"
METER = SimulatedMeter(KIND).address
BEGIN = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)  # off-peak until 05:00
END = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
GAP = datetime(2026, 11, 24, 5, 10, tzinfo=UTC), datetime(2026, 11, 24, 5, 22, tzinfo=UTC)
OVER = datetime(2026, 11, 24, 5, 40, 58, tzinfo=UTC), datetime(2026, 11, 24, 5, 41, 7, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PRICES = PriceTable(
    [
        read_document(
            {
                "offers": [
                    {
                        "id": "tempo",
                        "rows": [
                            {
                                "from": datetime(2026, 2, 1, tzinfo=UTC).date(),
                                "subscription_year": {9: 365},
                                "kwh": {
                                    name: 0.1 * number
                                    for number, name in enumerate(
                                        ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"), 1
                                    )
                                },
                            }
                        ],
                    }
                ]
            },
            "test",
        )
    ]
)


def two_hours() -> list[Frame]:
    """Two hours of a frame a second, with a gap and an overload."""
    made = []
    for frame in simulated(KIND, 7200, start=BEGIN, every=SECOND):
        if GAP[0] <= frame.timestamp < GAP[1]:
            continue
        if OVER[0] <= frame.timestamp < OVER[1]:
            at = frame.timestamp.second
            values = dict(frame.values) | {"SINSTS": 9600 + (100 if at == 3 else 0), "STGE": "003A0081"}
            frame = dataclasses.replace(frame, values=values)
        made.append(frame)
    return made


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return two_hours()


def filled(server: Server, frames: list[Frame]) -> Database:
    """A database with the frames, and a meter without readings that its reader heard in the gap."""
    server.create_database()
    client = make_tables(server)
    store(client, frames)
    roll_up(client, END + timedelta(days=1))
    query(
        client,
        "INSERT INTO meters (id, identifier) VALUES (70, '070000000000')",
        "INSERT INTO tallies (hour, meter_id, reader, frames) VALUES"
        " ('2026-11-24 05:00:00', 1, 'pi', 1), ('2026-11-24 05:00:00', 70, 'pi', 1)",
        "INSERT INTO minutes (meter_id, minute, frames, seconds) VALUES (70, '2026-11-24 05:16:00', 60, 60)",
        "SELECT 1",
    )
    return client


@pytest.fixture(scope="module")
def tables(database: Server, frames: list[Frame]) -> Database:
    """Only read it."""
    return filled(database, frames)


def asked(route: Route, database: Database, question: str, now: datetime = END) -> Any:
    found = ask(route, database, now, PRICES, f"{question}&meter={METER}")
    check(found, route.schema)
    return found


def text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def span(start: datetime, end: datetime) -> str:
    return f"from={text(start)}&to={text(end)}"


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def powers(frames: Sequence[Frame], start: datetime, end: datetime) -> list[int]:
    return [int(frame.values["SINSTS"]) for frame in frames if start <= frame.timestamp < end]


def test_minutes_are_the_mean_the_least_and_the_most_of_their_frames(tables: Database, frames: list[Frame]) -> None:
    found = asked(series.ROUTE, tables, f"source=minutes&{span(BEGIN, END)}")
    assert (found["t0"], found["step"], found["source"]) == (ms(BEGIN), 60_000, "minutes")
    for number in range(120):
        inside = powers(frames, BEGIN + number * MINUTE, BEGIN + (number + 1) * MINUTE)
        values = [found[name][number] for name in ("min", "max")]
        assert values == ([min(inside), max(inside)] if inside else [None, None])
        if inside:
            assert abs(found["mean"][number] - sum(inside) / len(inside)) <= 1
    assert "injected" not in found
    assert "p1_max" not in found


def test_two_hours_are_of_frames_second_by_second(tables: Database, frames: list[Frame]) -> None:
    found = asked(series.ROUTE, tables, f"points=8000&{span(BEGIN, END)}")
    assert (found["t0"], found["step"], found["source"]) == (ms(BEGIN), 1000, "frames")
    known = {int((frame.timestamp - BEGIN).total_seconds()): frame.values["SINSTS"] for frame in frames}
    hole = range((GAP[0] - BEGIN).seconds, (GAP[1] - BEGIN).seconds)
    for place in range(7200):
        if place in known:
            assert found["mean"][place] == found["min"][place] == found["max"][place] == known[place]
        else:
            # The last frame before the gap holds for five seconds.
            assert (found["mean"][place] is None) == (place - hole.start >= 5)


def test_few_points_make_longer_steps_and_keep_the_peak(tables: Database, frames: list[Frame]) -> None:
    for points in (700, 120, 20, 3):
        found = asked(series.ROUTE, tables, f"points={points}&{span(BEGIN, END)}")
        assert len(found["mean"]) <= points
        assert max(value for value in found["max"] if value is not None) == max(powers(frames, BEGIN, END))


def test_what_happened_is_told_with_its_time(tables: Database, frames: list[Frame]) -> None:
    found = asked(series.ROUTE, tables, span(BEGIN, END))
    five = datetime(2026, 11, 24, 5, tzinfo=UTC)
    names = [name for _, _, name in found["registers"]]
    assert [run[:2] for run in found["registers"]] == [[ms(BEGIN), ms(five)], [ms(five), ms(END)]]
    assert names[0].startswith("BBRHC")
    assert names[1].startswith("BBRHP")
    counted = {frame.timestamp: int(frame.values["EAST"]) for frame in frames}
    before = max(moment for moment in counted if moment < GAP[0])
    after = min(moment for moment in counted if moment >= GAP[1])
    ((start, end, why, wh),) = found["gaps"]
    assert (start, end, wh) == (ms(GAP[0]), ms(GAP[1]), counted[after] - counted[before])
    assert why == "meter"
    (over,) = found["overloads"]
    assert over == {"at": "2026-11-24T05:41:03Z", "seconds": 9, "power": 9700}
    assert found["peak"] == {"at": "2026-11-24T05:41:03Z", "power": 9700}
    volts = [int(frame.values["URMS1"]) for frame in frames]
    assert found["volts"] == {"min": min(volts), "max": max(volts)}
    assert found["coverage"] == round(1 - 720 / 7200, 4)


def test_few_frames_are_not_enough_for_a_grid(tables: Database) -> None:
    for question, status in (
        (f"source=frames&{span(BEGIN, BEGIN + 3 * HOUR)}", 400),
        (f"points=1&source=minutes&{span(BEGIN, END)}", 400),
        ("from=1926&to=2026", 400),
        ("from=2026-11-24T05:00:00Z&align=2026-11-24T05:00:00Z", 400),
        ("from=2026-11-20&to=2026-11-21", 404),
    ):
        with pytest.raises(RequestError) as refusal:
            asked(series.ROUTE, tables, question)
        assert refusal.value.status == status, question


def test_today_ends_with_what_is_known(tables: Database) -> None:
    found = asked(series.ROUTE, tables, "from=2026-11-24")
    midnight = datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert found["t0"] == ms(midnight)
    assert len(found["mean"]) == (END - midnight) // MINUTE
    assert asked(series.ROUTE, tables, "from=2026-11-24", now=END + 3 * MINUTE)["coverage"] == found["coverage"]
    later = asked(series.ROUTE, tables, "from=2026-11-24", now=END + HOUR)
    assert later["coverage"] < found["coverage"]
    assert len(later["mean"]) == (END + HOUR - midnight) // MINUTE
    assert later["gaps"][-1] == [ms(END), ms(END + HOUR), "unknown", None]


def test_a_day_is_laid_over_another_one(tables: Database) -> None:
    own = asked(series.ROUTE, tables, "from=2026-11-24&to=2026-11-25", now=END + 48 * HOUR)
    over = asked(series.ROUTE, tables, "from=2026-11-24&to=2026-11-25&align=2026-07-14", now=END + 48 * HOUR)
    assert over["t0"] == ms(datetime(2026, 7, 13, 22, tzinfo=UTC))
    assert over["mean"] == own["mean"]
    twice = asked(series.ROUTE, tables, "from=2026-11-24&to=2026-11-25&align=2026-10-25", now=END + 48 * HOUR)
    assert len(twice["mean"]) == 25 * 60
    assert twice["mean"][4 * 60 :] == own["mean"][3 * 60 :]


def test_other_channels_are_given_when_asked_for(tables: Database, frames: list[Frame]) -> None:
    found = asked(series.ROUTE, tables, f"channels=voltage,current&source=minutes&{span(BEGIN, END)}")
    assert "mean" not in found
    first = [frame.values for frame in frames if frame.timestamp < BEGIN + MINUTE]
    assert found["v1_max"][0] == max(int(values["URMS1"]) for values in first)
    assert found["i1_max"][0] == max(int(values["IRMS1"]) for values in first)
    assert "v2_max" not in found


def counted(frames: list[Frame], label: str, start: datetime, end: datetime) -> int:
    """What a register went on by: the readings at both ends."""
    known = [(frame.timestamp, int(frame.values[label])) for frame in frames]
    before = [value for moment, value in known if moment < start] or [known[0][1]]
    until = [value for moment, value in known if moment < end] or [known[0][1]]
    return until[-1] - before[-1]


def stretch(database: Database, start: datetime, end: datetime, now: datetime = END) -> Any:
    return asked(interval.ROUTE, database, span(start, end), now)


def test_a_stretch_is_what_the_readings_at_its_ends_say_to_the_second(tables: Database, frames: list[Frame]) -> None:
    dice = random.Random(4)
    for _ in range(25):
        first, last = sorted(dice.sample(range(7200), 2))
        start, end = BEGIN + first * SECOND, BEGIN + last * SECOND
        found = stretch(tables, start, end)
        assert (found["from"], found["to"]) == (text(start), text(end))
        assert found["wh"] == counted(frames, "EAST", start, end)
        assert sum(found["registers"].values()) == found["wh"]
        assert found["mean"] == round(found["wh"] * 3600 / (last - first))
        inside = [frame for frame in frames if start <= frame.timestamp < end]
        if not inside:
            assert found["max"] is None
            continue
        power = max(int(frame.values["SINSTS"]) for frame in inside)
        assert found["max"]["power"] == power
        moments = {text(frame.timestamp) for frame in inside if frame.values["SINSTS"] == power}
        assert found["max"]["at"] in moments


def test_a_stretch_over_a_switch_has_the_cost_of_each_register(tables: Database) -> None:
    five = datetime(2026, 11, 24, 5, tzinfo=UTC)
    found = stretch(tables, five - 20 * MINUTE, five + 10 * MINUTE)
    low, high = found["registers"]
    assert (low[:5], high[:5]) == ("BBRHC", "BBRHP")
    names = ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR")
    prices = {name: 0.1 * number for number, name in enumerate(names, 1)}
    cost = sum(wh / 1000 * prices[name] for name, wh in found["registers"].items())
    assert found["cost"] == round(cost * 10_000)
    assert found["subscription"] == round(365 / 365 / 48 * 10_000)


def test_stretches_add_up_and_whole_hours_are_those_of_energy(tables: Database) -> None:
    cuts = [BEGIN, BEGIN + 7 * SECOND, BEGIN + 31 * MINUTE, GAP[0] + 5 * MINUTE, OVER[0] + 3 * SECOND, END]
    parts = [stretch(tables, low, high) for low, high in itertools.pairwise(cuts)]
    whole = stretch(tables, BEGIN, END)
    assert sum(part["wh"] for part in parts) == whole["wh"]
    five = datetime(2026, 11, 24, 5, tzinfo=UTC)
    by_hour = asked(energy.ROUTE, tables, f"by=hour&{span(five, five + HOUR)}")
    one = stretch(tables, five, five + HOUR)
    assert one["wh"] == sum(
        stretch(tables, *pair)["wh"] for pair in ((five, five + MINUTE), (five + MINUTE, five + HOUR))
    )
    assert one["registers"] == {name: wh for name, wh in by_hour["whole"]["wh"].items() if wh}
    assert one["cost"] == by_hour["whole"]["cost"]["energy"]
    assert abs(one["coverage"] - by_hour["whole"]["coverage"]) < 0.01
    long = stretch(tables, BEGIN - 72 * HOUR, END, now=END + 10 * HOUR)
    assert long["wh"] == whole["wh"]
    assert long["max"] == whole["max"]


def test_a_stretch_ends_now(tables: Database, frames: list[Frame]) -> None:
    now = END - 10 * MINUTE
    found = asked(interval.ROUTE, tables, f"from={text(BEGIN)}&to=2026-11-25", now)
    assert (found["to"], found["wh"]) == (text(now), counted(frames, "EAST", BEGIN, now))


def test_a_stretch_that_is_no_stretch_is_refused(tables: Database) -> None:
    for question, status in (
        ("", 400),
        ("from=2026-11-24", 400),
        (span(END, BEGIN), 400),
        ("from=1926&to=2026", 400),
        (span(BEGIN - 2 * HOUR, BEGIN - HOUR), 404),
    ):
        with pytest.raises(RequestError) as refusal:
            asked(interval.ROUTE, tables, question)
        assert refusal.value.status == status, question


def test_without_frames_a_stretch_is_of_minutes_and_without_minutes_of_hours(fresh_database: Server) -> None:
    frames = two_hours()
    tables = filled(fresh_database, frames)
    query(tables, "TRUNCATE frames", "SELECT 1")
    start, end = BEGIN + 90 * SECOND, END - 90 * SECOND
    found = stretch(tables, start, end)
    assert (found["from"], found["to"]) == (text(BEGIN + MINUTE), text(END - 2 * MINUTE))
    assert found["wh"] == counted(frames, "EAST", BEGIN + MINUTE, END - 2 * MINUTE)
    assert asked(series.ROUTE, tables, span(BEGIN, END))["source"] == "minutes"
    query(tables, "TRUNCATE minutes", "SELECT 1")
    found = stretch(tables, start, end + HOUR)
    five = datetime(2026, 11, 24, 5, tzinfo=UTC)
    assert found["from"] == text(five - HOUR)
    assert asked(series.ROUTE, tables, span(BEGIN, END))["source"] == "hours"


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("historic-single-phase-base", ("BASE",)),
        ("historic-single-phase-hchp", ("HCHC", "HCHP")),
        ("historic-three-phase-tempo", tuple(f"BBRH{low}J{day}" for day in "BWR" for low in "CP")),
    ],
)
def test_a_stretch_in_historic_mode_is_what_its_registers_went_on_by(
    fresh_database: Server, kind: str, labels: tuple[str, ...]
) -> None:
    begin, end = BEGIN + 15 * MINUTE, BEGIN + 45 * MINUTE  # Tempo switches at 05:00
    frames = list(simulated(kind, 900, start=begin, every=2 * SECOND))
    tables = make_tables(fresh_database)
    store(tables, frames)
    roll_up(tables, end + timedelta(days=1))

    def reading(moment: datetime) -> int:
        before = [frame for frame in frames if frame.timestamp < moment] or frames[:1]
        return sum(int(before[-1].values[label]) for label in labels)

    dice = random.Random(kind)
    cuts = sorted(dice.sample(range(1, 1800), 6))
    for low, high in itertools.pairwise([begin, *(begin + second * SECOND for second in cuts), end]):
        found = ask(interval.ROUTE, tables, end, PriceTable([]), span(low, high))
        check(found, interval.ROUTE.schema)
        assert found["wh"] == reading(high) - reading(low)
        assert set(found["registers"]) <= set(labels)
    curve = ask(series.ROUTE, tables, end, PriceTable([]), span(begin, end))
    assert (curve["source"], curve["step"]) == ("frames", 2000)
    assert curve["max"] == [frame.values["PAPP"] for frame in frames]
    assert {name for _, _, name in curve["registers"]} <= set(labels)
    assert curve["registers"]
    assert curve["gaps"] == []
