"""What can go wrong, as a tree whose branches are decisions.

::

    TeleinfoError
     +-- ConfigError     mend the file or the command and start again   -> exit 2
     +-- NotReady        the machine lacks a file, a folder or a port: wait, and say it once
     +-- MessageError    this message can never be stored: reject it    -> recorded, acknowledged
     +-- PortError       the line is away: wait, and open it again
     |    +-- PortBusy   another program has it
     +-- DatabaseError   the database said no
     |    +-- Refused    it will go on saying no                        -> exit 3 at start-up
     |    +-- Away       time heals it: try again, elsewhere if there is an elsewhere
     |    |    +-- Busy  somebody else was in the way: try again
     |    |    +-- PartitionMissing  make the partitions, and try again
     |    |    +-- Unclassified  a number that we do not know: try again; if it keeps coming, find the row at fault
     |    +-- BadRow     one of the values is not for this database     -> reject the row
     +-- BackupError     the file is no backup that can be restored     -> exit 1

Each message is one line for people: what, where, what to do.
"""


class TeleinfoError(Exception):
    """Whatever this project raises on purpose."""


class ConfigError(TeleinfoError):
    """What stands in the configuration or on the command line is wrong; nothing was opened yet."""


class NotReady(TeleinfoError):
    """Something in the environment is missing or in use, such as a certificate, a folder or a port: time heals it.

    `run` waits for it and never ends because of it; other commands fail.
    """


class MessageError(TeleinfoError):
    """The message is not a frame, and never will be one."""


class PortError(TeleinfoError):
    """The line cannot be opened, or went away."""


class PortBusy(PortError):
    """Another program has the line open."""


class DatabaseError(TeleinfoError):
    """The database said no."""


class PermanentError(DatabaseError):
    """Credentials, rights or names are wrong: only a person can change that."""


class Unavailable(DatabaseError):
    """The database is away, busy or full: time heals it."""


class Conflict(Unavailable):
    """Somebody else wrote at the same time: deadlock, lock wait, snapshot conflict."""


class PartitionMissing(Unavailable):
    """The table has no partition for a row: not the row's fault."""


class Unclassified(Unavailable):
    """The server gave an error number that is not in our lists; the connection is still usable."""


class InvalidRow(DatabaseError):
    """The database cannot hold one of the values."""


class BackupError(TeleinfoError):
    """The file is not, or will not become, a backup that can be restored."""
