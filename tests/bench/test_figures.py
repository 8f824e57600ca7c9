import pytest

from tests.bench.figures import Disturbed, Figures, Row, Target, check_even, growth, in_turn


def test_a_ratio_is_that_of_each_round() -> None:
    row = Row(what="x", ours=[1, 10, 3], theirs=[2, 40, 3])
    assert (row.ratio, row.decisive) == (Figures(0.25, 0.5, 1.0), 0.5)
    faster = Row(what="x", ours=[1, 10, 3], theirs=[2, 40, 3], ratio_is="theirs / ours")
    assert faster.ratio == Figures(1.0, 2.0, 4.0)


@pytest.mark.parametrize(
    ("row", "decisive", "verdict"),
    [
        (Row(what="x", ours=[2], theirs=[1], target=Target("≤", 2)), 2, "met"),
        (Row(what="x", ours=[2.01], theirs=[1], target=Target("≤", 2)), 2.01, "missed"),
        (Row(what="x", ours=[0.49], theirs=[1], target=Target("≥", 0.5)), 0.49, "missed"),
        (Row(what="x", ours=[5, 1, 3], target=Target("≤", 2)), 3, "missed"),
        (Row(what="x", ours=[5, 1, 3], target=Target("≤", 2), decides="min"), 1, "met"),
        # Of CPU times the smallest, whichever round they come from.
        (Row(what="x", ours=[2, 4], theirs=[30, 20], ratio_is="theirs / ours", decides="min"), 10, ""),
        (Row(what="x", ours=[200], theirs=[100], target=Target("≤", 150), target_is_absolute=True), 200, "missed"),
        (Row(what="x", target=Target("≤", 1)), None, ""),
    ],
)
def test_a_row_decides_by_its_figure(row: Row, decisive: float | None, verdict: str) -> None:
    assert (row.decisive, row.verdict) == (decisive, verdict)


def test_each_size_is_compared_with_the_one_before_and_may_grow_as_much() -> None:
    one, three, twelve = growth("answer", "ms", "year", {1: [5, 4], 3: [9, 8], 12: [50, 40]})
    assert (one.verdict, three.verdict, twelve.verdict) == ("", "met", "missed")
    _, ten, hundred = growth("storer", "µs", "meter", {1: [100], 10: [60], 100: [70]}, each=True)
    assert (ten.verdict, hundred.verdict) == ("met", "missed")


def test_works_run_in_turn_and_every_other_round_backwards() -> None:
    order: list[str] = []

    def work(name: str) -> float:
        order.append(name)
        return len(order)

    assert in_turn(3, lambda: work("a"), lambda: work("b")) == [[1, 4, 5], [2, 3, 6]]
    assert "".join(order) == "abbaab"


def test_a_machine_on_which_the_same_work_takes_a_fifth_longer_twice_is_refused() -> None:
    check_even([1.0] * 8 + [1.19, 3.0])  # one slow calibration of ten is an accident
    with pytest.raises(Disturbed):
        check_even([1.0] * 8 + [1.21, 1.21])
