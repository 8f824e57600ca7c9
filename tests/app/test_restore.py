"""A backup of the Supervisor while the app runs, and what a new machine makes of it."""

import io
import re
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from common.contract.frame import Frame
from common.contract.labels import Mode
from common.contract.tally import Tally
from tests.app.house import BROKER, WITHIN, App, House, docker
from tests.app.metered import MeteredApp
from tests.support.mqtt_client import MqttClient
from tests.support.programs import wait_until

OTHER = "031961234567"
HOUR = timedelta(hours=1)


@pytest.fixture
def new(house: House) -> Iterator[App]:
    """The app on a new machine; not started."""
    app = App(house, "new")
    yield app
    app.remove()


def export(app: App) -> str:
    return app.inside("teleinfo-storer", "export")


def audited(app: App) -> str:
    """What `audit` prints of the past hours; it ends with an error when it finds something."""
    return app.inside("teleinfo-storer", "audit", "--meter", OTHER, check=False)


def publish_past_hours(app: MeteredApp) -> None:
    """Have a reader of another house publish two hours with three frames each, of a month that is over.

    Of one hour it counted four.
    """
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=40)
    with MqttClient(1883, "addons", app.house.passwords["mqtt"], host=BROKER) as client:
        for start, counted in ((hour, 3), (hour + HOUR, 4)):
            for number in range(3):
                at = start + number * timedelta(minutes=10)
                frame = Frame(meter=OTHER, timestamp=at, mode=Mode.STANDARD, values={"ADSC": OTHER, "EAST": number})
                client.publish(f"teleinfo/{OTHER}/frame", frame.to_json())
            client.publish(f"teleinfo/{OTHER}/tally", Tally(OTHER, start, "cellar", counted).to_json())
    both = f"SELECT frames FROM tallies JOIN meters ON meters.id = meter_id WHERE identifier = '{OTHER}' ORDER BY hour"
    wait_until(lambda: app.sql(both) == [["3"], ["4"]], WITHIN, "both hours")
    rolled_up = f"SELECT COUNT(*) FROM hours JOIN meters ON meters.id = meter_id WHERE identifier = '{OTHER}'"
    wait_until(lambda: app.sql(rolled_up) == [["2"]], WITHIN, "their rollups")


def backups_in(archive: bytes) -> list[str]:
    """Return which files of our backups are in one of the Supervisor."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        names = [entry.name for entry in tar if entry.isreg()]
    return sorted(name for name in names if re.search(r"backup|database", name))


def test_a_backup_brings_the_same_history_to_a_new_machine(metered: MeteredApp, new: App) -> None:
    publish_past_hours(metered)
    metered.backup()  # one while frames come; the next one replaces it
    metered.counted.frames(50)
    metered.meter.cut(WITHIN)
    metered.counted.check_all_stored()
    history, audit = export(metered), audited(metered)
    assert len(history.splitlines()) > 50
    assert re.search(rf"{OTHER} +incomplete: 4 .*3 .*1 missing\n1 hour complete, 1 incomplete", audit)
    metered.inside("touch", "/data/backup/teleinfodb-2020-01-01T021700Z.sql.gz", "/data/backup/x.jsonl.gz")
    backup = metered.backup()
    dump, month = backups_in(backup)
    assert re.fullmatch(r"data/backup/teleinfodb-[-0-9]{7}\.month\.gz", month)
    assert re.fullmatch(r"data/backup/newest/teleinfodb-[-0-9T]+Z\.sql\.gz", dump)
    metered.uninstall()
    assert metered.data not in docker("volume", "ls", "--quiet").stdout.decode().split()
    new.start(restore=backup)
    wait_until(lambda: bool(new.sql("SELECT 1 FROM frames LIMIT 1")), WITHIN, "the first row on the new machine")
    assert export(new) == history
    assert audited(new) == audit
