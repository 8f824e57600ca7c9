import logging
import threading
from collections.abc import Callable

import pytest

from common.errors import DatabaseError, InvalidRow, NotReady, PermanentError, Unavailable
from storer.database.retry import DatabaseRetry


class Database:
    """Fails with each of the errors in turn, then succeeds."""

    def __init__(self, *errors: DatabaseError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)


class Recorder:
    def __init__(self) -> None:
        self.stop = threading.Event()
        self.states: list[bool] = []
        self.waits = 0
        self.retry = DatabaseRetry(
            self.stop, lambda: "here", on_change=lambda: self.states.append(self.retry.stalled), on_wait=self._wait
        )

    def _wait(self) -> None:
        self.waits += 1


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Recorder:
    monkeypatch.setattr("storer.database.retry.MAX_BACKOFF", 0.001)
    caplog.set_level(logging.INFO)
    return Recorder()


def test_a_success_changes_nothing(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    assert recorder.retry.run(Database())
    assert (recorder.states, recorder.waits, caplog.messages) == ([], 0, [])
    assert recorder.retry.last_success > 0


def test_retries_until_it_works_and_logs_each_change_once(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    assert recorder.retry.run(Database())
    database = Database(*[Unavailable("down")] * 3, PermanentError("refused"))
    assert recorder.retry.run(database)
    assert (database.calls, recorder.waits, recorder.states) == (5, 4, [True, False])
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "INFO"]
    assert caplog.messages[0] == "down; trying again"
    caplog.clear()
    assert recorder.retry.run(Database(Unavailable("down")))  # the same again is a new outage
    assert caplog.messages[0] == "down; trying again"


def test_a_database_that_starts_at_the_same_time_is_no_warning(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    assert recorder.retry.run(Database(*[Unavailable("down")] * 3))
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO"]
    assert "here" in caplog.messages[0]
    assert "down" not in caplog.text


def test_a_database_that_does_not_start_is_a_warning_after_a_while(
    recorder: Recorder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storer.database.retry.PATIENCE", 0.0)
    assert recorder.retry.run(Database(Unavailable("down")))
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert caplog.messages[0] == "down; trying again"


def test_a_password_file_that_cannot_be_read_is_a_warning_at_once(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    error = Unavailable("database.password_file: cannot be read")
    error.__cause__ = NotReady("password_file: cannot be read")
    assert recorder.retry.run(Database(error))
    assert caplog.records[0].levelname == "WARNING"


@pytest.mark.parametrize(
    ("error", "retry_on"),
    [(InvalidRow("row"), (Unavailable, PermanentError)), (PermanentError("refused"), (Unavailable,))],
)
def test_raises_what_is_not_to_be_retried(
    recorder: Recorder, error: DatabaseError, retry_on: tuple[type[DatabaseError], ...]
) -> None:
    with pytest.raises(type(error)):
        recorder.retry.run(Database(error), retry_on)
    assert not recorder.retry.stalled


@pytest.mark.parametrize("when", ["before", "while waiting"])
def test_a_stop_ends_the_retries(recorder: Recorder, when: str) -> None:
    def stop() -> None:
        recorder.stop.set()
        raise Unavailable("down")

    action: Callable[[], object] = stop
    if when == "before":
        recorder.stop.set()
        action = Database(Unavailable("down"))
    assert not recorder.retry.run(action)
