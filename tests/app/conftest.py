"""Gives the tests of this folder the app's image, built once, and a house in which it runs."""

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.app.house import CORE, House, SubnetTakenError
from tests.app.metered import MeteredApp


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """A house with nothing but the Supervisor: no other app, and Core is down."""
    if shutil.which("docker") is None or subprocess.run(["docker", "info"], capture_output=True).returncode != 0:
        pytest.skip("no Docker engine here")
    house = House(f"teleinfo-app-{os.getpid()}")
    try:
        house.create()
        house.build()
        yield house
    except SubnetTakenError as error:
        pytest.skip(f"the network of a Home Assistant OS cannot be made here: {error}")
    finally:
        house.remove()


@pytest.fixture(scope="session")
def metered_app(house: House) -> Iterator[MeteredApp]:
    """The app and its meter; `metered` starts it."""
    app = MeteredApp(house, "metered")
    yield app
    app.remove()


@pytest.fixture
def metered(metered_app: MeteredApp) -> MeteredApp:
    """The app as it runs in most houses: with broker and Core, and with frames that are counted."""
    metered_app.house.start_broker()
    metered_app.house.set(core=CORE)
    metered_app.ensure_running()
    return metered_app
