"""The life of a program: it stops when asked to, and ends when one of its threads dies."""

import logging
import os
import signal
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

SHUTDOWN_TIMEOUT = 4.5  # seconds between the stop signal and the end, at most
_SIGNALS = {signal.SIGTERM, signal.SIGINT}


class Shutdown:
    """Knows whether the program should go on, and how it ends.

    `stop` is set by SIGTERM and SIGINT, and by the death of any thread: a program that lost a thread looks alive and
    does nothing, so it ends with an error, and whoever supervises it starts a clean one.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.exit_code = 0
        self._wake: Callable[[], None] = lambda: None

    def install(self, wake: Callable[[], None] | None = None) -> None:
        """Take over the signals and the deaths of threads; call it before any thread is started.

        `wake` must make whoever waits look at `stop`; it is called from another thread.
        """
        if wake is not None:
            self.wake_by(wake)
        # A thread of its own waits for the signals: a handler would run inside the main thread, maybe while that holds
        # the very lock of the event that the handler must set.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        threading.excepthook = self._on_dead_thread
        threading.Thread(target=self._wait_for_signals, name="signals", daemon=True).start()

    def wake_by(self, wake: Callable[[], None]) -> None:
        """From now on this makes whoever waits look at `stop`."""
        self._wake = wake

    def _wait_for_signals(self) -> None:
        signal.sigwait(_SIGNALS)
        self.stop.set()
        self._wake()
        again = signal.sigtimedwait(_SIGNALS, SHUTDOWN_TIMEOUT)
        if again is None:
            log.error("Not done %.1f s after the stop signal: ending now", SHUTDOWN_TIMEOUT)
        os._exit(1 if again is None else 128 + again.si_signo)

    def _on_dead_thread(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else "?"
        log.critical(
            "The thread %s died: %r; ending, so that a clean process can start",
            name,
            args.exc_value,
            exc_info=(args.exc_type, args.exc_value, args.exc_traceback)  # type: ignore[arg-type]
            if log.isEnabledFor(logging.DEBUG)
            else None,
        )
        self.exit_code = 1
        self.stop.set()
        self._wake()
