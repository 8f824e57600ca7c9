"""The commands of the app: what the container, s6 and the Supervisor call."""

import logging
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

from common.errors import ConfigError
from common.runtime import logs

log = logging.getLogger("deploy.app")


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code."""
    logs.set_up(SimpleNamespace(format="plain"), "teleinfo-app")  # type: ignore[arg-type]
    try:
        match arguments:
            case ["start"]:
                _start()
            case ["prepare"]:
                _prepare()
            case ["database"]:
                from deploy.app.database import run_database

                run_database()
            case ["watch"]:
                from deploy.app.watch import watch

                watch()
            case ["listen"]:
                from deploy.app.listen import listen_to_ports

                listen_to_ports()
            case ["backup"]:
                return _backup()
            case _:
                print("usage: python -P -m deploy.app start|prepare|database|watch|listen|backup", file=sys.stderr)
                return 2
    except ConfigError as error:
        log.error("%s", error)
        return 2
    except subprocess.CalledProcessError:  # it has said why
        return 1
    return 0


def _start() -> None:
    """Prepare, and become s6, which starts all programs."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from deploy.app.prepare import SERVICES, ask, explain, prepare, prepare_folders

    os.umask(0o022)
    known = ask()
    prepare(known)
    prepare_folders(known.options)
    explain(known)
    os.execvp("s6-svscan", ["s6-svscan", str(SERVICES)])


def _prepare() -> None:
    """Write the configurations anew, and restart the programs that have other ones now."""
    from deploy.app.prepare import SERVICES, ask, explain, prepare

    known = ask()
    for program in sorted(prepare(known)):
        log.info("Restarting the %s: its configuration has changed", program)
        subprocess.run(("s6-svc", "-r", str(SERVICES / program)), check=False)
    explain(known)


def _backup() -> int:
    """Write our own backup for that of Home Assistant; only the newest is kept."""
    from deploy.app.database import BACKUP
    from deploy.app.prepare import USERS

    command = ("s6-setuidgid", USERS["storer"], "teleinfo-storer", "backup", str(BACKUP), "--keep", "1")
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
