"""Everything is killed, hung, cut, filled and restored at random; every frame that could be read has its row, once."""

from pathlib import Path

import pytest

from tests.faults import galera
from tests.faults.torture import DEFAULT_BROKER, HARD_BROKER, torture


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> float:
    minutes: float = request.config.getoption("--minutes")
    return minutes * 60


@pytest.mark.parametrize(
    ("seed", "broker"),
    [
        pytest.param(11, HARD_BROKER, id="a broker that keeps next to nothing"),
        pytest.param(12, DEFAULT_BROKER, id="a broker as it is by default"),
    ],
)
def test_nothing_is_lost_and_nothing_doubled(seed: int, broker: str, seconds: float, tmp_path: Path) -> None:
    result = torture(tmp_path, seconds, seed, broker)
    print(result.text())
    assert result.good
    assert result.faults["restore backup"] == 1
    assert result.gone, "all that the restore took came again"
    assert result.kills
    assert result.rows >= result.sent - result.excused - result.gone > 0


def test_two_hosts_of_a_cluster_lose_nothing_and_double_nothing(seconds: float, tmp_path: Path) -> None:
    lacking = galera.missing()
    if lacking is not None:
        pytest.skip(f"{lacking} is not installed, and ./run could not install it")
    result = torture(tmp_path, seconds, 13, HARD_BROKER, pair=True)
    print(result.text())
    assert result.good
    assert result.faults["kill database"]
    assert result.rows >= result.sent - result.excused > 0
