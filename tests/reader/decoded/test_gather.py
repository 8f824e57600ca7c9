"""What belongs together is one reading, and what is repeated in it."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Value
from common.contract.labels import Mode
from reader.decoded.gather import MOMENT, QUIET, SETTLING, Gatherer
from reader.decoded.interval import LONGEST
from reader.decoded.reading import Reading

METER = "021961000001"
START = 1000.0
TEMPO: dict[str, Any] = {"BBRHCJB": 101, "BBRHPJB": 102, "BBRHCJW": 103, "BBRHPJW": 104, "BBRHCJR": 105, "BBRHPJR": 106}


def reading(*, partial: bool = True, **labels: Any) -> Reading:
    return Reading("teleinfokit", METER, Mode.HISTORIC, labels, {}, partial=partial)


def taken(gatherer: Gatherer, at: float) -> dict[str, Value]:
    """Return the labels of the moment that is over at a time, and none if there is none."""
    if gatherer.due_at > at:
        return {}
    gathered = gatherer.take()
    assert gathered is not None
    return dict(gathered.labels)


def settled(**labels: Any) -> tuple[Gatherer, float]:
    """Return a gatherer of a device that has sent these labels, one by one, and is settled since this time."""
    gatherer = Gatherer(Mode.HISTORIC)
    for label, value in labels.items():
        gatherer.add(reading(**{label: value}), START)
    assert taken(gatherer, START + SETTLING) == labels
    return gatherer, START + SETTLING


def test_messages_of_a_moment_are_one_reading_that_is_over_when_it_is_quiet() -> None:
    gatherer = Gatherer(Mode.HISTORIC)
    assert gatherer.due_at == math.inf
    gatherer.add(reading(partial=False, PAPP=310), START)
    gatherer.add(reading(partial=False, PAPP=320, IINST=1), START + 0.5)
    assert gatherer.due_at == START + 0.5 + QUIET
    assert taken(gatherer, START + 0.5 + QUIET) == {"IINST": 1, "PAPP": 320}
    assert gatherer.due_at == math.inf
    assert gatherer.take() is None


def test_a_flood_makes_a_reading_each_few_seconds() -> None:
    gatherer = Gatherer(Mode.HISTORIC)
    readings = []
    for number in range(1000):  # 100 a second
        at = START + number / 100
        gatherer.add(reading(partial=False, PAPP=number), at)
        if taken(gatherer, at):
            readings.append(number)
    assert readings == [500]
    assert gatherer.due_at == START + 5.01 + MOMENT


def test_labels_stand_in_the_order_of_the_line_and_keep_their_step_and_stamp() -> None:
    gatherer, stamp = Gatherer(Mode.STANDARD), datetime(2026, 11, 24, 12, tzinfo=UTC)
    for labels, steps, stamps in (
        ({"SMAXSN": 6320}, {}, {"SMAXSN": stamp}),
        ({"EAST": 41_045_120}, {"EAST": 4}, {}),
    ):
        gatherer.add(Reading("esphome", METER, Mode.STANDARD, labels, steps, stamps), START)
    gathered = gatherer.take()
    assert gathered is not None
    assert list(gathered.labels.items()) == [("EAST", 41_045_120), ("SMAXSN", 6320)]
    assert (gathered.steps, gathered.stamps) == ({"EAST": 4}, {"SMAXSN": stamp})


def test_registers_and_what_seldom_changes_are_repeated_and_powers_are_not() -> None:
    gatherer, at = settled(ADCO=METER, OPTARIF="BBR(", ISOUSC=45, **TEMPO, PTEC="HPJB", IINST=2, ADPS=50, PAPP=430)
    gatherer.add(reading(PAPP=440), at + 10)
    repeated = {"ADCO": METER, "OPTARIF": "BBR(", "ISOUSC": 45, **TEMPO, "PTEC": "HPJB"}
    assert taken(gatherer, at + 10 + QUIET) == {**repeated, "PAPP": 440}
    gatherer.add(reading(BBRHPJB=107), at + 20)
    assert taken(gatherer, at + 20 + QUIET) == {**repeated, "BBRHPJB": 107}


def test_a_device_that_sends_all_at_once_repeats_what_it_wants_itself() -> None:
    gatherer = Gatherer(Mode.HISTORIC)
    gatherer.add(reading(partial=False, BASE=5, PAPP=1), START)
    assert taken(gatherer, START + QUIET) == {"BASE": 5, "PAPP": 1}
    gatherer.add(reading(partial=False, PAPP=2), START + 60)
    assert taken(gatherer, START + 60 + QUIET) == {"PAPP": 2}


def test_the_first_reading_waits_until_the_device_has_sent_what_it_knows() -> None:
    gatherer = Gatherer(Mode.HISTORIC)
    gatherer.add(reading(BBRHCJB=101, PAPP=430), START)
    gatherer.add(reading(BBRHPJB=102), START + 9)
    assert not taken(gatherer, START + 18.9)
    # The power of half a minute ago would look like one of now.
    assert taken(gatherer, START + 19) == {"BBRHCJB": 101, "BBRHPJB": 102}
    gatherer.add(reading(PAPP=440), START + 25)
    assert taken(gatherer, START + 25 + QUIET) == {"BBRHCJB": 101, "BBRHPJB": 102, "PAPP": 440}


def test_a_device_that_never_pauses_is_waited_for_a_minute() -> None:
    gatherer = Gatherer(Mode.HISTORIC)
    for second in range(0, 60, 5):
        gatherer.add(reading(PAPP=430), START + second)
        assert not taken(gatherer, START + second)
    assert taken(gatherer, START + SETTLING)


def test_after_a_silence_nothing_of_before_is_repeated() -> None:
    gatherer, at = settled(**TEMPO)
    gatherer.add(reading(BBRHPJB=107), at + LONGEST - 61)  # not too late
    assert taken(gatherer, at + LONGEST)["BBRHPJR"] == 106
    again = at + 2 * LONGEST
    gatherer.add(reading(BBRHPJB=9000), again)
    assert not taken(gatherer, again + QUIET)
    assert taken(gatherer, again + SETTLING) == {"BBRHPJB": 9000}


def test_what_is_retained_joins_where_nothing_newer_came_and_only_with_a_live_message() -> None:
    gatherer = Gatherer(Mode.HISTORIC)
    for label, value in {**TEMPO, "PAPP": 9999}.items():
        gatherer.add_retained(reading(**{label: value}))
    assert gatherer.due_at == math.inf
    gatherer.add(reading(BBRHPJB=107), START)
    assert taken(gatherer, START + SETTLING) == {**TEMPO, "BBRHPJB": 107}
    # The broker was lost, and is back: what it retains may be older than what was heard.
    gatherer.add_retained(reading(BBRHPJB=100, DEMAIN="ROUG"))
    gatherer.add(reading(PAPP=430), START + 100)
    assert taken(gatherer, START + 100 + QUIET) == {**TEMPO, "BBRHPJB": 107, "DEMAIN": "ROUG", "PAPP": 430}


def test_what_is_retained_of_a_device_that_sends_all_at_once_is_old() -> None:
    gatherer = Gatherer(Mode.HISTORIC)
    gatherer.add_retained(reading(partial=False, BASE=5))
    gatherer.add(reading(partial=False, PAPP=2), START)
    assert taken(gatherer, START + QUIET) == {"PAPP": 2}


def test_the_clock_of_the_meter_counts_only_when_it_has_moved() -> None:
    gatherer = Gatherer(Mode.STANDARD)
    for minute, (second, expected) in enumerate([(0, False), (0, False), (600, True), (600, False)]):
        stamp = datetime.fromtimestamp(1_800_000_000 + second, UTC)
        gatherer.add(
            Reading("zigbee2mqtt", METER, Mode.STANDARD, {"DATE": "", "SINSTS": minute}, {}, {"DATE": stamp}),
            START + 60 * minute,
        )
        gathered = gatherer.take()
        assert gathered is not None
        assert (gathered.labels.get("DATE"), gathered.stamps.get("DATE")) == (("", stamp) if expected else (None, None))


def test_what_is_repeated_outlives_a_restart_and_not_a_long_one() -> None:
    gatherer, at = settled(**TEMPO, PTEC="HPJB")
    saved = gatherer.to_json(at)
    for away, expected in ((60.0, {**TEMPO, "PTEC": "HPJB", "PAPP": 430}), (float(LONGEST), {"PAPP": 430})):
        again = Gatherer(Mode.HISTORIC)
        again.resume(saved, 50.0 - away)  # another boot
        again.add(reading(PAPP=430), 50.0)
        assert taken(again, 50.0 + SETTLING) == expected


@pytest.mark.parametrize("saved", [None, [], {}, {"kept": 5}, {"kept": {"BASE": 5}}, {"kept": {}, "silent": "long"}])
def test_what_was_saved_and_is_damaged_is_refused(saved: object) -> None:
    with pytest.raises((AttributeError, LookupError, TypeError, ValueError)):
        Gatherer(Mode.HISTORIC).resume(saved, 0.0)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1200), st.sampled_from([*TEMPO, "PAPP", "IINST", "PTEC"]), st.integers(0, 5), st.booleans()
        ),
        max_size=30,
    )
)
def test_a_power_is_never_older_than_a_moment_and_a_value_is_always_one_that_was_sent(
    messages: list[tuple[float, str, int, bool]],
) -> None:
    gatherer, at = Gatherer(Mode.HISTORIC), START
    sent: dict[str, tuple[int, float]] = {}
    for passed, label, value, retained in messages:
        at += passed
        if (due := gatherer.due_at) <= at:
            heard_at, gathered = gatherer.heard_at, gatherer.take()
            assert gathered is not None
            assert due <= at
            for name, newest in gathered.labels.items():
                assert name in ("PAPP", "IINST") or newest in range(6)
                if name in ("PAPP", "IINST"):
                    assert sent[name][0] == newest
                    assert heard_at - sent[name][1] <= MOMENT
        if retained:
            gatherer.add_retained(reading(**dict[str, Any]([(label, value)])))
        else:
            sent[label] = value, at
            gatherer.add(reading(**dict[str, Any]([(label, value)])), at)
