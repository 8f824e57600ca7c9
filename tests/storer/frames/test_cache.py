from collections.abc import Callable

import pytest

from storer.frames.cache import BoundedCache


@pytest.mark.parametrize(("size", "kept"), [(lambda _: 1, 6), (lambda text: len(text), 2)])
def test_no_more_is_kept_than_there_is_room_for(size: Callable[[str], int], kept: int) -> None:
    cache = BoundedCache[str](6, size)
    for number in range(100):
        cache.put(f"{number % 10}", "x" * (number % 3 + 1))
        found = [value for key in range(10) if (value := cache.get(f"{key}"))]
        assert len(found) == len(cache)
        assert sum(map(size, found)) <= 6
    assert len(cache) >= kept


def test_a_new_value_takes_the_place_of_the_former() -> None:
    cache = BoundedCache[str](3, len)
    for value in ("x", "xx", "xxx", "x"):
        cache.put("key", value)
        assert cache.get("key") == value
    cache.put("other", "xx")
    assert len(cache) == 2


def test_of_keys_in_turn_and_too_little_room_some_are_found_again() -> None:
    """If the oldest was forgotten, none would be."""
    cache, found = BoundedCache[int](10), 0
    for turn in range(200):
        found += cache.get(f"{turn % 11}") is not None
        cache.put(f"{turn % 11}", turn)
    assert 100 < found < 200
