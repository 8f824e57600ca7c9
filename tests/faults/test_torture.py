"""Everything is killed, hung, cut and filled at random; every frame that could be read has its row, and one only."""

from pathlib import Path

import pytest

from tests.faults.torture import DEFAULT_BROKER, HARD_BROKER, torture

SECONDS = 85.0


@pytest.mark.parametrize(
    ("seed", "broker"),
    [
        pytest.param(11, HARD_BROKER, id="a broker that keeps next to nothing"),
        pytest.param(12, DEFAULT_BROKER, id="a broker as it is by default"),
    ],
)
def test_nothing_is_lost_and_nothing_doubled(seed: int, broker: str, tmp_path: Path) -> None:
    result = torture(tmp_path, SECONDS, seed, broker)
    print(result.text())
    assert result.lost == []
    assert result.doubled == []
    assert result.sum_holds
    assert result.audit_code == 0
    assert result.kills
    assert result.rows >= result.sent - result.excused > 0
