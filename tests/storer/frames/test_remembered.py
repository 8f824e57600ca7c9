from collections.abc import Callable

import pytest

from storer.frames.remembered import Remembered


@pytest.mark.parametrize(("size", "kept"), [(lambda _: 1, 6), (lambda text: len(text), 2)])
def test_no_more_is_remembered_than_there_is_room_for(size: Callable[[str], int], kept: int) -> None:
    memory = Remembered[str](6, size)
    for number in range(100):
        memory.put(f"{number % 10}", "x" * (number % 3 + 1))
        found = [value for key in range(10) if (value := memory.get(f"{key}"))]
        assert len(found) == len(memory)
        assert sum(map(size, found)) <= 6
    assert len(memory) >= kept


def test_a_new_value_takes_the_place_of_the_former() -> None:
    memory = Remembered[str](3, len)
    for value in ("x", "xx", "xxx", "x"):
        memory.put("key", value)
        assert memory.get("key") == value
    memory.put("other", "xx")
    assert len(memory) == 2


def test_of_keys_in_turn_and_too_little_room_some_are_found_again() -> None:
    """If the oldest was forgotten, none would be."""
    memory, found = Remembered[int](10), 0
    for turn in range(200):
        found += memory.get(f"{turn % 11}") is not None
        memory.put(f"{turn % 11}", turn)
    assert 100 < found < 200
