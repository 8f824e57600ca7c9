"""What a storer does when there is too much of something, or a row that nobody can store."""

import contextlib
import dataclasses
import json
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.block import write_block
from common.contract.frame import Frame, format_time
from common.machine.clock import KernelClock
from common.mqtt.events import Message
from common.runtime.shutdown import Shutdown
from common.settings import config
from storer.config.options import StorerConfig
from storer.service import Storer
from tests.services.test_storer import StorerSetup, some
from tests.support.frames import DAY, standard
from tests.support.mqtt_client import WITHIN, listen
from tests.support.programs import wait_until
from tests.support.proxy import Proxy
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.storing import client, query


@pytest.fixture
def setup(
    broker: Broker, fresh_database: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StorerSetup]:
    monkeypatch.setattr("storer.database.retry.MAX_BACKOFF", 0.1)
    with listen(broker) as mqtt:
        yield StorerSetup(broker, fresh_database, mqtt, tmp_path)


@contextlib.contextmanager
def running(setup: StorerSetup) -> Iterator[None]:
    """Run the storer in this process; leave when it has ended."""
    setup.write_config()
    life = Shutdown()
    storer = Storer(config.load(StorerConfig, setup.config), life)
    thread = threading.Thread(target=storer.run)
    thread.start()
    try:
        setup.log.touch()
        setup.wait_until(lambda: "online" in setup.statuses())
        yield
    finally:
        life.stop.set()
        storer.wake()
        thread.join(WITHIN)
        assert not thread.is_alive()


def health(setup: StorerSetup) -> dict[str, Any]:
    """Return what was told last; the storer tells it when it ends."""
    last: dict[str, Any] = setup.mqtt.on(f"{setup.base}/storer/{setup.id}/health")[-1]
    return last


def rejections(setup: StorerSetup) -> list[Any]:
    return setup.mqtt.on(f"{setup.base}/rejected")


def test_reconnections_while_the_database_is_away_do_not_pile_up_messages(setup: StorerSetup, broker: Broker) -> None:
    frames, times = some(30), 3
    with Proxy(broker.port) as proxy:
        setup.settings["mqtt"]["port"] = proxy.port
        with running(setup):
            setup.server.kill()
            try:
                setup.publish(frames)
                setup.wait_until(lambda: setup.statuses()[-1] == "stalled")
                for time in range(times):
                    proxy.drop()
                    setup.wait_until(lambda time=time: setup.statuses().count("stalled") == time + 2)  # type: ignore[misc]
            finally:
                setup.server.start()
            setup.wait_until_confirmed(frames)
            setup.wait_until(lambda: setup.statuses()[-1] == "online")
        setup.wait_until(lambda: setup.statuses()[-1] == "offline")
    # What was in hand, and what came over the last connection.
    assert health(setup)["received"] <= 2 * len(frames)
    assert health(setup)["stored"] == len(frames)


def test_its_status_is_published_again_for_each_base(setup: StorerSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a cluster of brokers, a node that has hung publishes the last will long after we are online at another one."""
    monkeypatch.setattr("storer.service.HEALTH_EVERY", 0.1)
    setup.settings["mqtt"]["topic"] = [setup.base, f"{setup.base}/more"]
    topics = [f"{base}/storer/{setup.id}/status" for base in setup.settings["mqtt"]["topic"]]
    with running(setup):
        for topic in topics:
            setup.mqtt.retain(topic, json.dumps({"status": "offline", "wait": 0}))
        setup.wait_until(lambda: all(setup.mqtt.on(topic)[-1]["status"] == "online" for topic in topics))


def test_confirmations_of_many_frames_are_gathered_and_none_is_missing(
    setup: StorerSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storer.service.CONFIRMATIONS_PER_SECOND", 0.01)
    monkeypatch.setattr("storer.service.LONGEST_CONFIRMATION_DELAY", 1000.0)
    frames = some(5)
    with running(setup):
        for count, frame in enumerate(frames, 1):
            setup.publish([frame])
            # Not with the client's wait, which looks when a message comes: of these frames none does.
            wait_until(lambda count=count: len(setup.rows()) == count, WITHIN, f"row {count}")  # type: ignore[misc]
            setup.wait_until_confirmed(frames[:1])
        assert setup.confirmed() == [(frame.meter, format_time(frame.timestamp)) for frame in frames[:1]]
    # The rest when it ends.
    setup.wait_until_confirmed(frames)
    assert len(setup.confirmed()) == len(frames)
    assert len(setup.mqtt.on(f"{setup.base}/{frames[0].meter}/stored")) == 2


def test_messages_are_gathered_while_batches_are_too_many(setup: StorerSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storer.service.BATCHES_PER_SECOND", 0.5)
    sizes: list[int] = []
    process = Storer._process

    def counted(storer: Storer, messages: Sequence[Message]) -> None:
        sizes.append(len(messages))
        process(storer, messages)

    monkeypatch.setattr(Storer, "_process", counted)
    frames = some(30)
    with running(setup):
        setup.publish(frames[:1])
        setup.wait_until_confirmed(frames[:1])
        for frame in frames[1:]:
            setup.mqtt.send(f"{setup.base}/{frame.meter}/frame", frame.to_json())  # at once, whatever the broker takes
        setup.wait_until_confirmed(frames)
    assert sizes[0] == 1  # the first does not wait
    assert len(sizes) <= 3


def test_a_batch_that_blocks_have_filled_is_no_reason_to_gather(
    setup: StorerSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storer.service.BATCHES_PER_SECOND", 0.01)
    setup.settings["batch"] = {"size": 5}
    frames = some(75)
    with running(setup):
        for begin in (0, 25, 50):
            block = frames[begin : begin + 25]
            setup.mqtt.publish(
                f"{setup.base}/{block[0].meter}/replay", write_block([frame.to_json() for frame in block])
            )
            setup.wait_until_confirmed(block)


def test_messages_are_gathered_no_longer_than_until_the_batch_is_full(
    setup: StorerSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storer.service.BATCHES_PER_SECOND", 0.001)
    setup.settings["batch"] = {"size": 5}
    frames = some(11)
    with running(setup):
        for batch in (frames[:1], frames[1:6], frames[6:]):
            setup.publish(batch)
            setup.wait_until_confirmed(batch)


def test_a_row_that_nobody_can_store_does_not_stop_the_others(
    setup: StorerSetup, caplog: pytest.LogCaptureFixture
) -> None:
    with running(setup):
        setup.server.sql(
            f"USE {setup.server.name};\nDELIMITER //\nCREATE TRIGGER haunted BEFORE INSERT ON frames FOR EACH ROW"
            " IF NEW.power = 666 THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1999, MESSAGE_TEXT = 'haunted';"
            " END IF //\n"
        )
        frames = [
            dataclasses.replace(standard(SINSTS=power), timestamp=DAY + timedelta(seconds=power))
            for power in (1, 2, 666, 3, 4)
        ]
        good = [frame for frame in frames if frame.values["SINSTS"] != 666]
        setup.publish(frames)
        setup.wait_until_confirmed(good)
        setup.wait_until(lambda: setup.confirmed("rejected") == [(frames[2].meter, format_time(frames[2].timestamp))])
    setup.wait_until(lambda: setup.statuses()[-1] == "offline")
    ((reason, payload),) = query(client(setup.server), "SELECT reason, payload FROM rejected_messages")
    assert "haunted (1999)" in reason
    assert payload == frames[2].to_json()
    counts = health(setup)
    assert (counts["received"], counts["stored"], counts["rejected"], counts["pending"]) == (5, 4, 1, 0)


def test_a_full_table_of_rejections_is_said_once_and_counted(
    setup: StorerSetup, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("storer.frames.rejected.MOST_MESSAGES", 2)
    with running(setup):
        for number in range(5):
            setup.mqtt.publish(f"{setup.base}/1/frame", b"no frame %d" % number)
        setup.wait_until(lambda: len(rejections(setup)) == 5)
        setup.publish(some(1))
        setup.wait_until_confirmed(some(1))
    setup.wait_until(lambda: setup.statuses()[-1] == "offline")
    assert query(client(setup.server), "SELECT COUNT(*) FROM rejected_messages") == [(2,)]
    assert (health(setup)["rejected"], health(setup)["rejected_not_kept"]) == (5, 3)
    assert caplog.text.count("rejected_messages is full") == 1


def test_an_idle_storer_notices_that_its_database_went_away(
    setup: StorerSetup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storer.service.PING_AFTER", 0.3)
    setup.settings["heartbeat"] = str(tmp_path / "heartbeat")
    with running(setup):
        wait_until((tmp_path / "heartbeat").exists, WITHIN, "the heartbeat file")
        setup.server.stop()
        try:
            setup.wait_until(lambda: setup.statuses()[-1] == "stalled")
        finally:
            setup.server.start()
        setup.wait_until(lambda: setup.statuses()[-1] == "online")


def of_now(ahead: timedelta) -> Frame:
    return dataclasses.replace(standard(EAST=1), timestamp=datetime.now(UTC) + ahead)


def test_a_frame_of_the_future_is_rejected_and_its_neighbours_are_stored(
    setup: StorerSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.machine.clock.KernelClock.trusted_now", KernelClock.now)
    good = [of_now(timedelta(0)), of_now(timedelta(hours=23))]
    bad = [of_now(timedelta(hours=25)), of_now(timedelta(days=29_000))]
    with running(setup):
        setup.publish([good[0], *bad, good[1]])
        setup.wait_until_confirmed(good)
        setup.wait_until(lambda: len(setup.confirmed("rejected")) == len(bad))
    assert setup.rows() == [frame.to_json() for frame in good]
    assert all("ahead of the storer's clock" in report["reason"] for report in rejections(setup))


def test_a_storer_whose_clock_is_not_set_yet_rejects_nothing_for_its_time(
    setup: StorerSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.machine.clock.KernelClock.synchronised", lambda _: False)
    monkeypatch.setattr("common.machine.clock.KernelClock.uptime", lambda _: 60.0)
    frame = of_now(timedelta(days=40))
    with running(setup):
        setup.publish([frame])
        setup.wait_until_confirmed([frame])
    assert setup.rows() == [frame.to_json()]
