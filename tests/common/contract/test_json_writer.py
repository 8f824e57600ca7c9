import json

from hypothesis import given
from hypothesis import strategies as st

from common.contract.json_writer import ObjectWriter, write_value
from tests.support.frames import TEXT

OBJECTS = st.dictionaries(st.sampled_from("abc") | TEXT, st.integers(0, 3) | TEXT, max_size=5)


def dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


@given(TEXT | st.integers())
def test_a_value_is_written_as_by_json_dumps(value: str | int) -> None:
    assert write_value(value) == dumps(value)


@given(st.lists(OBJECTS, max_size=5))
def test_each_object_is_written_as_by_json_dumps_whatever_was_written_before(
    objects: list[dict[str, int | str]],
) -> None:
    writer = ObjectWriter[int | str]()
    for members in objects:
        assert writer.write(members) == dumps(members)


def test_members_that_change_come_go_or_move_are_written_anew() -> None:
    writer = ObjectWriter[int | str]()
    objects: list[dict[str, int | str]] = [
        {"a": 1, "b": 2},
        {"a": 1, "b": 3},
        {"b": 3, "a": 1},
        {"b": 3},
        {"b": 3, "é": "“é”"},
        {},
        {"a": 1},
    ]
    for members in objects:
        assert writer.write(members) == dumps(members)


def test_only_members_that_changed_are_converted_again() -> None:
    converted: list[int] = []

    def convert(value: int) -> str:
        converted.append(value)
        return str(value)

    writer = ObjectWriter(convert)
    writer.write({"a": 1, "b": 2})
    writer.write({"a": 1, "b": 3})
    assert converted == [1, 2, 3]
