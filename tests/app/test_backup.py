"""A backup of the Supervisor, and what a new machine makes of it."""

from collections.abc import Iterator

import pytest

from tests.app.house import WITHIN, App, House, docker
from tests.app.metered import MeteredApp
from tests.support.programs import wait_until


@pytest.fixture
def old(house: House) -> Iterator[MeteredApp]:
    """An app with some frames, whose meter has fallen silent."""
    house.start_broker()
    app = MeteredApp(house, "old")
    try:
        app.start()
        app.counted.frames(100)
        app.meter.cut(600)
        app.counted.check_all_stored()
        yield app
    finally:
        app.remove()


@pytest.fixture
def new(house: House) -> Iterator[App]:
    """An app on a new machine: nothing is started yet."""
    app = App(house, "new")
    yield app
    app.remove()


def volumes(house: House) -> set[str]:
    """The volumes with data of an app."""
    return set(docker("volume", "ls", "--quiet", "--filter", f"name=^{house.prefix}.*-data$").stdout.decode().split())


def test_a_backup_brings_the_same_history_to_a_new_machine(house: House, old: MeteredApp, new: App) -> None:
    history, audit = old.inside("teleinfo-storer", "export"), old.inside("teleinfo-storer", "audit", check=False)
    assert len(history.splitlines()) > 90
    backup = old.backup()
    old.uninstall()
    assert old.data not in volumes(house)
    new.start(restore=backup)
    wait_until(lambda: new.inside("teleinfo-storer", "export", check=False) == history, WITHIN, "the same export")
    assert new.inside("teleinfo-storer", "audit", check=False) == audit
