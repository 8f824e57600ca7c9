"""What a storer does when there is too much of something, or a row that nobody can store."""

import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common import config
from common.frame import Frame, format_time
from common.runtime.shutdown import Shutdown
from demo.servers import Broker
from demo.servers import Database as Server
from storer.config import StorerConfig
from storer.service import Storer
from tests.services.test_storer import House, some
from tests.support.frames import DAY, standard
from tests.support.mqtt_client import WITHIN, Ear
from tests.support.proxy import Proxy
from tests.support.storing import client, query


@pytest.fixture
def house(broker: Broker, fresh_database: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr("storer.service.SLOWEST_RETRY", 0.1)
    with Ear(broker) as ear:
        yield House(broker, fresh_database, ear, tmp_path)


@contextlib.contextmanager
def running(house: House) -> Iterator[None]:
    """Run the storer in this process; leave when it has ended."""
    house.command()  # writes the configuration
    life = Shutdown()
    storer = Storer(config.load(StorerConfig, house.folder / "storer.yaml"), life)
    thread = threading.Thread(target=storer.run)
    thread.start()
    try:
        house.log.touch()
        house.wait(lambda: "online" in house.statuses())
        yield
    finally:
        life.stop.set()
        storer.wake()
        thread.join(WITHIN)
        assert not thread.is_alive()


def health(house: House) -> dict[str, Any]:
    """Return what was told last; the storer tells it when it ends."""
    last: dict[str, Any] = house.ear.on(f"{house.base}/storer/{house.name}/health")[-1]
    return last


def rejections(house: House) -> list[Any]:
    return house.ear.on(f"{house.base}/rejected")


def test_reconnections_while_the_database_is_away_do_not_pile_up_messages(house: House, broker: Broker) -> None:
    frames, times = some(30), 6
    with Proxy(broker.port) as proxy:
        house.settings["mqtt"]["port"] = proxy.port
        with running(house):
            house.server.kill()
            try:
                house.say(frames)
                house.wait(lambda: house.statuses()[-1] == "stalled")
                for time in range(times):
                    proxy.drop()
                    house.wait(lambda time=time: house.statuses().count("stalled") == time + 2)  # type: ignore[misc]
            finally:
                house.server.start()
            house.wait_until_confirmed(frames)
            house.wait(lambda: house.statuses()[-1] == "online")
        house.wait(lambda: house.statuses()[-1] == "offline")
    # What was in hand, and what came over the last connection.
    assert health(house)["received"] <= 2 * len(frames)
    assert health(house)["stored"] == len(frames)


def test_a_row_that_nobody_can_store_does_not_stop_the_others(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with running(house):
        house.server.sql(
            f"USE {house.server.name};\nDELIMITER //\nCREATE TRIGGER haunted BEFORE INSERT ON frames FOR EACH ROW"
            " IF NEW.power = 666 THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1999, MESSAGE_TEXT = 'haunted';"
            " END IF //\n"
        )
        frames = [
            dataclasses.replace(standard(SINSTS=power), timestamp=DAY + timedelta(seconds=power))
            for power in (1, 2, 666, 3, 4)
        ]
        good = [frame for frame in frames if frame.values["SINSTS"] != 666]
        house.say(frames)
        house.wait_until_confirmed(good)
        house.wait(lambda: house.confirmed("rejected") == [(frames[2].meter, format_time(frames[2].timestamp))])
    house.wait(lambda: house.statuses()[-1] == "offline")
    ((reason, payload),) = query(client(house.server), "SELECT reason, payload FROM rejected_messages")
    assert "haunted (1999)" in reason
    assert payload == frames[2].to_json()
    counts = health(house)
    assert (counts["received"], counts["stored"], counts["rejected"], counts["waiting"]) == (5, 4, 1, 0)


def test_a_full_table_of_rejections_is_said_once_and_counted(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("storer.database.rejected.MOST_MESSAGES", 2)
    with running(house):
        for number in range(5):
            house.ear.say(f"{house.base}/1/frame", b"no frame %d" % number)
        house.wait(lambda: len(rejections(house)) == 5)
        house.say(some(1))
        house.wait_until_confirmed(some(1))
    house.wait(lambda: house.statuses()[-1] == "offline")
    assert query(client(house.server), "SELECT COUNT(*) FROM rejected_messages") == [(2,)]
    assert (health(house)["rejected"], health(house)["rejected_not_kept"]) == (5, 3)
    assert caplog.text.count("rejected_messages is full") == 1


def of_now(ahead: timedelta) -> Frame:
    return dataclasses.replace(standard(EAST=1), timestamp=datetime.now(UTC) + ahead)


def test_a_frame_of_the_future_is_rejected_and_its_neighbours_are_stored(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storer.clock.is_trusted", lambda: True)
    good = [of_now(timedelta(0)), of_now(timedelta(hours=23))]
    bad = [of_now(timedelta(hours=25)), of_now(timedelta(days=29_000))]
    with running(house):
        house.say([good[0], *bad, good[1]])
        house.wait_until_confirmed(good)
        house.wait(lambda: len(house.confirmed("rejected")) == len(bad))
    assert house.rows() == [frame.to_json() for frame in good]
    assert all("ahead of the storer's clock" in report["reason"] for report in rejections(house))


def test_a_storer_whose_clock_is_not_set_yet_rejects_nothing_for_its_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storer.clock.is_trusted", lambda: False)
    frame = of_now(timedelta(days=40))
    with running(house):
        house.say([frame])
        house.wait_until_confirmed([frame])
    assert house.rows() == [frame.to_json()]


def test_many_new_meters_are_warned_of_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    crowd = [dataclasses.replace(standard(EAST=1), meter=f"m{number}") for number in range(101)]
    with running(house):
        house.say(crowd)
        house.wait_until_confirmed(crowd)
        house.say([dataclasses.replace(frame, meter=f"{frame.meter}-more") for frame in crowd])
        house.wait(lambda: len(house.confirmed()) == 2 * len(crowd))
    assert caplog.text.count("More than 100 new meters within an hour") == 1
