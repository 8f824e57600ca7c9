"""What of a message can be the value of a source."""

from monitor.live.look import numbers_in


def test_a_number_is_found_by_the_path_that_a_source_names() -> None:
    assert numbers_in(b'{"a": {"b": [1, {"c": "2.5"}]}}') == {"a.b.0": 1.0, "a.b.1.c": 2.5}
    assert numbers_in(b" 12 ") == {"": 12.0}


def test_what_is_no_number_or_cannot_be_named_is_left_out() -> None:
    assert numbers_in(b'{"on": true, "text": "x", "nan": "nan", "with.dot": 1, "": 2, "null": null}') == {}
    assert numbers_in(b"unavailable") == numbers_in(b"\xff\xfe") == numbers_in(b"") == {}


def test_a_message_that_is_a_bomb_shows_little() -> None:
    assert len(numbers_in(b"[" + b"1," * 5000 + b"1]")) == 100
    assert numbers_in(b"[" * 60_000) == {}
    assert numbers_in(b'{"a":' * 30 + b"1" + b"}" * 30) == {}
    assert numbers_in(b"1" * 70_000) == {}
    assert numbers_in(b"1" * 5_000) == {}  # an infinite one
