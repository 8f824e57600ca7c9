"""The process that carries out one request; `worker` starts it."""

import argparse
import contextlib
import resource
import sys
from pathlib import Path

from common.errors import TeleinfoError, Unavailable
from common.runtime import logs
from common.settings import config
from storer.config.options import StorerConfig
from storer.requests.carry_out import carry_out_next
from storer.requests.worker import AGAIN

_MEMORY = 1 << 30  # bytes: what a hostile file may take


def main() -> int:
    """Carry out the next request; return 0, or AGAIN."""
    parser = argparse.ArgumentParser(prog="storer.requests")
    parser.add_argument("--config", type=Path, required=True)
    settings = config.load(StorerConfig, parser.parse_args().config)
    logs.set_up("plain", "teleinfo-storer")
    with contextlib.suppress(OSError):  # the unit of systemd permits no limits, and has its own
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        carry_out_next(settings)
    except Unavailable as error:
        print(error)  # noqa: T201 - the storer logs it
        return AGAIN
    except TeleinfoError as error:
        print(error)  # noqa: T201 - the storer logs it
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
