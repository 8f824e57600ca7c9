"""What a broker closes the connection for: what was without an answer each time."""

from common.mqtt.unanswered import ClosedAfter, Sent, Unanswered

A, B, C = (Sent(name, subscription=False) for name in "abc")


def test_what_is_answered_is_no_longer_unanswered_and_the_oldest_comes_first() -> None:
    unanswered: Unanswered[str] = Unanswered()
    for mid, sent in enumerate((A, B, A, C)):
        assert unanswered.sent(mid, sent) is None
    assert unanswered.oldest() == [A, B, C]
    assert unanswered.answered(0, "yes") == A
    assert unanswered.oldest() == [B, A, C]


def test_an_answer_may_come_before_the_id_is_known() -> None:
    unanswered: Unanswered[str] = Unanswered()
    assert unanswered.answered(7, "refused") is None
    assert unanswered.sent(7, A) == "refused"
    assert unanswered.oldest() == []
    assert unanswered.sent(7, B) is None  # ids are used again


def test_what_was_unanswered_three_times_is_named() -> None:
    closed = ClosedAfter()
    assert closed.closed([A, B, C]) == ""
    assert closed.closed([B, C]) == ""
    assert closed.closed([A, B, C]) == "a message on b or a message on c"
    assert closed.closed([B]) == "a message on b"


def test_something_else_each_time_is_not_named() -> None:
    closed = ClosedAfter()
    assert [closed.closed([sent]) for sent in (A, B, A, B, A, A, A)] == [""] * 6 + ["a message on a"]


def test_of_many_some_are_named() -> None:
    closed, many = ClosedAfter(), [Sent(str(number), subscription=False) for number in range(50)]
    assert [closed.closed(many) for _ in range(3)][-1].count("message") == 5


def test_a_stable_connection_starts_anew() -> None:
    closed = ClosedAfter()
    for _ in range(2):
        closed.closed([A])
    closed.reset()
    assert [bool(closed.closed([A])) for _ in range(3)] == [False, False, True]


def test_it_is_named_for_people() -> None:
    assert str(A) == "a message on a"
    assert str(Sent("b/+", subscription=True)) == "the subscription to b/+"
