"""The minutes of an hour as one text: what is written is what is read."""

from hypothesis import given
from hypothesis import strategies as st

from common.contract.source_minutes import SourceMinute, pack_hour, unpack_hour


def maybe(low: int, high: int) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(low, high)


MINUTE = st.builds(
    SourceMinute,
    seconds=st.sampled_from([0, 13, 60]),
    energy=maybe(0, 2**32 - 1),
    step=maybe(-(2**31), 2**31 - 1),
    power=maybe(-1_000_000, 1_000_000),
    power_max=maybe(-1_000_000, 1_000_000),
    temperature=maybe(-600, 1000),
)


@given(st.dictionaries(st.integers(0, 59), MINUTE))
def test_what_is_written_is_what_is_read(minutes: dict[int, SourceMinute]) -> None:
    text = pack_hour(minutes)
    assert unpack_hour(text) == minutes
    assert list(unpack_hour(text)) == sorted(minutes)
    assert text.isascii()


def test_an_hour_of_a_roof_is_written_shortly() -> None:
    roof = {number: SourceMinute(60, 12_345_678 + 50 * number, None, 3000, 3010) for number in range(60)}
    assert pack_hour(roof) == ('{"count":60,"seconds":[60],"energy":[12345678,50],"power":[3000],"peak":[10]}')


def test_the_longest_hour_fits_into_the_column() -> None:
    worst = [SourceMinute(59, (2**32 - 1) * (number % 2), -(2**31), -1_000_000, 1_000_000, 600) for number in range(60)]
    assert len(pack_hour(dict(enumerate(worst)))) < 65_535
