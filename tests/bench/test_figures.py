import pytest

from tests.bench.figures import Decides, Disturbed, Figures, Row, Target, check_even, growth, in_turn, not_measured


def test_figures_are_the_smallest_the_middle_and_the_largest() -> None:
    assert Figures.of([3.0, 1.0, 10.0]) == Figures(1.0, 3.0, 10.0)
    assert Figures.of([4.0, 2.0]) == Figures(2.0, 3.0, 4.0)


def test_a_ratio_is_that_of_each_round() -> None:
    row = Row(what="x", ours=[1, 10, 3], theirs=[2, 40, 3])
    assert row.ratio == Figures(0.25, 0.5, 1.0)
    assert row.decisive == 0.5
    faster = Row(what="x", ours=[1, 10, 3], theirs=[2, 40, 3], ratio_is="theirs / ours")
    assert faster.ratio == Figures(1.0, 2.0, 4.0)


def test_rounds_without_a_partner_are_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        _ = Row(what="x", ours=[1, 2], theirs=[1]).ratio


@pytest.mark.parametrize(("decides", "decisive"), [("median", 3.0), ("min", 1.0)])
def test_without_a_peer_our_own_figure_decides(decides: Decides, decisive: float) -> None:
    assert Row(what="x", ours=[5, 1, 3], target=Target("≤", 2), decides=decides).decisive == decisive


def test_cpu_times_are_compared_by_their_smallest_whichever_round_they_come_from() -> None:
    row = Row(what="x", ours=[2, 4], theirs=[30, 20], ratio_is="theirs / ours", decides="min", target=Target("≥", 9))
    assert row.decisive == 10
    assert row.verdict == "met"


def test_a_target_may_be_one_of_our_own_figure_beside_a_peer() -> None:
    row = Row(what="x", ours=[200], theirs=[100], target=Target("≤", 150), target_is_absolute=True)
    assert row.decisive == 200
    assert row.verdict == "missed"


@pytest.mark.parametrize(
    ("target", "ratio", "verdict"),
    [
        (Target("≤", 2), 2.0, "met"),
        (Target("≤", 2), 2.01, "missed"),
        (Target("≥", 0.5), 0.5, "met"),
        (Target("≥", 0.5), 0.49, "missed"),
    ],
)
def test_a_target_is_met_or_missed(target: Target, ratio: float, verdict: str) -> None:
    assert Row(what="x", ours=[ratio], theirs=[1.0], target=target).verdict == verdict


def test_without_figures_there_is_no_verdict() -> None:
    row = not_measured("x", "npm is not installed", target=Target("≤", 0.1))
    assert (row.ratio, row.decisive, row.verdict) == (None, None, "")
    assert row.note == "not measured: npm is not installed"


def test_each_size_is_compared_with_the_one_before_and_may_grow_as_much() -> None:
    one, three, twelve = growth("answer", "ms", "year", {1: [5, 4], 3: [9, 8], 12: [50, 40]})
    assert (one.what, three.what) == ("answer, 1 year", "answer, 3 years")
    assert (one.against, three.against, twelve.against) == ("", "1 year", "3 years")
    assert (one.decisive, three.decisive, twelve.decisive) == (4, 2, 5)
    assert (one.verdict, three.verdict, twelve.verdict) == ("", "met", "missed")


def test_what_is_of_one_meter_does_not_grow_with_their_number() -> None:
    _, ten, hundred = growth("storer", "µs", "meter", {1: [100], 10: [60], 100: [70]}, each=True)
    assert (ten.verdict, hundred.verdict) == ("met", "missed")


def test_works_run_in_turn_and_every_other_round_backwards() -> None:
    order: list[str] = []

    def work(name: str) -> float:
        order.append(name)
        return len(order)

    figures = in_turn(3, lambda: work("a"), lambda: work("b"))
    assert "".join(order) == "abbaab"
    assert figures == [[1, 4, 5], [2, 3, 6]]


def test_one_slow_calibration_of_ten_is_an_accident() -> None:
    check_even([1.0] * 8 + [1.19, 3.0])


def test_work_that_takes_a_fifth_longer_twice_is_refused() -> None:
    with pytest.raises(Disturbed):
        check_even([1.0] * 8 + [1.21, 1.21])
