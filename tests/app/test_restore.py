"""A backup of the Supervisor while the app runs, and what a new machine makes of it."""

from collections.abc import Iterator

import pytest

from tests.app.house import WITHIN, App, House, docker
from tests.app.metered import MeteredApp
from tests.support.meters import METER
from tests.support.programs import wait_until


@pytest.fixture
def new(house: House) -> Iterator[App]:
    """The app on a new machine; not started."""
    app = App(house, "new")
    yield app
    app.remove()


def export(app: App) -> str:
    return app.inside("teleinfo-storer", "export")


def audited(app: App) -> str:
    """What `audit` prints; it ends with an error when it finds something."""
    return app.inside("teleinfo-storer", "audit", check=False)


def test_a_backup_brings_the_same_history_to_a_new_machine(metered: MeteredApp, new: App) -> None:
    metered.counted.frames(50)
    metered.meter.cut(WITHIN)
    metered.counted.check_all_stored()
    history, audit = export(metered), audited(metered)
    assert len(history.splitlines()) > 50
    assert METER in audit
    backup = metered.backup()
    metered.uninstall()
    assert metered.data not in docker("volume", "ls", "--quiet").stdout.decode().split()
    new.start(restore=backup)
    wait_until(lambda: bool(new.sql("SELECT 1 FROM frames LIMIT 1")), WITHIN, "the first row on the new machine")
    assert export(new) == history
    assert audited(new) == audit
