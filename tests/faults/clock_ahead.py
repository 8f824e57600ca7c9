"""Runs one of the programs with a clock that is ahead: `python -m tests.faults.clock_ahead SECONDS MODULE ARG…`.

So an hour ends during a run of two minutes, and its tally is published.
"""

import datetime
import runpy
import sys
import time
from collections.abc import Callable


def put_ahead(seconds: float) -> None:
    """Put the wall clock of this process ahead; monotonic time stays."""
    true_time: Callable[[], float] = time.time
    true_time_ns: Callable[[], int] = time.time_ns
    ahead = datetime.timedelta(seconds=seconds)

    class Ahead(datetime.datetime):
        """A datetime whose now is ahead."""

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Ahead":
            return super().now(tz) + ahead

    setattr(time, "time", lambda: true_time() + seconds)  # noqa: B010 - a function of the module, to mypy
    setattr(time, "time_ns", lambda: true_time_ns() + int(seconds * 1e9))  # noqa: B010
    setattr(datetime, "datetime", Ahead)  # noqa: B010


if __name__ == "__main__":
    put_ahead(float(sys.argv[1]))
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
