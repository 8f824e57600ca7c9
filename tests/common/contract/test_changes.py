"""Comparing two mappings in a row."""

from hypothesis import given
from hypothesis import strategies as st

from common.contract.changes import ChangedKeys, changed_keys

MAPPINGS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2) | st.integers(10**9, 10**9 + 1) | st.just("x"))


def differing(mapping: dict[str, int | str], before: dict[str, int | str]) -> list[str] | None:
    if [*mapping] != [*before]:
        return None
    return [key for key in mapping if mapping[key] != before[key]]


@given(MAPPINGS, MAPPINGS)
def test_the_keys_whose_values_differ_are_found(mapping: dict[str, int | str], before: dict[str, int | str]) -> None:
    assert changed_keys(mapping, before) == differing(mapping, before)


@given(st.lists(MAPPINGS, min_size=1, max_size=3), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2))))
def test_a_result_that_is_kept_is_that_of_these_two(
    mappings: list[dict[str, int | str]], pairs: list[tuple[int, int]]
) -> None:
    changed = ChangedKeys()
    for first, second in pairs:
        mapping, before = mappings[first % len(mappings)], mappings[second % len(mappings)]
        assert changed(mapping, before) == differing(mapping, before)
