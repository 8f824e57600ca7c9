"""The queue with processes that are not started: when which message goes to which address."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.alerts.child import is_known
from monitor.alerts.send_queue import Delivery, Job, Message, SendQueue, destinations
from tests.support.wording import warnings_of

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
MESSAGE = Message("overload/031961123456/1/5", "Surcharge", "9,3 kVA", NOW, NOW + timedelta(hours=12))
NTFY, MAIL = "ntfy://house:secret@ntfy.example.org/house", "mailtos://me:secret@example.org"


class Post:
    """Starts what no process does: a test says what becomes of it."""

    def __init__(self) -> None:
        self.started: list[Job] = []
        self._running: dict[str, int] = {}
        self._codes: dict[str, int] = {}

    def start(self, job: Job, lock: int) -> "Running":
        self.started.append(job)
        self._running[job.receipt] = os.dup(lock)
        return Running(self, job)

    def end(self, job: Job, *, receipt: str | None = '{"why": null}', code: int = 0) -> None:
        """End a process, which leaves a receipt."""
        if receipt is not None:
            Path(job.receipt).write_text(receipt)
        os.close(self._running.pop(job.receipt))
        self._codes[job.receipt] = code

    def code(self, job: Job) -> int | None:
        return self._codes.get(job.receipt)

    def close(self) -> None:
        for lock in self._running.values():
            os.close(lock)


class Running:
    def __init__(self, post: Post, job: Job) -> None:
        self._post, self._job = post, job

    def poll(self) -> int | None:
        return self._post.code(self._job)


@pytest.fixture
def post() -> Iterator[Post]:
    post = Post()
    yield post
    post.close()


def queue_of(post: Post, folder: Path, *addresses: str, state: object = None) -> SendQueue:
    queue = SendQueue(addresses or (NTFY,), folder / "letters", post.start)
    if state is not None:
        queue.from_json(json.loads(json.dumps(state)))
    return queue


def turn(queue: SendQueue, now: datetime = NOW) -> None:
    """Do what the monitor does each second."""
    queue.tick(now)
    if queue.changed:
        queue.to_json()
        queue.saved()
        queue.tick(now)


def begun(post: Post, folder: Path, *addresses: str, failed: str | None = None) -> SendQueue:
    """Return a queue whose message is on its way to each address, or came back from the first for a reason."""
    queue = queue_of(post, folder, *addresses)
    queue.put(MESSAGE)
    turn(queue)
    if failed is not None:
        post.end(post.started[0], receipt=json.dumps({"why": failed}))
        turn(queue)
    return queue


def sent(post: Post) -> list[tuple[str, str]]:
    return [(job.url, job.title) for job in post.started]


def test_a_message_goes_to_each_address_once(post: Post, tmp_path: Path) -> None:
    queue = queue_of(post, tmp_path, NTFY, MAIL)
    queue.put(MESSAGE)
    queue.put(MESSAGE)
    turn(queue)
    turn(queue)
    assert sent(post) == [(NTFY, "Surcharge"), (MAIL, "Surcharge")]
    for job in post.started:
        post.end(job)
    turn(queue, NOW + timedelta(seconds=2))
    queue.put(MESSAGE)
    turn(queue, NOW + timedelta(days=2))
    assert len(post.started) == 2
    at = NOW + timedelta(seconds=2)
    assert set(queue.deliveries()) == {
        Delivery(MESSAGE.id, "ntfy 1", sent_at=at),
        Delivery(MESSAGE.id, "mailtos 1", sent_at=at),
    }
    assert list((tmp_path / "letters").iterdir()) == []


def test_nothing_is_kept_where_there_is_no_address(post: Post, tmp_path: Path) -> None:
    queue = SendQueue((), tmp_path, post.start)
    queue.put(MESSAGE)
    assert not queue.changed
    assert queue.deliveries() == ()


def test_what_failed_is_tried_again_after_longer_and_longer(post: Post, tmp_path: Path) -> None:
    queue = queue_of(post, tmp_path)
    queue.put(MESSAGE)
    minutes: list[int] = []
    for minute in range(13 * 60):
        turn(queue, NOW + timedelta(minutes=minute))
        if len(post.started) > len(minutes):
            minutes.append(minute)
            post.end(post.started[-1], receipt='{"why": "http 503"}')
            turn(queue, NOW + timedelta(minutes=minute))
    # After 1, 5, 30, 120 and 360 minutes; once more would be after it has expired.
    assert minutes == [0, 1, 6, 36, 156, 516]
    at = NOW + timedelta(minutes=516)
    assert queue.deliveries() == (Delivery(MESSAGE.id, "ntfy 1", tries=6, failed_at=at, why="http 503", given_up=True),)


def test_a_message_that_expired_is_not_sent(post: Post, tmp_path: Path) -> None:
    queue = queue_of(post, tmp_path)
    queue.put(MESSAGE)
    late = NOW + timedelta(hours=12, seconds=1)
    turn(queue, late)
    assert post.started == []
    assert queue.deliveries() == (Delivery(MESSAGE.id, "ntfy 1", failed_at=late, why="expired", given_up=True),)


def test_a_clock_that_is_set_back_puts_nothing_off(post: Post, tmp_path: Path) -> None:
    queue = begun(post, tmp_path, failed="refused")
    turn(queue, NOW - timedelta(hours=6))
    assert len(post.started) == 2


@pytest.mark.parametrize(
    ("receipt", "code", "why"),
    [
        ('{"why": "smtp 535"}', 0, "smtp 535"),
        (None, -signal.SIGALRM, "timeout"),
        (None, -signal.SIGKILL, "crashed"),
        ("", 1, "crashed"),
    ],
)
def test_it_is_known_why_a_try_failed(
    post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture, receipt: str | None, code: int, why: str
) -> None:
    queue = begun(post, tmp_path)
    post.end(post.started[0], receipt=receipt, code=code)
    turn(queue)
    assert queue.deliveries() == (Delivery(MESSAGE.id, "ntfy 1", tries=1, failed_at=NOW, why=why),)
    (line,) = warnings_of(caplog)
    assert "ntfy 1" in line
    assert why in line


def test_two_are_sent_at_once_and_new_ones_before_those_that_failed(post: Post, tmp_path: Path) -> None:
    queue = queue_of(post, tmp_path)
    messages = [replace(MESSAGE, id=str(number), title=str(number)) for number in range(3)]
    for message in messages:
        queue.put(message)
    turn(queue)
    assert [title for _, title in sent(post)] == ["0", "1"]
    post.end(post.started[0], receipt='{"why": "timeout"}')
    turn(queue, NOW + timedelta(minutes=10))
    assert [title for _, title in sent(post)] == ["0", "1", "2"]
    post.end(post.started[1])
    turn(queue, NOW + timedelta(minutes=20))
    assert [title for _, title in sent(post)] == ["0", "1", "2", "0"]


def test_what_fails_does_not_hold_up_what_is_urgent_or_goes_elsewhere(post: Post, tmp_path: Path) -> None:
    """Two services hang: an overload goes to the third one first, whatever else waits."""
    hangs = [f"json://hangs/{number}" for number in range(2)]
    queue = queue_of(post, tmp_path, *hangs, NTFY)
    queue.put(replace(MESSAGE, id="old", title="old"))
    turn(queue)
    queue.put(replace(MESSAGE, id="new", title="new"))
    queue.put(replace(MESSAGE, id="now", title="now", urgent=True))
    for job in post.started[:]:
        post.end(job, receipt='{"why": "timeout"}')
    turn(queue, NOW + timedelta(seconds=40))
    assert sent(post)[2:] == [(NTFY, "now"), (NTFY, "old")]


@pytest.mark.parametrize(("hours", "titles"), [(12, ["Surcharge", "Surcharge", "Fin"]), (0, ["Surcharge"])])
def test_who_was_not_told_that_it_began_is_not_told_that_it_is_over(
    post: Post, tmp_path: Path, hours: int, titles: list[str]
) -> None:
    """The service is away when it begins; where that is no news any more when it is back, there is no end, too."""
    queue = queue_of(post, tmp_path)
    queue.put(replace(MESSAGE, expires=NOW + timedelta(hours=hours)))
    turn(queue)
    post.end(post.started[0], receipt='{"why": "refused"}')
    queue.put(replace(MESSAGE, id="end", title="Fin", after=MESSAGE.id))
    for minute in range(5):
        turn(queue, NOW + timedelta(minutes=minute))
        if len(post.started) > 1 and post.code(post.started[-1]) is None:
            post.end(post.started[-1])
    assert [title for _, title in sent(post)] == titles
    assert not any(delivery.waits for delivery in queue.deliveries())
    assert queue_of(post, tmp_path, state=queue.to_json()).deliveries() == queue.deliveries()


def test_retries_go_on_after_a_restart(post: Post, tmp_path: Path) -> None:
    first = begun(post, tmp_path, failed="host")
    second = queue_of(post, tmp_path, state=first.to_json())
    assert second.deliveries() == first.deliveries()
    assert not second.changed
    turn(second, NOW + timedelta(seconds=59))
    assert len(post.started) == 1
    turn(second, NOW + timedelta(seconds=60))
    assert len(post.started) == 2


def test_a_message_to_an_address_that_is_configured_no_more_is_given_up(post: Post, tmp_path: Path) -> None:
    first = queue_of(post, tmp_path, NTFY, MAIL)
    first.put(MESSAGE)
    second = queue_of(post, tmp_path, MAIL, state=first.to_json())
    turn(second)
    assert sent(post) == [(MAIL, "Surcharge")]
    assert Delivery(MESSAGE.id, "ntfy 1", why="gone", given_up=True) in second.deliveries()


def test_addresses_that_change_get_what_comes_from_then_on(post: Post, tmp_path: Path) -> None:
    queue = queue_of(post, tmp_path, NTFY)
    queue.use([MAIL, NTFY])
    queue.put(MESSAGE)
    turn(queue)
    assert sorted(url for url, _ in sent(post)) == [MAIL, NTFY]


def test_what_waits_for_an_address_that_was_removed_is_given_up(post: Post, tmp_path: Path) -> None:
    queue = begun(post, tmp_path, NTFY, failed="http 500")
    queue.use([MAIL])
    assert queue.deliveries() == (Delivery(MESSAGE.id, "ntfy 1", tries=1, failed_at=NOW, why="gone", given_up=True),)
    turn(queue, NOW + timedelta(hours=1))
    assert len(post.started) == 1


@pytest.mark.parametrize(
    ("reason", "became"),
    [
        (None, Delivery(MESSAGE.id, "ntfy 1", sent_at=NOW)),
        ("http 500", Delivery(MESSAGE.id, "ntfy 1", tries=1, failed_at=NOW, why="gone", given_up=True)),
    ],
)
def test_what_is_on_its_way_to_an_address_that_is_removed_ends_first_and_makes_room(
    post: Post, tmp_path: Path, reason: str | None, became: Delivery
) -> None:
    queue = begun(post, tmp_path, NTFY, MAIL)  # as many as are sent at once
    queue.use([])
    turn(queue)
    for job in post.started[:]:
        post.end(job, receipt=json.dumps({"why": reason}))
    turn(queue)
    turn(queue, NOW + timedelta(hours=1))
    assert became in queue.deliveries()
    queue.use([MAIL])
    queue.put(replace(MESSAGE, id="later", title="later"))
    turn(queue)
    assert sent(post)[2:] == [(MAIL, "later")]


def test_of_a_state_that_is_damaged_nothing_is_kept(post: Post, tmp_path: Path) -> None:
    first, second = queue_of(post, tmp_path), queue_of(post, tmp_path)
    first.put(MESSAGE)
    with pytest.raises(KeyError):
        second.from_json(first.to_json() | {"deliveries": [{"to": 1}]})
    assert second.to_json() == {"letters": [], "deliveries": []}


def test_a_folder_that_cannot_be_written_fails_as_a_service_does(
    post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "letters").write_text("a file")
    queue = begun(post, tmp_path)
    assert queue.deliveries() == (Delivery(MESSAGE.id, "ntfy 1", tries=1, failed_at=NOW, why="crashed"),)
    assert "File exists" in warnings_of(caplog)[0]


def test_the_last_hundred_are_kept(post: Post, tmp_path: Path) -> None:
    queue = queue_of(post, tmp_path)
    for number in range(120):
        queue.put(replace(MESSAGE, id=str(number), expires=NOW - timedelta(days=1)))
    turn(queue)
    turn(queue)
    assert [delivery.message for delivery in queue.deliveries()] == [str(number) for number in range(119, 19, -1)]


def test_an_address_is_in_nothing_that_is_kept_or_shown(
    post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    queue = begun(post, tmp_path, NTFY, MAIL)
    post.end(post.started[0], receipt='{"why": "http 401"}')
    turn(queue)
    files = "".join(f"{file} {file.read_text()}" for file in (tmp_path / "letters").iterdir())
    shown = f"{queue.to_json()} {queue.deliveries()} {queue.__dict__['_destinations']} {files} {caplog.text}"
    assert "secret" not in shown
    assert "example.org" not in shown


ROOT = Path(__file__).resolve().parents[3]


def test_addresses_are_named_by_kind_and_number() -> None:
    found = destinations(
        ("NTFYS://secret/cellar", "mailtos://me:secret@example.org", "ntfys://secret/house", "secret, not an address")
    )
    assert [(each.name, each.url) for each in found] == [
        ("ntfys 1", "NTFYS://secret/cellar"),
        ("mailtos 1", "mailtos://me:secret@example.org"),
        ("ntfys 2", "ntfys://secret/house"),
        ("address 1", "secret, not an address"),
    ]
    assert "secret" not in repr(found)


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # by apprise, on 3.11
def test_an_address_of_a_service_that_apprise_does_not_have_is_told_from_others() -> None:
    assert is_known("ntfys://ntfy.sh/house")
    assert not is_known("smoke://signal")
