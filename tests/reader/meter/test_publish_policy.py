"""What of a state is published, and when."""

from itertools import pairwise

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from reader.meter.last_values import DAMAGED_TOGETHER, SETTLED
from reader.meter.state import MeterState
from tests.reader.meter.meters import current, frame_of, historic, standard, state_of, whole


def published(frame: Frame, **options: float) -> MeterState:
    """Return a state that has just published, at second 0."""
    state = MeterState(**options)
    state.set_online(True)
    for _ in range(2):
        state.update(frame, 0.0)
    assert state.due(0.0) is not None
    assert state.due(0.0) is None
    return state


def test_nothing_is_published_before_a_complete_frame() -> None:
    state = MeterState()
    state.set_online(True)
    assert state.due(0.0) is None
    state.update(standard(SINSTS=300, dropped=2), 1.0)
    state.update(historic(IINST1=4, IINST2=4, IINST3=4), 2.0)
    assert state.due(100.0) is None
    assert current(state) == {}


def test_a_line_with_damaged_frames_only_is_published() -> None:
    state, damaged = MeterState(), standard(SINSTS=300, EAST=5000, dropped=1)
    for second in range(1, DAMAGED_TOGETHER):
        state.update(damaged, float(second))
        assert state.due(float(second)) is None
    state.update(damaged, float(DAMAGED_TOGETHER))
    news = state.due(float(DAMAGED_TOGETHER))
    assert news is not None
    assert news["EAST"] == 5000


def test_a_line_with_damaged_frames_only_shows_a_change_of_contract() -> None:
    before = historic(OPTARIF="HC..", HCHC=5, HCHP=6, dropped=1)
    after = historic(OPTARIF="BASE", BASE=11, dropped=1)
    state = state_of(*[before] * DAMAGED_TOGETHER, *[after] * (SETTLED * DAMAGED_TOGETHER))
    assert state.keys() & {"HCHC", "HCHP", "BASE"} == {"BASE"}


def test_nothing_is_published_before_each_index_was_seen_twice_but_not_for_ever() -> None:
    state = MeterState()
    state.update(standard(EAST=5000, EASF01=0), 0.0)
    assert state.due(0.0) is None
    state.update(standard(EASF01=0), 1.0)
    assert state.due(1.0) is None
    for second in range(2, 6):
        state.update(standard(EASF01=0), float(second))
    news = state.due(6.0)
    assert news is not None
    assert "EAST" not in news


@pytest.mark.parametrize(
    "news",
    [
        {"NTARF": 1},  # the period
        {"NGTF": "     TEMPO      "},
        {"STGE": "003A0481"},  # overload
        {"STGE": "003A0400"},  # the contact
        {"STGE": "003A0403"},  # the cut-off device
        {"STGE": "103A0401"},  # notice of a peak
        {"RELAIS": 1},
        {"MSG1": "COUPURE DEMAIN"},
        {"MSG2": "COUPURE"},
    ],
)
def test_urgent_changes_publish_everything_at_once(news: dict[str, Value]) -> None:
    state = published(whole())
    state.update(whole(SINSTS=1001, **news), 0.9)
    out = state.due(0.9)
    assert out == current(state)
    assert out["SINSTS"] == 1001


def test_exporting_is_published_at_once_but_nothing_within_its_deadband() -> None:
    state = published(whole(URMS1=230))
    state.update(whole(URMS1=230, SINSTS=1500), 59.0)
    assert state.due(59.0) is not None
    state.update(whole(URMS1=231, SINSTS=0, STGE="003A0601"), 60.0)
    out = state.due(60.0)
    assert out is not None
    assert (out["exporting"], out["SINSTS"], out["URMS1"]) == (True, 0, 230)


def test_other_changes_wait_for_the_interval() -> None:
    state = published(whole())
    state.update(whole(SINSTS=2000), 1.0)
    assert state.due(9.9) is None
    out = state.due(10.0)
    assert out is not None
    assert out["SINSTS"] == 2000
    state.update(whole(SINSTS=3000), 11.0)
    assert state.due(19.0) is None


@pytest.mark.parametrize(
    ("label", "before", "within", "beyond", "seconds"),
    [
        ("SINSTS", 100, 120, 121, 10),
        ("SINSTS", 5000, 4900, 4899, 10),
        ("IRMS1", 5, 6, 7, 10),
        ("URMS1", 230, 228, 227, 60),
        ("UMOY1", 230, 230, 231, 60),
        ("SMAXSN", 5000, 5000, 5001, 60),
        ("EAST", 5000, 5000, 5001, 60),
        ("NJOURF", 0, 0, 1, 10),
        ("VTIC", "02", "02", "03", 10),
    ],
)
def test_changes_within_the_deadband_are_not_published(
    label: str, before: Value, within: Value, beyond: Value, seconds: float
) -> None:
    state = published(frame_of(Mode.STANDARD, {label: before}))
    state.update(frame_of(Mode.STANDARD, {label: within}), 1.0)
    assert state.due(seconds) is None
    state.update(frame_of(Mode.STANDARD, {label: beyond}), 2.0)
    assert state.due(seconds - 0.1) is None
    out = state.due(seconds)
    assert out is not None
    assert out[label] == beyond


def test_values_within_their_deadband_keep_their_published_value() -> None:
    state = published(whole(URMS1=230, EAST=5000))
    state.update(whole(URMS1=231, EAST=5001, SINSTS=2000), 10.0)
    out = state.due(10.0)
    assert out is not None
    assert (out["SINSTS"], out["URMS1"], out["EAST"], out["import_total"]) == (2000, 230, 5000, 5000)


def test_everything_is_published_with_each_refresh() -> None:
    state = published(whole(URMS1=230))
    state.update(whole(URMS1=231, SINSTS=1001), 10.0)
    assert state.due(299.0) is None
    assert state.due(300.0) == current(state)
    assert state.due(310.0) is not None  # it was shown by current() as well
    assert state.due(599.0) is None
    assert state.due(610.0) is not None


def test_labels_that_come_and_go_are_published() -> None:
    state = published(whole())
    state.update(whole(CCASN=300), 10.0)
    assert "CCASN" in (state.due(10.0) or {})
    state.update(whole(), 20.0)
    out = state.due(20.0)
    assert out is not None
    assert "CCASN" not in out


def test_exporting_that_flips_is_rate_limited() -> None:
    state, told = published(whole()), []
    for second in range(1, 240):
        state.update(whole(STGE="003A0601" if second % 2 else "003A0401"), float(second))
        told += [news["exporting"] for news in [state.due(float(second))] if news]
    assert 2 <= sum(before is not after for before, after in pairwise(told)) <= 3


def test_a_published_snapshot_is_never_followed_by_older_values() -> None:
    state = published(whole(EAST=5000))
    state.update(whole(EAST=5001, SINSTS=2000), 5.0)
    assert current(state)["EAST"] == 5001  # to somebody who was born just now
    out = state.due(10.0)
    assert out is not None
    assert out["EAST"] == 5001


def test_a_link_change_is_published_at_once_and_nothing_is_refreshed_while_offline() -> None:
    state = published(whole())
    state.set_online(True)
    assert state.due(1.0) is None
    state.set_online(False)
    assert state.due(1.0) is not None
    assert state.due(1000.0) is None
    state.set_online(True)
    assert state.due(1001.0) is not None


def test_the_caller_may_change_what_is_returned() -> None:
    state = published(whole())
    current(state).clear()
    state.set_online(False)
    out = state.due(1.0)
    assert out
    out.clear()
    state.set_online(True)
    assert state.due(2.0)
