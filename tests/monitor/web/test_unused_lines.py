from contextlib import nullcontext

import pytest

from monitor.money.home import Home
from monitor.readings.meters import Unused
from monitor.web.unused_lines import AGAIN, UnusedLines
from tests.support.threads import Threads


class Found(Home):
    def __init__(self, lines: list[Unused]) -> None:
        self.lines = lines

    def unused(self) -> list[Unused]:
        return self.lines


def test_a_line_that_concerns_no_meter_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    now, lines, threads = [1000.0], [Unused("contracts", "3519330717")], Threads()
    work = UnusedLines(threads, lambda: nullcontext(Found(lines)), lambda: now[0])

    def logged() -> int:
        work.tick()
        threads.work()
        now[0] += AGAIN
        return len(caplog.records)

    assert logged() == 1
    assert "contracts" in caplog.text
    assert "3519330717" in caplog.text
    assert logged() == 1
    lines.append(Unused("meters", "3519330717"))
    assert logged() == 2
