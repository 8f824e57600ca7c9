"""Writes what the programs read, for their users; all of it can be repeated after a kill at any moment."""

import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from deploy.app import configuration
from deploy.app.configuration import Alone, Known
from deploy.app.prepare import ANSWERS, DATA, RUN, USERS, own_secret, write_files
from deploy.app.supervisor import Answers, read_answers
from deploy.broker import read_broker
from deploy.files import write
from deploy.image import shared_memory
from deploy.image.broker_files import write_broker_files
from deploy.image.environment import options_of

log = logging.getLogger(__name__)

_ID = DATA / "id"
_MOUNTS = Path("/proc/self/mounts")


def prepare(environment: Mapping[str, str] = os.environ) -> tuple[Known, Known, bool]:
    """Write all files; return what was known before, what is known now, and whether accounts of our broker changed.

    The choice of a broker is to be kept with `keep` once the programs use it: what was interrupted is done again.

    Raises:
        ConfigError: a variable is wrong.
    """
    options = options_of(environment)
    passwords = {program: own_secret(f"{program}.mqtt-password") for program in USERS}
    alone = Alone(_identity(), passwords)
    before = Known(options, read_answers(ANSWERS), environment.get("TZ", ""), alone=alone)
    known = before._replace(answers=_chosen())
    RUN.mkdir(mode=0o755, exist_ok=True)
    write_files(known)
    return before, known, write_broker_files(passwords)


def explain() -> None:
    """Log what the owner should know."""
    if shared_memory.is_own(_MOUNTS.read_text()):
        log.warning(shared_memory.ADVICE)


def _chosen() -> Answers:
    broker = read_broker(Path(configuration.CHOSEN_BROKER))
    return {"chosen": broker} if broker else {}


def _identity() -> str:
    """Return the id of this installation; with another one, nobody would find the frames in its journal."""
    if not _ID.exists():
        write(_ID, secrets.token_hex(4) + "\n")
    return _ID.read_text().strip()
