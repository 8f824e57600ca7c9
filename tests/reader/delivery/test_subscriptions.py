"""What the delivery subscribes to: exact topics of its own meters and of the storers that it knows."""

from pathlib import Path

import pytest

from common.mqtt.events import PublishToken
from reader.buffer.item import HOUR, Item, ItemKind
from tests.reader.delivery.deliveries import METER, NOON, SECOND, Reader

OTHER, THIRD = "031961000001", "031961000002"


def stored(meter: str) -> str:
    return f"teleinfo/{meter}/stored"


def item(meter: str, kind: ItemKind = ItemKind.FRAME, number: int = 0) -> Item:
    return Item(kind, meter, NOON + number * SECOND, b"{}")


def test_the_confirmations_of_a_meter_are_subscribed_once_and_before_its_first_item_is_published(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    publish = reader.broker.publish

    def note(topic: str, payload: bytes | str) -> PublishToken | None:
        order.append(topic)
        return publish(topic, payload)

    monkeypatch.setattr(reader.broker, "publish", note)
    monkeypatch.setattr(reader.broker, "subscribe", order.extend)
    for number in range(2):
        reader.accept(item(METER, number=number))
    reader.accept(item(OTHER, ItemKind.TALLY))
    assert order == [stored(METER), *[f"teleinfo/{METER}/frame"] * 2, stored(OTHER), f"teleinfo/{OTHER}/tally"]


def test_after_a_kill_the_meters_in_the_journal_and_in_the_spool_are_subscribed(served: Reader) -> None:
    served.accept(item(METER))
    assert served.delivery.flush(served.now)
    served.accept(item(OTHER))
    served.accept(item(THIRD, ItemKind.TALLY))
    served.kill()
    served.broker.subscribed.clear()
    served.start()
    assert {stored(METER), stored(OTHER), stored(THIRD)} <= set(served.broker.subscribed)


def test_the_meters_of_a_spool_that_becomes_usable_later_are_subscribed(tmp_path: Path) -> None:
    reader = Reader(tmp_path, disk=False)
    reader.disk.append([item(OTHER), item(THIRD, ItemKind.TALLY, HOUR)])
    assert reader.broker.subscribed == []
    reader.delivery.attach_spool(reader.disk)
    assert sorted(reader.broker.subscribed) == sorted([stored(OTHER), stored(THIRD)])


def test_the_status_of_a_remembered_storer_is_subscribed_by_its_exact_topic(served: Reader) -> None:
    """Some brokers send what they retain only to exact filters."""
    assert "teleinfo/storer/main/status" not in served.broker.subscribed  # its status came by a wildcard
    served.kill()
    served.broker.subscribed.clear()
    served.start()
    assert served.broker.subscribed == ["teleinfo/storer/main/status"]


def test_the_status_of_a_storer_that_is_known_from_a_confirmation_is_subscribed_once(reader: Reader) -> None:
    reader.confirm(reader.frames(2), "second")
    reader.confirm(reader.frames(2), "second")
    assert reader.broker.subscribed.count("teleinfo/storer/second/status") == 1
