"""The commands of the image: what the container and its watcher call. The database is that of `deploy.app`."""

import logging
import os
import signal
import subprocess
import sys

from common.errors import ConfigError
from common.runtime import logs

log = logging.getLogger("deploy.image")


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
            case ["watch"]:
                from deploy.image.watch import watch

                watch()
            case _:
                print("usage: python -P -m deploy.image start|prepare|watch", file=sys.stderr)
                return 2
    except ConfigError as error:
        log.error("%s", error)
        return 2
    except OSError as error:  # such as a full disk
        log.error("%s: %s", arguments[0], error)
        return 1
    return 0


def _start() -> None:
    """Prepare everything, and become s6, which starts the programs."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from deploy.app.configuration import has_own_broker
    from deploy.app.prepare import SERVICES, keep, prepare_container
    from deploy.image.prepare import explain, prepare

    _, known, _ = prepare()
    prepare_container(known)
    if not has_own_broker(known):
        (SERVICES / "mosquitto" / "down").touch()
    if os.environ.pop("MQTT", None):  # a password is in it; the page has nothing that could be applied
        (SERVICES / "watch" / "down").touch()
    keep(known)
    explain()
    os.execvp("s6-svscan", ["s6-svscan", str(SERVICES)])  # noqa: S606 - this process is that of the container


def _prepare() -> None:
    """Write all files anew, and have them read by the programs that they change something for."""
    from deploy.app.configuration import affected, has_own_broker
    from deploy.app.prepare import SERVICES, keep
    from deploy.image.prepare import prepare

    before, known, accounts_changed = prepare()
    if has_own_broker(before) != has_own_broker(known):
        _control("-u" if has_own_broker(known) else "-d", SERVICES / "mosquitto")
    elif accounts_changed:
        _control("-h", SERVICES / "mosquitto")
    for program in affected(before, known):
        log.info("Restarting the %s: its configuration has changed", program)
        _control("-r", SERVICES / program)
    keep(known)


def _control(what: str, service: object) -> None:
    subprocess.run(("s6-svc", what, str(service)), check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
