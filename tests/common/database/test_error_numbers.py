import pytest

from common.database.error_numbers import classify
from common.errors import Conflict, InvalidRow, PartitionMissing, PermanentError, Unavailable, Unclassified

CASES = (
    (1264, InvalidRow),
    (167, InvalidRow),
    (1467, InvalidRow),
    (1526, PartitionMissing),
    (1205, Conflict),
    (1213, Conflict),
    (1517, Conflict),
    (1045, PermanentError),
    (1146, PermanentError),
    (0, Unavailable),  # no number: the socket
    (2003, Unavailable),
    (2006, Unavailable),
    (2013, Unavailable),
    (2026, Unavailable),
    (1040, Unavailable),
    (1047, Unavailable),  # a node of Galera that is not ready
    (3, Unavailable),  # no space left, as 1021, 1026, 1030, 1114 and 1878
    (1021, Unavailable),
    (1026, Unavailable),
    (1030, Unavailable),
    (1114, Unavailable),
    (1878, Unavailable),
    (1206, Unavailable),
    (1290, Unavailable),  # read only
    (1927, Unavailable),
    (1052, Unclassified),
    (1999, Unclassified),
    (4999, Unclassified),
)


@pytest.mark.parametrize(("code", "kind"), CASES)
def test_the_number_decides_what_is_done(code: int, kind: type[Exception]) -> None:
    error = classify(code, "text", "here")
    assert type(error) is kind
    assert f"text ({code})" in str(error)


def test_a_full_table_says_what_to_do() -> None:
    assert "free space" in str(classify(1114, "The table 'frames' is full", "here"))
