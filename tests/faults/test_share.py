"""Storers of one group of which some have no database: none of them keeps what others could store."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.services.test_share import Group, sharing
from tests.services.test_storer import some
from tests.support.programs import WITHIN, Service, wait_until
from tests.support.servers import UNSYNCED_DATABASE, Broker, Database

MINUTE = timedelta(minutes=1)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as broker:
        yield broker


@pytest.fixture
def group(broker: Broker, tmp_path: Path) -> Iterator[Group]:
    with (
        Database(tmp_path / "database", options=UNSYNCED_DATABASE) as database,
        sharing(broker, database, tmp_path) as group,
    ):
        yield group


def wait_until_left(broker: Broker, storer: Service) -> None:
    """Wait until a storer is connected again, after it has left the group."""
    connected = f" as teleinfo-storer-{storer.name} "
    wait_until(
        lambda: storer.count("Leaving the group house") == 1 and broker.log.read_text().count(connected) == 2,
        WITHIN,
        f"{storer.name} has left",
        [storer],
    )


def test_nothing_goes_to_a_member_whose_database_is_away(broker: Broker, group: Group) -> None:
    first, second = group.storers
    both = [first, second]
    lost, frames, later = some(20), some(40, after=MINUTE), some(40, after=2 * MINUTE)
    group.ways[0].refuse()
    group.publish(lost)
    wait_until_left(broker, first)
    group.publish(frames)
    wait_until(lambda: group.stored(frames), WITHIN, "all frames since it left", both)
    group.publish(lost, "replay")  # as a reader does, half a minute later
    wait_until(lambda: group.stored(lost), WITHIN, "all frames", both)
    assert group.status(first) == "stalled"
    group.ways[0].admit()
    wait_until(lambda: group.online(first), WITHIN, "the first storer is back", both)
    group.publish(later)
    wait_until(lambda: group.stored(later), WITHIN, "the later frames", both)
    wait_until(lambda: len(group.confirmed_by(later)) == 2, WITHIN, "the word of both", both)
    assert group.rows() == len(lost) + len(frames) + len(later)


def test_members_that_all_have_no_database_come_back_one_by_one(broker: Broker, group: Group) -> None:
    first, second = group.storers
    frames = some(20)
    for way in group.ways:
        way.refuse()
    group.publish(frames)
    for storer in group.storers:
        wait_until_left(broker, storer)
    group.ways[1].admit()
    wait_until(lambda: group.online(second), WITHIN, "the second storer is back", group.storers)
    group.publish(frames, "replay")  # news for a reader, which sends again what nobody had: all at the second
    wait_until(lambda: group.stored(frames), WITHIN, "all frames", group.storers)
    assert group.status(first) == "stalled"
    assert group.rows() == len(frames)
