"""When a step is done in the background, and what happens when it fails."""

import pytest

from common.errors import Unavailable
from monitor.web.background import TRY_AGAIN, Background
from tests.support.threads import Threads

AGAIN = 300.0  # seconds


class Work(Background):
    def __init__(self) -> None:
        self.now = 1000.0
        self.threads = Threads()
        self.error: Exception | None = None
        self.done: list[float] = []
        super().__init__(self.threads, lambda: self.now)

    def step(self) -> float:
        if self.error is not None:
            raise self.error
        self.done.append(self.now)
        return AGAIN

    def run(self, seconds: float) -> list[float]:
        """Return when steps were done in this time, in seconds of it."""
        start, self.done = self.now, []
        while self.now < start + seconds:
            self.tick()
            self.threads.work()
            self.now += 1
        return [moment - start for moment in self.done]


def test_a_step_is_done_at_the_start_and_when_it_is_due() -> None:
    assert Work().run(2 * AGAIN + 1) == [0, AGAIN, 2 * AGAIN]


def test_a_step_is_begun_once() -> None:
    work = Work()
    work.tick()
    work.now += AGAIN
    work.tick()
    assert len(work.threads.given) == 1


@pytest.mark.parametrize(("error", "logged"), [(Unavailable("away"), 0), (ZeroDivisionError("a fault of ours"), 1)])
def test_what_fails_is_tried_again_after_a_minute_and_logged_once(
    error: Exception, logged: int, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work()
    work.error = error
    assert work.run(2 * TRY_AGAIN) == []
    work.error = None
    assert work.run(TRY_AGAIN) == [0]
    assert len(caplog.records) == logged
