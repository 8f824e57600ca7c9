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


def test_what_was_unanswered_three_times_is_named_and_the_oldest_of_several() -> None:
    closed = ClosedAfter()
    assert closed.closed([A, B, C]) is None
    assert closed.closed([B, C]) is None
    assert closed.closed([A, B, C]) == B
    assert closed.closed([C, B]) == B


def test_something_else_each_time_is_not_named() -> None:
    closed = ClosedAfter()
    assert [closed.closed([sent]) for sent in (A, B, A, B, A, A, A)] == [None] * 6 + [A]


def test_a_stable_connection_starts_anew() -> None:
    closed = ClosedAfter()
    for _ in range(2):
        closed.closed([A])
    closed.reset()
    assert [closed.closed([A]) for _ in range(3)] == [None, None, A]


def test_it_is_named_for_people() -> None:
    assert str(A) == "a message on a"
    assert str(Sent("b/+", subscription=True)) == "the subscription to b/+"
