"""The commands of the app: what the container, s6 and the Supervisor call."""

import logging
import os
import signal
import subprocess
import sys
import time

from common.errors import ConfigError, TeleinfoError
from common.runtime import logs

log = logging.getLogger("deploy.app")

_OLD_TOKEN = "HASSIO_TOKEN"  # noqa: S105 - the other name of SUPERVISOR_TOKEN, which nobody here needs
_PAUSE = 30.0  # seconds before a database that cannot be made is tried again


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code. Each imports only what it needs: `watch` stays in memory."""
    logs.set_up("plain", "teleinfo")
    os.umask(0o022)
    try:
        match arguments:
            case ["start"]:
                _start()
            case ["prepare"]:
                _prepare()
            case ["database"]:
                _database()
            case ["watch"]:
                from deploy.app.watch import watch

                watch()
            case ["administrators"]:
                from deploy.app.administrators import write_administrators

                write_administrators()
            case ["home-assistant"]:
                from deploy.app.home_assistant import serve

                serve()
            case ["backup"]:
                return _backup()
            case _:
                commands = "start|prepare|database|watch|administrators|home-assistant|backup"
                print(f"usage: python -P -m deploy.app {commands}", file=sys.stderr)
                return 2
    except ConfigError as error:
        log.error("%s", error)
        return 2
    except TeleinfoError as error:  # Home Assistant does not answer
        log.warning("%s", error)
        return 1
    except OSError as error:  # such as a full disk
        log.error("%s: %s", arguments[0], error)
        return 1
    return 0


def _start() -> None:
    """Prepare everything, and become s6, which starts the programs."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from deploy.app.prepare import SERVICES, explain, keep, prepare, prepare_container

    _, known = prepare()
    prepare_container(known)
    keep(known)
    explain(known)
    os.environ.pop(_OLD_TOKEN, None)
    os.execvp("s6-svscan", ["s6-svscan", str(SERVICES)])  # noqa: S606 - Docker's init watches this process


def _prepare() -> None:
    """Write all files anew, and restart the programs that they change something for."""
    from deploy.app.configuration import affected, broker_of
    from deploy.app.prepare import SERVICES, explain, keep, prepare

    before, known = prepare()
    for program in affected(before, known):
        log.info("Restarting the %s: its configuration has changed", program)
        subprocess.run(("s6-svc", "-r", str(SERVICES / program)), check=False)
    keep(known)
    if broker_of(before) != broker_of(known):
        explain(known)


def _database() -> None:
    from deploy.app.database import run_database

    try:
        run_database()
    except subprocess.CalledProcessError:  # it has said why
        time.sleep(_PAUSE)
    except OSError:
        time.sleep(_PAUSE)
        raise


def _backup() -> int:
    """Write our own backup for that of Home Assistant."""
    from deploy.app.database import keep_newest
    from deploy.app.prepare import USERS

    without_token = ("env", "-u", "SUPERVISOR_TOKEN", "-u", _OLD_TOKEN)
    command = (*without_token, "s6-setuidgid", USERS["storer"], "teleinfo-storer", "backup")
    code = subprocess.run(command, check=False).returncode
    # A month whose file is lost is no reason to have no backup of all else: the log and `check` tell of it.
    return 0 if keep_newest() else code or 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
