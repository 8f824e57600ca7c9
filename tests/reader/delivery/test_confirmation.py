"""Who confirms: any storer or the broker; what is subscribed for it, and what a confirmation says."""

import errno
import json
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.errors import MessageError
from common.mqtt.events import PublishToken
from reader.buffer.item import HOUR, Item, ItemKind, to_micros
from reader.delivery.confirmation import Confirmation, Storers
from tests.reader.delivery.deliveries import METER, NOON, SECOND, Reader, logged

START = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "2026-11-24T12:00:00Z"),
        (0, "2026-11-24T12:00:00.0Z"),
        (0, "2026-11-24T12:00:00.000000+00:00"),
        (0, "2026-11-24T13:00:00+01:00"),
        (0, "2026-11-24T07:30:00-04:30"),
        (0, "2026-11-25T00:00:00+12:00"),
        (120_000, "2026-11-24T12:00:00.12Z"),
        (123_456, "2026-11-24T13:00:00.123456+01:00"),
        (1, "2026-11-24T12:00:00.000001-00:00"),
    ],
)
@pytest.mark.parametrize("name", ["timestamps", "rejected", "tallies"])
def test_a_time_is_understood_in_any_legal_form(microseconds: int, text: str, name: str) -> None:
    confirmation = Confirmation.from_json(json.dumps({"storer": "main", name: [text]}).encode())
    assert getattr(confirmation, name) == [to_micros(START + timedelta(microseconds=microseconds))]


def test_missing_lists_are_empty_and_unknown_keys_are_ignored() -> None:
    assert Confirmation.from_json(b'{"storer": "main", "new": 5}') == Confirmation("main", [], [], [])


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff",
        b"stored",
        b"[]",
        b"5",
        b"null",
        b"[" * 100_000,
        b"{}",
        {"timestamps": ["2026-11-24T12:00:00Z"]},
        {"storer": None, "timestamps": ["2026-11-24T12:00:00Z"]},
        {"storer": 5, "timestamps": ["2026-11-24T12:00:00Z"]},
        {"storer": ["main"], "timestamps": ["2026-11-24T12:00:00Z"]},
        {"storer": "main", "timestamps": None},
        {"storer": "main", "timestamps": 5},
        {"storer": "main", "timestamps": "2026-11-24T12:00:00Z"},
        {"storer": "main", "timestamps": [5]},
        {"storer": "main", "timestamps": ["2026-11-24T12:00:00"]},
        {"storer": "main", "timestamps": ["2026-11-24T12:00:00Z", "2026-13-24T12:00:00Z"]},
        {"storer": "main", "timestamps": ["0001-01-01T00:00:00+14:00"]},
    ],
)
def test_anything_else_is_a_message_error(message: object) -> None:
    with pytest.raises(MessageError):
        Confirmation.from_json(message if isinstance(message, bytes) else json.dumps(message).encode())


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
    monkeypatch.setattr(
        reader.broker, "subscribe", lambda filters: order.extend(one for one in filters if one not in order)
    )
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


def status(status: object = "online", **others: object) -> bytes:
    return json.dumps({"status": status, **others}).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "storers"


@pytest.fixture
def auto(folder: Path) -> Storers:
    return Storers("auto", folder)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- who is known ----------------------------------------------------------------------------------------------------


def test_at_first_no_storer_is_known_and_nothing_is_written(auto: Storers, folder: Path) -> None:
    assert auto.puback_suffices
    assert auto.accepts_new
    assert auto.names == auto.online == []
    auto.remember()
    auto.disconnected()
    assert not folder.exists()


@pytest.mark.parametrize("value", ["online", "stalled", "offline"])
def test_a_storer_counts_from_its_first_status_whatever_it_is(auto: Storers, folder: Path, value: str) -> None:
    assert auto.on_status("main", status(value)) == (value == "online")
    assert auto.names == ["main"]
    assert not auto.puback_suffices
    assert names_in(folder) == ["main"]


def test_a_storer_that_publishes_its_status_again_is_not_online_anew(auto: Storers) -> None:
    assert auto.on_status("main", status("online"))
    assert not auto.on_status("main", status("online"))
    auto.on_status("main", status("offline"))
    assert auto.on_status("main", status("online"))


@pytest.mark.parametrize("value", ["stalled", "offline"])
def test_a_storer_that_confirms_is_online_whatever_its_last_status_was(auto: Storers, value: str) -> None:
    """In a cluster, the node of the reader may have retained the status that another node has replaced."""
    auto.on_confirmation("main")
    assert auto.online == ["main"]
    auto.on_status("main", status(value))
    assert auto.online == []
    auto.on_confirmation("main")
    assert auto.online == ["main"]
    auto.disconnected()
    auto.on_confirmation("main")
    assert auto.online == ["main"]


def test_each_name_is_written_once(auto: Storers, folder: Path) -> None:
    auto.on_status("main", status("offline"))
    os.utime(folder / "main", (1, 1))
    os.utime(folder, (1, 1))
    before = (folder / "main").stat(), folder.stat()
    again = Storers("auto", folder)
    for storers in (auto, again):
        for value in ("online", "stalled", "offline", "online"):
            storers.on_status("main", status(value))
            storers.remember()
            storers.disconnected()
    after = (folder / "main").stat(), folder.stat()
    assert [(stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns) for stat in after] == [
        (stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns) for stat in before
    ]


def test_storers_of_the_previous_run_are_remembered_with_an_unknown_status(
    auto: Storers, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    auto.on_status("b", status("offline"))
    auto.on_status("a", status("offline"))
    auto.on_status("a", status())
    again = Storers("auto", folder)
    assert again.names == ["a", "b"]
    assert not again.puback_suffices
    assert again.online == []
    assert caplog.messages == []


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../../etc/x", "a\0b", "a b", "é", "x" * 65])
def test_an_invalid_name_is_no_storer(auto: Storers, tmp_path: Path, name: str) -> None:
    assert not auto.on_status(name, status())
    auto.on_confirmation(name)
    assert not auto.is_trusted(name)
    auto.on_status(name, b"")
    assert auto.puback_suffices
    assert list(tmp_path.iterdir()) == []


def test_other_files_in_the_folder_are_ignored(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "main").touch()
    (folder / "what is this").touch()
    assert Storers("auto", folder).names == ["main"]


def test_a_file_in_place_of_the_folder_is_logged_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder.parent.mkdir()
    folder.touch()
    auto = Storers("auto", folder)
    auto.on_status("main", status("offline"))
    for _ in range(3):
        auto.remember()
    assert auto.names == ["main"]
    assert logged(caplog, "Cannot remember storer") == 1


def test_a_name_that_could_not_be_written_is_kept_and_written_later(
    auto: Storers, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    auto.on_status("other", status("offline"))

    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "touch", full)
        auto.on_status("main", status("offline"))
        auto.remember()
        auto.remember()
    assert auto.names == ["other", "main"]
    assert logged(caplog, "Cannot remember storer main") == 1
    auto.remember()
    assert names_in(folder) == ["main", "other"]


def test_with_an_unreadable_folder_no_storer_is_known(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "iterdir", broken)
    assert Storers("auto", folder).names == []


# --- forgetting ------------------------------------------------------------------------------------------------------


def test_a_cleared_status_forgets_the_storer(auto: Storers, folder: Path) -> None:
    auto.on_status("main", status("offline"))
    auto.on_status("old", status("offline"))
    assert not auto.on_status("old", b"")
    assert auto.names == names_in(folder) == ["main"]
    auto.on_status("never", b"")
    auto.on_status("main", b"")
    assert auto.puback_suffices
    assert Storers("auto", folder).puback_suffices


def test_a_name_that_cannot_be_deleted_is_logged(
    auto: Storers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    auto.on_status("main", status("offline"))

    def read_only(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "unlink", read_only)
    auto.on_status("main", b"")
    assert auto.puback_suffices
    assert logged(caplog, "Cannot delete storer main") == 1


# --- what they tell --------------------------------------------------------------------------------------------------


def test_the_longest_wait_of_online_storers_counts(auto: Storers) -> None:
    for name in ("a", "b", "c"):
        auto.on_confirmation(name)
    auto.on_status("a", status(wait=10))
    auto.on_status("b", status(wait=60.5))
    auto.on_status("c", status("stalled", wait=600))
    assert auto.wait == 60.5
    assert auto.online == ["a", "b"]
    auto.on_status("b", status("offline", wait=60.5))
    assert auto.wait == 10
    auto.disconnected()
    assert auto.wait == 0
    assert auto.online == []


@pytest.mark.parametrize(
    ("wait", "believed"),
    [("-5", 0), ("1e999", 120), ("1e9", 120), ("121", 120), ("119.5", 119.5), ("NaN", 0), ("-1e999", 0), ('"12"', 12)],
)
def test_an_announced_wait_is_limited_to_two_minutes(auto: Storers, wait: str, believed: float) -> None:
    auto.on_confirmation("main")
    auto.on_status("main", b'{"status": "online", "wait": %b}' % wait.encode())
    assert auto.wait == believed


@pytest.mark.parametrize(
    "payload",
    [
        b"online",
        b"\xff",
        b"[]",
        b"5",
        b"null",
        b'"status"',
        b"{}",
        b'{"status": null}',
        b'{"status": ["online"]}',
        b'{"status": {}}',
        b'{"status": "asleep"}',
        b'{"status": "online", "wait": null}',
        b'{"status": "online", "wait": []}',
        b'{"status": "online", "wait": "a minute"}',
        b'{"status": "online", "wait": 1%b}' % (b"0" * 400),
        b"[" * 100_000,
    ],
)
def test_an_invalid_status_is_logged_in_one_line_and_changes_nothing(
    auto: Storers, payload: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    auto.on_confirmation("main")
    auto.on_status("main", status(wait=5))
    assert not auto.on_status("main", payload)
    assert auto.online == ["main"]
    assert auto.wait == 5
    assert len(caplog.records) == 1
    assert len(caplog.messages[0]) < 500


def test_the_wait_of_a_storer_that_has_confirmed_nothing_is_ignored(auto: Storers, folder: Path) -> None:
    auto.on_status("forged", status(wait=100))
    assert auto.online == ["forged"]
    assert auto.wait == 0
    auto.on_confirmation("forged")
    assert auto.wait == 100
    auto.on_status("forged", status())
    assert auto.wait == 0
    again = Storers("auto", folder)  # its status is retained for ever, perhaps it is no more
    again.on_status("forged", status(wait=100))
    assert again.wait == 0


@pytest.mark.parametrize("payload", [b"online", b"\xff", b"5", b"{}", b'{"status": "asleep"}'])
def test_an_invalid_status_makes_no_storer(auto: Storers, folder: Path, payload: bytes) -> None:
    assert not auto.on_status("main", payload)
    assert auto.puback_suffices
    assert not folder.exists()


def test_at_most_32_storers_are_remembered(auto: Storers, folder: Path) -> None:
    auto.on_status("main", status())
    auto.on_confirmation("main")
    for number in range(20_000):
        auto.on_status(f"forged{number}", status("offline"))
    assert auto.names == ["main", *(f"forged{number}" for number in range(31))]
    assert not auto.on_status("late", status())  # one that does not count has not come online
    assert len(names_in(folder)) == 32
    auto.on_status("forged5", b"")
    auto.on_status("attic", status())
    assert auto.online == ["main", "attic"]


def test_a_storer_that_confirms_replaces_one_that_never_did(auto: Storers, folder: Path) -> None:
    for number in range(40):
        auto.on_status(f"forged{number}", status("offline"))
    auto.on_status("main", status())
    assert auto.online == []
    auto.on_confirmation("main")
    assert auto.online == ["main"]
    assert len(auto.names) == len(names_in(folder)) == 32
    assert "main" in names_in(folder)
    for number in range(100):
        auto.on_confirmation(f"forged{number}")
    assert "main" in auto.names
    assert len(auto.names) == len(names_in(folder)) == 32


def test_changes_are_logged_and_repetitions_are_not(auto: Storers, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            auto.on_status("main", status())
        auto.on_status("main", status("stalled"))
    discovered, online, stalled = caplog.messages
    assert "main" in discovered
    assert "online" in online
    assert "stalled" in stalled


# --- broker, or names ------------------------------------------------------------------------------------------------


def test_with_broker_a_puback_suffices_whatever_storers_publish(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "main").touch()
    broker = Storers("broker", folder)
    broker.on_confirmation("main")
    assert not broker.on_status("main", status())
    broker.on_status("main", b"")
    broker.remember()
    assert broker.puback_suffices
    assert not broker.accepts_new
    assert broker.names == broker.online == []
    assert names_in(folder) == ["main"]
