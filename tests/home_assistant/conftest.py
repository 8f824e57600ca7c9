"""For how long recorder rows are counted, and each kind of simulated meter."""

import pytest

from reader.simulator.meter import KINDS
from tests.home_assistant.instance import HomeAssistantError, find_python, installed
from tests.support.servers import find_program


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("home assistant").addoption(
        "--recorder-minutes", type=float, default=2.0, help="for how long recorder rows are counted (default: 2)"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", KINDS)


@pytest.fixture(scope="session")
def programs() -> None:
    """Skip where Home Assistant or the broker cannot be had; install the former the first time."""
    if find_python() is None:
        pytest.skip("Home Assistant needs Python 3.13.2 or newer, and there is none here")
    find_program("mosquitto")
    try:
        installed()
    except HomeAssistantError as error:
        pytest.fail(str(error), pytrace=False)
