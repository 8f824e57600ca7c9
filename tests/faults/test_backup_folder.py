"""A folder for backups that is gone, full, or hangs: it is said, and frames are stored all the same."""

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.disk import fill, mounted
from tests.services.test_storer import StorerSetup, some
from tests.support.mqtt_client import listen
from tests.support.programs import Service
from tests.support.servers import UNSYNCED_DATABASE, Broker
from tests.support.servers import Database as Server

Trouble = Callable[[Path], contextlib.AbstractContextManager[None]]


@contextlib.contextmanager
def gone(folder: Path) -> Iterator[None]:
    yield
    folder.mkdir()


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    with mounted(folder, "size=64k"):
        fill(folder)
        yield
        (folder / "hog").unlink()


@contextlib.contextmanager
def hung(folder: Path) -> Iterator[None]:
    """As a network share that does not answer: to open a file takes for ever."""
    folder.mkdir()
    file = folder / "teleinfodb-2025-01.month.gz"
    os.mkfifo(file)
    yield
    file.unlink()


class NightlySetup(StorerSetup):
    """A storer that makes its backup at once."""

    def __init__(self, broker: Broker, server: Server, mqtt: Any, folder: Path) -> None:
        super().__init__(broker, server, mqtt, folder)
        self.folder_of_backups = folder / "backups"
        self.settings["backup"] = {"folder": str(self.folder_of_backups)}
        program = Service("tests.support.nightly_storer", folder, self.settings, name="storer")
        self._command = program._command

    def failed(self) -> Any:
        messages = self.mqtt.on(f"{self.base}/storer/{self.id}/health")
        return messages[-1]["backup"]["failed"] if messages else None


@pytest.mark.parametrize(
    ("trouble", "said"), [(gone, "cannot be read"), (full, "No space left"), (hung, "did not finish")]
)
def test_frames_are_stored_while_it_lasts_and_then_a_backup_is_made(
    trouble: Trouble, said: str, tmp_path: Path
) -> None:
    with (
        Broker(tmp_path / "broker") as broker,
        Server(tmp_path / "database", options=UNSYNCED_DATABASE) as server,
        listen(broker) as mqtt,
        NightlySetup(broker, server, mqtt, tmp_path) as setup,
    ):
        with trouble(setup.folder_of_backups):
            setup.start_online()
            setup.publish(some(3))
            setup.wait_until_confirmed(some(3))
            setup.wait_until(lambda: said in str(setup.failed()))
            later = some(3, after=timedelta(minutes=1))
            setup.publish(later)
            setup.wait_until_confirmed(later)
        setup.wait_until(lambda: setup.failed() is None)
        assert len(list(setup.folder_of_backups.glob("*.sql.gz"))) == 1
        setup.stop_offline()
