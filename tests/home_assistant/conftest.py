"""Options: which kinds of meters there are, and for how long recorder rows are counted."""

import pytest

from reader.simulator.meter import KINDS
from tests.home_assistant.instance import HomeAssistantError, find_python, installed
from tests.support.servers import find_program

#: A quick selection: both modes, one and three phases, each contract once.
FEW = (
    "historic-single-phase-hchp",
    "historic-three-phase-tempo",
    "standard-single-phase-tempo",
    "standard-single-phase-base",
    "standard-three-phase-producer",
    "standard-three-phase-ejp",
    "standard-single-phase-weekend",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("home assistant")
    group.addoption("--kinds", choices=("all", "few"), default="all", help="kinds of simulated meters (default: all)")
    group.addoption(
        "--recorder-minutes", type=float, default=2.0, help="for how long recorder rows are counted (default: 2)"
    )


def kinds_of(config: pytest.Config) -> tuple[str, ...]:
    return FEW if config.getoption("--kinds") == "few" else KINDS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", kinds_of(metafunc.config))


@pytest.fixture(scope="module")
def kinds(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return kinds_of(request.config)


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
