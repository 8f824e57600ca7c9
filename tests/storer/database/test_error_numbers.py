import pytest

from common.errors import Away, BadRow, Busy, PartitionMissing, Refused, Unclassified
from storer.database.error_numbers import classify

CASES = (
    (1264, BadRow),
    (167, BadRow),
    (1467, BadRow),
    (1526, PartitionMissing),
    (1213, Busy),
    (1517, Busy),
    (1045, Refused),
    (1146, Refused),
    (0, Away),  # no number: the socket
    (2003, Away),
    (2006, Away),
    (2013, Away),
    (2026, Away),
    (1040, Away),
    (1047, Away),  # a node of Galera that is not ready
    (1114, Away),  # the disk is full
    (1290, Away),  # read only
    (1927, Away),
    (1052, Unclassified),
    (1999, Unclassified),
    (4999, Unclassified),
)


@pytest.mark.parametrize(("code", "kind"), CASES)
def test_the_number_decides_what_is_done(code: int, kind: type[Exception]) -> None:
    error = classify(code, "text", "here")
    assert type(error) is kind
    assert f"text ({code})" in str(error)
