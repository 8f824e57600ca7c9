from common.seldom import EVERY, Seldom


def test_the_same_is_said_once_an_hour() -> None:
    seldom = Seldom()
    times = [now for now in range(0, int(2 * EVERY) + 1, 60) if seldom.due("a", now)]
    assert times == [0, EVERY, 2 * EVERY]


def test_something_else_is_said_at_once() -> None:
    seldom = Seldom()
    assert seldom.due("a", 0)
    assert seldom.due("b", 1)
    assert not seldom.due("a", 2)


def test_what_is_new_is_said_at_once_whenever_the_machine_was_started() -> None:
    assert all(Seldom().due("a", number / 7) for number in range(100_000))


def test_any_number_of_things_is_not_any_number_of_lines() -> None:
    seldom = Seldom()
    assert sum(seldom.due(str(number), number / 100) for number in range(10_000)) == 101
    assert seldom.due("one more", EVERY + 1000)
