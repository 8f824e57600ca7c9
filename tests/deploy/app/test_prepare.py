import pytest

from deploy.app.options import Options
from deploy.app.prepare import without_bad_broker


@pytest.mark.parametrize("host", ["mqtt://nas", "nas:1883", "user@nas", "my nas"])
def test_a_broker_that_no_program_would_accept_counts_as_none(host: str) -> None:
    assert without_bad_broker(Options(mqtt={"host": host, "password": "p"})) == Options()


@pytest.mark.parametrize("mqtt", [{}, {"host": "nas"}, {"host": "192.168.1.20", "port": 1884}])
def test_any_other_broker_stays(mqtt: dict[str, object]) -> None:
    assert without_bad_broker(Options(mqtt=mqtt)) == Options(mqtt=mqtt)
