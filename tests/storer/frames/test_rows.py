"""A row is turned into the same frame, and `RowEncoder` makes the rows of `encode_row`, which has no cache."""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.contract.frame import Frame, Value
from common.contract.labels import LABELS, Mode
from reader.simulator.meter import KINDS
from storer.frames import rows as encoding
from storer.frames.rows import COLUMN_MAX, COLUMNS, LabelSet, Row, RowEncoder, decode_row, encode_row
from tests.support.frames import ADDRESS, DAY, FRACTION, frames, historic, simulated, standard

MOVING = {mode: {label for label, row in LABELS[mode].items() if row.volatile} for mode in Mode}


@cache
def whole_frames() -> dict[str, Frame]:
    """Return one frame of each kind, whole."""
    return {kind: next(simulated(kind, 1, every=timedelta(seconds=1))) for kind in KINDS}


def label_set(frame: Frame) -> LabelSet:
    return encode_row(frame).label_set


def column(frame: Frame, name: str) -> int | None:
    return encode_row(frame).columns[COLUMNS.index(name)]


def back(row: Row) -> Frame:
    return decode_row(row.timestamp, row.meter, row.columns, json.loads(row.label_set.content))


def changed(frame: Frame, **values: Value) -> Frame:
    return dataclasses.replace(frame, values={**frame.values, **values})


def without(frame: Frame, labels: Iterable[str]) -> Frame:
    gone = set(labels)
    return dataclasses.replace(
        frame,
        values={label: value for label, value in frame.values.items() if label not in gone},
        stamps=frame.stamps and {label: stamp for label, stamp in frame.stamps.items() if label not in gone},
    )


def assert_lossless(frame: Frame) -> None:
    row = encode_row(frame)
    again = back(row)
    assert again == frame
    assert again.to_json() == frame.to_json()  # the order, too
    for name, number in zip(COLUMNS, row.columns, strict=True):
        lowest = -COLUMN_MAX[name] if name == "clock_offset" else 0
        assert number is None or lowest <= number <= COLUMN_MAX[name]


# Nothing is lost.


@given(frames())
@example(standard(DATE=""))
@example(dataclasses.replace(standard(DATE="x"), stamps={"DATE": DAY}))
@example(dataclasses.replace(standard(EAST=1), stamps={"DATE": DAY}))
@example(dataclasses.replace(historic(DATE=""), stamps={"DATE": DAY}))
@example(dataclasses.replace(standard(DATE=""), stamps={"DATE": DAY + timedelta(microseconds=1)}))
@example(standard(SINST1=5, SINSTS=6))
@example(standard(SINST1=5))
@example(standard(NTARF=3, EASF03=2**32))
@example(standard(NTARF=3, EASF03="x", EASD01=-1, STGE="003A0001"))
@example(historic(PTEC="HP..", HCHP=1, BASE=2))
def test_a_row_gives_its_frame_back(frame: Frame) -> None:
    assert_lossless(frame)


@given(st.sampled_from(KINDS), st.randoms(use_true_random=False), st.data())
def test_a_row_gives_a_damaged_and_shuffled_frame_back(kind: str, random: Random, data: st.DataObject) -> None:
    frame = whole_frames()[kind]
    labels = list(frame.values)
    random.shuffle(labels)
    kept = labels[: random.randint(1, len(labels))]
    stamps = [label for label in frame.stamps or {} if random.random() < 0.8]
    random.shuffle(stamps)
    assert_lossless(
        dataclasses.replace(
            frame,
            values={label: frame.values[label] for label in kept},
            stamps={label: (frame.stamps or {})[label] for label in stamps} if frame.stamps else None,
            dropped=data.draw(st.sampled_from([None, 0, 1, 300])),
        )
    )


def test_another_content_is_another_digest() -> None:
    sets = [label_set(frame) for frame in (standard(VTIC="02"), standard(VTIC="03"), historic(VTIC="02"))]
    assert len({one.digest for one in sets}) == 3
    assert all(len(one.digest) == 16 for one in sets)


# Each thing is written once.


def test_what_moves_stands_in_columns() -> None:
    for frame in whole_frames().values():
        kept = json.loads(encode_row(frame).label_set.content)["frame"].keys()
        at_rest = {label for label in MOVING[frame.mode] if LABELS[frame.mode][label].cumulative}  # but what runs
        assert kept & (MOVING[frame.mode] - at_rest) == set()
        assert "DATE" not in kept


@pytest.mark.parametrize(
    ("kind", "sets"),
    [
        ("historic-single-phase-base", 1),
        ("historic-single-phase-hchp", 5),  # a set for each time that a register came to rest
        ("historic-three-phase-tempo", 5),
    ],
)
def test_frames_of_a_day_share_few_label_sets_in_historic_mode(kind: str, sets: int) -> None:
    day = simulated(kind, 2880, every=timedelta(seconds=30))
    assert len({label_set(frame).digest for frame in day}) <= sets


@pytest.mark.parametrize("kind", ["standard-single-phase-base", "standard-single-phase-tempo"])
def test_frames_share_their_label_set_until_something_slow_changes(kind: str) -> None:
    """Load curve, mean voltage, tariff, maximum of the day: a set for each change, and for nothing else."""
    digests, slow = set(), set()
    for frame in simulated(kind, 1800, every=timedelta(seconds=1), start=DAY + timedelta(hours=17)):
        digests.add(encode_row(frame).label_set.digest)
        values = {label: value for label, value in frame.values.items() if label not in MOVING[frame.mode]}
        stamps = {label: str(stamp) for label, stamp in (frame.stamps or {}).items() if label != "DATE"}
        slow.add(json.dumps([values, stamps]))
    assert len(digests) == len(slow) < 100


@pytest.mark.parametrize("off", [timedelta(days=-4345), timedelta(hours=10), timedelta(days=20_000)])
def test_frames_of_a_meter_whose_clock_is_wrong_share_their_label_set(off: timedelta) -> None:
    """As of a meter whose clock was never set: captures have DATE in 2015."""
    dated = dataclasses.replace(standard(DATE="", EAST=1), stamps={"DATE": DAY + off})
    assert column(dated, "clock_offset") == off / timedelta(seconds=1)
    later = dataclasses.replace(dated, timestamp=dated.timestamp + timedelta(days=1))  # the clock stands still
    assert column(later, "clock_offset") == off / timedelta(seconds=1) - 86_400
    assert label_set(later) == label_set(dated)
    assert_lossless(later)


def test_a_frame_without_its_moving_labels_shares_the_set_of_the_whole_one() -> None:
    for frame in whole_frames().values():
        whole = encode_row(frame).label_set
        in_columns = frame.values.keys() - json.loads(whole.content)["frame"].keys()
        for label in sorted(in_columns):
            damaged = dataclasses.replace(without(frame, [label]), dropped=1)
            assert label_set(damaged).digest == whole.digest, label
            assert_lossless(damaged)


# What the view needs.


def total(frame: Frame) -> int | None:
    """What the view shows as the total index."""
    row = encode_row(frame)
    index_total, running = column(frame, "index_total"), column(frame, "index_supplier")
    if index_total is not None:
        return index_total
    if running is not None and row.label_set.idle_registers_total is not None:
        return running + row.label_set.idle_registers_total
    return row.label_set.index_total


TEMPO = {"BBRHCJB": 1, "BBRHPJB": 20, "BBRHCJW": 300, "BBRHPJW": 4000, "BBRHCJR": 50_000, "BBRHPJR": 600_000}


@pytest.mark.parametrize(
    ("frame", "wh"),
    [
        (historic(BASE=7, PTEC="TH.."), 7),
        (historic(HCHC=1, HCHP=20, PTEC="HC.."), 21),
        (historic(HCHC=1, HCHP=20, PTEC="HP.."), 21),
        (historic(EJPHN=1, EJPHPM=20, PTEC="HN.."), 21),
        (historic(EJPHN=1, EJPHPM=20, PTEC="PM.."), 21),
        *((historic(**TEMPO, PTEC=period), 654_321) for period in ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")),
        (standard(EAST=7, EASF01=3, EASF02=5, NTARF=2), 7),
        # the running register is not known: it is in the set with the others
        (historic(HCHC=1, HCHP=20), 21),
        (historic(HCHC=1, HCHP=20, PTEC="????"), 21),
        (historic(HCHC=1, HCHP=20, PTEC="TH.."), 21),
        (historic(**TEMPO), 654_321),
    ],
)
def test_the_total_is_the_sum_of_the_registers(frame: Frame, wh: int) -> None:
    assert total(frame) == wh


@pytest.mark.parametrize(
    "frame",
    [
        historic(PTEC="HC.."),
        historic(PAPP=1),
        historic(HCHC=1, PTEC="HC.."),  # HCHP was damaged
        historic(HCHC=1, PTEC="HP.."),  # ... while it was running
        historic(HCHP=1, PTEC="HC.."),
        historic(HCHC=1),
        historic(PTEC="TH.."),  # BASE was damaged
        *(without(historic(**TEMPO, PTEC="HPJW"), [label]) for label in TEMPO),
        *(without(historic(**TEMPO), [label]) for label in TEMPO),
        standard(EASF01=3, EASF02=5, NTARF=2),  # EAST was damaged
        # a register that fits no column
        historic(HCHC=1, HCHP=2**32, PTEC="HP.."),
        historic(HCHC=2**32, HCHP=1, PTEC="HP.."),
        historic(HCHC=1, HCHP=2**32),
        historic(HCHC=1, HCHP="20", PTEC="HP.."),
        historic(HCHC=1, HCHP=-1, PTEC="HP.."),
        historic(BASE="7", PTEC="TH.."),
        standard(EAST=2**32),
    ],
)
def test_no_total_is_better_than_a_wrong_one(frame: Frame) -> None:
    assert total(frame) is None


@pytest.mark.parametrize(
    ("frame", "amperes"),
    [
        (historic(IMAX=90), 90),
        (historic(IMAX1=60, IMAX2=61, IMAX3=62), 183),
        (historic(IMAX1=60, IMAX3=62), None),  # a phase is missing: no sum
        (historic(IMAX1=60), None),
        (historic(IMAX="x"), None),
        (historic(IMAX=-1), None),
        (historic(IMAX=2**24), None),
        (standard(IRMS1=5), None),
    ],
)
def test_the_maximum_of_three_phases_is_their_sum(frame: Frame, amperes: int | None) -> None:
    assert label_set(frame).current_max == amperes


@pytest.mark.parametrize(
    ("frame", "amperes"),
    [
        (historic(ISOUSC=45), 45),
        (historic(ISOUSC=20, IINST1=1, IINST2=2, IINST3=3), 20),  # of each phase, as it is
        (historic(PAPP=1), None),
        (historic(ISOUSC=2**16), None),
        # TIC.md, 7: PREF to ISOUSC
        *((standard(PREF=kva, IRMS1=1), amperes) for kva, amperes in ((3, 15), (6, 30), (9, 45), (12, 60))),
        *(
            (standard(PREF=kva, IRMS1=1, IRMS2=1, IRMS3=1), amperes)
            for kva, amperes in ((9, 15), (12, 20), (18, 30), (36, 60))
        ),
        (standard(PREF=12, URMS2=230), 20),  # IRMS2 was damaged
        (standard(PREF="12"), None),
        (standard(PREF=2**40), None),
    ],
)
def test_the_subscribed_current_is_that_of_a_phase(frame: Frame, amperes: int | None) -> None:
    assert label_set(frame).subscribed_current == amperes


def test_a_word_that_fits_no_column_stays_in_the_content() -> None:
    for word in ("x" * 17, "é", 5):
        frame = historic(OPTARIF=word, HHPHC=word, MOTDETAT=word, PTEC=word)
        shown = label_set(frame)
        assert (shown.subscription_type, shown.schedule, shown.state_code, shown.pricing_period) == (None,) * 4
        assert_lossless(frame)


# How things are laid out: docs/storage.md tells people, and other programs may rely on it.


def test_the_layout_of_a_label_set() -> None:
    frame = dataclasses.replace(
        standard(
            ADSC=ADDRESS, DATE="", EAST=10, EASF02=4, EASD03=6, IRMS2=7, SMAXSN=5, STGE="003A8401", NTARF=2, ODD=1
        ),
        stamps={"SMAXSN": DAY, "DATE": DAY + timedelta(seconds=2)},
        clock="degraded",
        host_clock="unsynchronised",
        dropped=300,
        source="zigbee2mqtt",
        interval=60,
    )
    row = encode_row(frame)
    assert json.loads(row.label_set.content) == {
        "mode": "standard",
        "frame": {"ADSC": ADDRESS, "SMAXSN": 5, "STGE": "003A8401", "NTARF": 2, "ODD": 1},
        "columns": {"index_supplier": "EASF02", "index_distributor": "EASD03"},
        "phases": 3,
        "stamps": {"SMAXSN": "2026-11-24T00:00:00Z"},
        "stamp_order": ["SMAXSN", "DATE"],
        "order": ["ADSC", "DATE", "EAST", "EASF02", "EASD03", "IRMS2", "SMAXSN", "STGE", "NTARF", "ODD"],
        "clock": "degraded",
        "host_clock": "unsynchronised",
        "dropped": 300,
        "source": "zigbee2mqtt",
        "interval": 60,
    }
    assert {name: number for name, number in zip(COLUMNS, row.columns, strict=True) if number is not None} == {
        "clock_offset": 2,
        "index_total": 10,
        "index_supplier": 4,
        "index_distributor": 6,
        "current_2": 7,
    }
    assert row.timestamp == DAY + FRACTION
    assert back(row) == frame


@pytest.mark.parametrize(
    ("label", "column_name"),
    [
        ("SINSTS", "power"),
        ("SINSTS2", "power_2"),
        ("SINSTI", "power_injected"),
        ("EAIT", "index_injected"),
        ("ERQ4", "reactive_4"),
        ("IRMS1", "current_1"),
        ("URMS3", "voltage_3"),
    ],
)
def test_where_the_labels_of_standard_mode_go(label: str, column_name: str) -> None:
    assert column(standard(**{label: 5}), column_name) == 5


@pytest.mark.parametrize(
    ("label", "column_name"),
    [("PAPP", "power"), ("IINST", "current"), ("IINST3", "current_3"), ("ADPS", "overload"), ("ADIR2", "overload_2")],
)
def test_where_the_labels_of_historic_mode_go(label: str, column_name: str) -> None:
    assert column(historic(**{label: 5}), column_name) == 5


def test_a_pilot_meters_power_goes_where_the_power_goes() -> None:
    assert column(standard(SINST1=5), "power") == 5
    assert column(standard(SINST1=5, SINSTS=6), "power") == 6


NUMBERS: list[Value] = [0, -1, 255, 256, 2**15, 2**16, 2**24, 2**32, 10**30, "", "text", "0"]
OTHERS: list[Value] = [1, 7, "x"]
PERIODS: list[Value] = ["HP..", "HCJB", 5]


def assert_same_rows(some: Iterable[Frame], encoder: RowEncoder | None = None) -> None:
    encoder = encoder or RowEncoder()
    for frame in some:
        assert encoder.encode_row(frame) == encode_row(frame)


def wandered(frame: Frame, chance: Random) -> Frame:
    """A frame that differs a little from another: in a value, a label, the order, a stamp, or something beside them."""
    values, stamps = dict(frame.values), dict(frame.stamps or {})
    label = chance.choice(list(values))
    match chance.randrange(9):
        case 0:
            values[label] = chance.choice(NUMBERS)
        case 1 if len(values) > 1:
            del values[label]
        case 2:
            values[chance.choice(["NEW", "SINST1", "PPOT", "NTARF", "BASE", "EASF02"])] = chance.choice(OTHERS)
        case 3:
            values[label] = values.pop(label)
        case 4:
            stamps[chance.choice(["DATE", label])] = frame.timestamp.replace(microsecond=chance.choice([0, 0, 1]))
        case 5 if stamps:
            del stamps[chance.choice(list(stamps))]
        case 6:
            values.update(STGE=chance.choice(["003A0001", "013AC401", "?"]), PTEC=chance.choice(PERIODS))
        case 7:
            moved = frame.timestamp + timedelta(seconds=chance.choice([0, 1, 10**8, -(10**8), 2**31, -(2**31)]))
            return dataclasses.replace(frame, timestamp=moved)
        case _:
            return dataclasses.replace(
                frame,
                clock=chance.choice([None, "degraded"]),
                host_clock=chance.choice([None, "unsynchronised"]),
                source=chance.choice([None, "zigbee2mqtt"]),
                interval=chance.choice([None, 60, 900]),
                dropped=chance.choice([None, 0, 1, 255, 256]),
            )
    return dataclasses.replace(frame, values=values, stamps=stamps if stamps or chance.random() < 0.5 else None)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_that_change_in_any_way(kind: str) -> None:
    chance = Random(kind)

    def wander() -> Iterator[Frame]:
        for whole in simulated(kind, 40, every=timedelta(seconds=1)):
            frame = whole
            yield frame
            for _ in range(chance.randrange(6)):
                frame = wandered(frame, chance)
                yield frame
                yield frame
            yield whole

    assert_same_rows(wander())


@given(st.lists(frames(), min_size=1, max_size=4), st.data())
def test_any_frames_in_any_order(some: list[Frame], data: st.DataObject) -> None:
    one_meter = [dataclasses.replace(frame, meter=ADDRESS) for frame in some]
    assert_same_rows(data.draw(st.lists(st.sampled_from(some + one_meter), max_size=10)))


@pytest.mark.parametrize("first", [1, 2**16, "x"])
def test_a_value_that_leaves_its_column_and_comes_back(first: int | str) -> None:
    assert_same_rows(historic(IINST=value, PAPP=1) for value in (first, 2, 2**16 - 1, 2**16, 2**16, 2, "x", -1, 2))


def test_a_clock_that_leaves_its_column_because_time_goes_by() -> None:
    """DATE stays the same, so only the timestamp decides where it is written."""
    dated = dataclasses.replace(standard(DATE="", EAST=1), stamps={"DATE": DAY})
    seconds = (0, 1, 2**31 - 1, 2**31, 2**31 + 9, 2**31 + 9, 1, 2**31, 2**31 - 1)
    assert_same_rows(dataclasses.replace(dated, timestamp=DAY + timedelta(seconds=second)) for second in seconds)


def test_each_of_many_meters_has_its_own_label_set_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = RowEncoder()
    meters = [dataclasses.replace(standard(VTIC="02", EAST=1), meter=f"{number}") for number in range(3000)]
    rows = [encoder.encode_row(frame) for frame in meters]
    monkeypatch.setattr(encoding, "make_label_set", None)
    assert [encoder.encode_row(frame) for frame in meters] == rows


def test_what_is_remembered_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RowEncoder, "CACHE_SIZE", 7000)
    encoder = RowEncoder()
    some = [
        dataclasses.replace(standard(**{f"L{number % 5}": "x" * number}), meter=f"{number % 7}")
        for number in range(600)
    ]
    assert_same_rows(some, encoder)
    assert len(encoder._latest) <= 4
