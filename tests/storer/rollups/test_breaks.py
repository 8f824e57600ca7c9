from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.contract.registers import LIMIT_WH, LIMIT_WH_PER_SECOND, REGISTERS, Readings
from storer.rollups.breaks import Before, HourReadings, Inside, judge

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NONE: list[Before | None] = [None] * len(REGISTERS)


def values(**named: int) -> Readings:
    return tuple(named.get(name) for name in REGISTERS)


def hour(first: Readings, last: Readings, *, first_standard: bool = True, last_standard: bool = True) -> HourReadings:
    return HourReadings(
        hour=NOON,
        first_at=NOON,
        last_at=NOON + timedelta(seconds=100),
        first_standard=first_standard,
        last_standard=last_standard,
        first=first,
        last=last,
    )


def before(seconds: int = 100, *, standard: bool = True, **named: int) -> list[Before | None]:
    at = NOON - timedelta(seconds=seconds)
    return [None if name not in named else Before(named[name], at, standard) for name in REGISTERS]


def previous(*, standard: bool = True, **named: int) -> HourReadings:
    """The hour before, with these readings at its end."""
    readings = values(**named)
    at = NOON - timedelta(seconds=100)
    return HourReadings(NOON - timedelta(hours=1), at, at, standard, standard, readings, readings)


LIMIT = LIMIT_WH + 100 * LIMIT_WH_PER_SECOND


@pytest.mark.parametrize(
    ("step", "energy", "broken"),
    [(0, 0, 0), (5, 5, 0), (LIMIT, LIMIT, 0), (LIMIT + 1, 0, LIMIT + 1), (-1, 0, -1)],
)
@pytest.mark.parametrize("inside", [True, False])
def test_what_a_house_can_draw_is_energy_and_the_rest_a_break(
    step: int, energy: int, broken: int, inside: bool
) -> None:
    first, last = (5000, 5000 + step) if inside else (5000 + step, 5000 + step)
    judgement = judge(hour(values(total=first), values(total=last)), before(total=5000), None)
    assert judgement.drawn == energy
    assert judgement.steps == ({0: broken} if broken else {})


def test_the_longer_the_gap_the_more_may_be_drawn() -> None:
    readings = values(total=5000 + LIMIT + 1)
    assert judge(hour(readings, readings), before(101, total=5000), None).steps == {}


def test_the_first_reading_of_all_is_no_step() -> None:
    judgement = judge(hour(values(total=7, injected=1), values(total=9, injected=4)), NONE, None)
    assert (judgement.steps, judgement.drawn, judgement.injected) == ({}, 2, 3)


def test_a_total_of_another_mode_is_another_register_and_the_others_go_on() -> None:
    now = hour(values(supplier_1=103), values(supplier_1=103), first_standard=False, last_standard=False)
    assert judge(now, before(supplier_1=100), previous(total=5, supplier_1=100)).drawn == 3
    now = hour(values(total=9103), values(total=9104))
    judgement = judge(now, before(total=100, standard=False), previous(standard=False, total=100))
    assert (judgement.steps, judgement.drawn) == ({0: 9003}, 1)
    now = hour(values(total=103), values(total=104), last_standard=False)
    assert judge(now, NONE, None).steps == {0: 1}


@pytest.mark.parametrize(
    ("was", "now", "step"),
    [
        pytest.param((False, {"total": 5000}), (True, {"total": 5900, "supplier_1": 800}), 900, id="BASE is EAST"),
        pytest.param((False, {"total": 5000}), (True, {"total": 6100, "supplier_1": 5900}), 900, id="BASE is EASF01"),
        pytest.param((True, {"total": 5000, "supplier_1": 70}), (False, {"total": 5900}), 900, id="EAST is BASE"),
        pytest.param((False, {"total": 5000}), (False, {"supplier_1": 4000, "supplier_2": 1900}), 900, id="Base to HC"),
        pytest.param((False, {"supplier_1": 4000, "supplier_2": 1000}), (False, {"total": 5900}), 900, id="HC to Base"),
        pytest.param(
            (False, {"supplier_1": 4000, "supplier_2": 1000}),
            (False, {"supplier_1": 4300, "supplier_2": 1100, "supplier_3": 500}),
            900,
            id="HC to Tempo",
        ),
        pytest.param(
            (False, {"supplier_1": 4000, "supplier_2": 1000}),
            (True, {"total": 6500, "supplier_1": 4300, "supplier_2": 1100, "supplier_3": 500}),
            400,
            id="HC goes on in standard mode, whatever EAST is",
        ),
        pytest.param((False, {"total": 5000}), (True, {"total": 5000 + LIMIT + 1}), 0, id="another count"),
        pytest.param((False, {"total": 5000}), (False, {"supplier_1": 4999}), 0, id="below"),
    ],
)
@pytest.mark.parametrize("within", [True, False])
def test_what_was_drawn_over_a_change_of_mode_or_contract_is_the_step_of_the_total(
    was: tuple[bool, dict[str, int]], now: tuple[bool, dict[str, int]], step: int, within: bool
) -> None:
    """Over 100 seconds; whether the change is within the hour or at its beginning."""
    (old_mode, old), (new_mode, new) = was, now
    first, last = values(**old), values(**new)
    if within:
        frames = [(NOON, old_mode, first), (NOON + timedelta(seconds=100), new_mode, last)]
        changed = hour(first, last, first_standard=old_mode, last_standard=new_mode)
        assert judge(changed, NONE, None, Inside(frames)).drawn == step
    else:
        earlier = [
            one if last[place] is not None else None for place, one in enumerate(before(standard=old_mode, **old))
        ]
        changed = hour(last, last, first_standard=new_mode, last_standard=new_mode)
        assert judge(changed, earlier, previous(standard=old_mode, **old)).drawn == step


def test_after_an_hour_without_a_total_the_supplier_registers_count() -> None:
    now = hour(values(total=500, supplier_1=20), values(total=501, supplier_1=20))
    earlier = before(total=450, supplier_1=18)
    assert judge(now, earlier, previous(total=450, supplier_1=18)).drawn == 51
    assert judge(now, earlier, previous(supplier_1=18)).drawn == 3


def test_without_any_register_there_is_no_energy() -> None:
    judgement = judge(hour(values(reactive_1=5), values(reactive_1=6)), NONE, None)
    assert (judgement.drawn, judgement.injected) == (None, None)


def test_two_breaks_of_an_hour_are_one_step() -> None:
    now = hour(values(total=10), values(total=4))
    judgement = judge(now, before(total=1000), None)
    assert judgement.steps == {0: -990 - 6}


def test_a_register_that_was_hidden_starts_afresh_and_what_others_counted_meanwhile_is_not_counted_again() -> None:
    """Standard mode after ten days of BASE in historic mode: EASF01 went on, and BASE was seen to."""
    now = hour(values(total=9130, supplier_1=8130), values(total=9140, supplier_1=8140))
    hidden = [None if one is None else replace(one, hidden=True) for one in before(total=9000, supplier_1=8000)]
    judgement = judge(now, hidden, previous(standard=False, total=120))
    assert (judgement.steps, judgement.drawn) == ({0: 130, 1: 130}, 10)


def test_a_register_that_damaged_frames_did_not_have_goes_on() -> None:
    now = hour(values(total=9130, supplier_1=8130), values(total=9140, supplier_1=8140))
    judgement = judge(now, before(total=9100, supplier_1=8050), previous(total=9100))
    assert (judgement.steps, judgement.drawn) == ({}, 40)


def test_what_others_counted_within_the_hour_is_not_counted_again_either() -> None:
    """HC at the end of the hour before and of this one, BASE in between."""
    frames = [values(total=9500), values(total=9530), values(supplier_1=140), values(supplier_1=147)]
    inside = Inside((NOON + timedelta(seconds=20 * n), False, frame) for n, frame in enumerate(frames))
    now = hour(frames[0], frames[-1], first_standard=False, last_standard=False)
    judgement = judge(now, before(supplier_1=100, standard=False), previous(standard=False, supplier_1=100), inside)
    assert (judgement.steps, judgement.drawn) == ({1: 40}, 30 + 7)


@pytest.mark.parametrize(
    ("earlier", "first", "last", "drawn", "broken"),
    [
        pytest.param(5040, 5010, 5070, 30, 0, id="made good"),
        pytest.param(5040, 5010, 5040, 0, 0, id="just made good"),
        pytest.param(5040, 5010, 5039, 29, -30, id="not made good"),
    ],
)
def test_an_hour_in_which_the_readers_clock_went_back_counts_what_is_new(
    earlier: int, first: int, last: int, drawn: int, broken: int
) -> None:
    """Its first reading is from before the last one of the hour before."""
    judgement = judge(hour(values(total=first), values(total=last)), before(total=earlier), previous(total=earlier))
    assert (judgement.drawn, judgement.steps) == (drawn, {0: broken} if broken else {})
