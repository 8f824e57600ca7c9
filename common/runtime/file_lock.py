"""Locks a file or folder, so that only one process uses it. The kernel releases the lock however the process ends."""

import errno
import fcntl

# A network share may have no locks, or none for a file or folder that is open for reading only.
_NO_LOCKS = (errno.EBADF, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


def try_lock(file: int) -> bool | None:
    """Lock an open file or folder until it is closed; False: another process has locked it; None: no locks here.

    Raises:
        OSError: anything else is wrong.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return None
    return True
