"""Errors that this project raises on purpose; each branch of the tree is a decision.

::

    TeleinfoError
     +-- ConfigError            correct the file or the command and start again   -> exit 2
     +-- NotReady               a file, a folder or a port is missing: wait, and log it once
     +-- MessageError           this message can never be stored: reject it       -> recorded, acknowledged
     +-- PortError              the port is gone: wait, and open it again
     |    +-- PortBusy          another program has it open
     +-- DatabaseError          an error of the database
     |    +-- PermanentError    only a person can change it                       -> exit 3 at start-up
     |    +-- Unavailable       temporary: retry, on another host if there is one
     |    |    +-- Conflict     another transaction was in the way: retry
     |    |    +-- PartitionMissing  create the partitions, then retry
     |    |    +-- Unclassified      an error number that we do not know: retry; if it keeps coming, find the row
     |    +-- InvalidRow        the database cannot hold one of the values        -> reject the row
     +-- BackupError            the file is no backup that can be restored        -> exit 1
     +-- FileRefused            the file to import is not as it should be         -> exit 1

Each message is one line for people: what, where, what to do.
"""

from collections.abc import Sequence


class TeleinfoError(Exception):
    """Base of all errors that this project raises on purpose."""


class ConfigError(TeleinfoError):
    """The configuration or the command line is wrong; nothing was opened yet."""

    def __init__(self, text: str, line: int | None = None, more: "Sequence[ConfigError]" = ()) -> None:
        """Take the text, the line of the file that is read, if it is known, and what else is wrong with the file."""
        super().__init__(text)
        self.line = line
        self.more = tuple(more)

    @property
    def all(self) -> "tuple[ConfigError, ...]":
        """It, and what else is wrong."""
        return self, *self.more

    def worded(self, before: str, after: str = "") -> "ConfigError":
        """Return the same with words before and after the text of each."""
        first, *more = (ConfigError(f"{before}{one}{after}", one.line) for one in self.all)
        first.more = tuple(more)
        return first


class NotReady(TeleinfoError):
    """Something in the environment is missing or in use, such as a certificate, a folder or a port; a retry may help.

    `run` waits for it and never ends because of it; other commands fail.
    """


class MessageError(TeleinfoError):
    """The message is no frame and no tally, and never will be one."""


class PortError(TeleinfoError):
    """The port cannot be opened, or was lost."""


class PortBusy(PortError):
    """Another program has the port open."""


class DatabaseError(TeleinfoError):
    """The database cannot do what was asked."""


class PermanentError(DatabaseError):
    """Credentials, privileges or names are wrong: only a person can change that."""


class Unavailable(DatabaseError):
    """The database cannot be reached, is busy or full; a retry may help."""


class Conflict(Unavailable):
    """Another transaction was in the way: deadlock, lock wait, snapshot conflict."""


class PartitionMissing(Unavailable):
    """The table has no partition for a row; the row itself is valid."""


class Unclassified(Unavailable):
    """The server returned an error number that is not in our lists; the connection is still usable."""


class InvalidRow(DatabaseError):
    """The database cannot hold one of the values."""


class BackupError(TeleinfoError):
    """The file is not, or will not become, a backup that can be restored."""


class FileRefused(TeleinfoError):
    """The file to import is of another format, or a value in it cannot be true; nothing of it was imported."""
