"""Shutdown of a program: by SIGTERM or SIGINT, or because one of its threads crashed."""

import logging
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable

log = logging.getLogger(__name__)

SHUTDOWN_TIMEOUT = 4.5  # seconds between the stop signal and the end, at most
_STEPS = 45  # of this time
_SIGNALS = {signal.SIGTERM, signal.SIGINT}


class StopEvent(threading.Event):
    """An event that `select` can wait for, too: its file becomes readable when it is set. It is set once."""

    def __init__(self) -> None:
        super().__init__()
        self._readable, self._writable = os.pipe()
        weakref.finalize(self, _close, self._readable, self._writable)

    def fileno(self) -> int:
        """Return the file to wait for."""
        return self._readable

    def set(self) -> None:
        """Set it, and wake all who wait for it."""
        super().set()
        os.write(self._writable, b"x")


def _close(*files: int) -> None:
    for file in files:
        os.close(file)


class Shutdown:
    """Says whether the program should stop, and with which exit code.

    `stop` is set by SIGTERM and SIGINT, and when any thread crashes: without one of its threads a program looks alive
    but does nothing, so it exits with an error, and its supervisor starts a new process.
    """

    def __init__(self) -> None:
        self.stop = StopEvent()
        self.exit_code = 0
        self._wake: Callable[[], None] = lambda: None

    def install(self, wake: Callable[[], None] | None = None) -> None:
        """Handle signals and crashed threads from now on; call it before any thread is started.

        `wake` must make the main loop check `stop`; it is called from another thread.
        """
        if wake is not None:
            self.wake_by(wake)
        # A thread waits for the signals: a handler would interrupt the main thread, which may just hold the lock of the
        # event that the handler must set.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        threading.excepthook = self._on_crashed_thread
        sys.excepthook = lambda _, error, __: _log_crash("main", error)  # Python then exits with 1
        threading.Thread(target=self._wait_for_signals, name="signals", daemon=True).start()

    def wake_by(self, wake: Callable[[], None]) -> None:
        """Call this function from now on to make the main loop check `stop`."""
        self._wake = wake

    def _wait_for_signals(self) -> None:
        signal.sigwait(_SIGNALS)
        self.stop.set()
        self._wake()
        # In steps: a machine that stalls for seconds uses up one of them, and what has to end is not cut short.
        for _ in range(_STEPS):
            again = signal.sigtimedwait(_SIGNALS, SHUTDOWN_TIMEOUT / _STEPS)
            # Python returns any number where a SIGSTOP has come in between.
            if again is not None and again.si_signo in _SIGNALS:
                os._exit(128 + again.si_signo)
        log.error("Shutdown timed out after %.1f s", SHUTDOWN_TIMEOUT)
        os._exit(1)

    def _on_crashed_thread(self, args: threading.ExceptHookArgs) -> None:
        _log_crash(args.thread.name if args.thread else "?", args.exc_value)
        self.exit_code = 1
        self.stop.set()
        self._wake()


def _log_crash(thread: str, error: BaseException | None) -> None:
    """Log one line, which is fit to be shown to others; and where it happened, for those who debug."""
    where = error if log.isEnabledFor(logging.DEBUG) else None
    log.critical("Thread %s crashed: %r; exiting", thread, error, exc_info=where)
