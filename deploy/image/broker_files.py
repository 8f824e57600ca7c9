"""The files of the image's own broker: for our programs, and for the accounts that the page has made."""

import os
import pwd
import shutil
from collections.abc import Mapping
from pathlib import Path

from deploy.app import configuration
from deploy.broker import access_rules, passwords_file, read_accounts, read_untrusted
from deploy.files import write

FOLDER = Path(configuration.FOLDER) / "mosquitto"
ACCOUNTS = Path(configuration.ACCOUNTS)
_TEMPLATES = Path(__file__).resolve().parents[2] / "mosquitto"
_RETAINED = Path("/data/mosquitto")
_LISTENERS = Path(__file__).with_name("mosquitto.conf")
_USER = "mosquitto"


def write_broker_files(passwords: Mapping[str, str]) -> bool:
    """Write them; return whether accounts have changed.

    Args:
        passwords: of our programs, by the name of the program: its account and its role.
    """
    user = pwd.getpwnam(_USER)
    for folder in (FOLDER, _RETAINED):
        folder.mkdir(mode=0o700, exist_ok=True)
        shutil.chown(folder, _USER, _USER)
    accounts = read_accounts(read_untrusted(ACCOUNTS))
    roles = [(name, name) for name in passwords] + [(account.name, account.role) for account in accounts]
    files = {
        "mosquitto.conf": "\n".join(file.read_text() for file in (_LISTENERS, _TEMPLATES / "common.conf")),
        "passwords": passwords_file(passwords, accounts),
        "acl": access_rules((_TEMPLATES / "acl").read_text(), roles),
    }
    changed = {name for name, content in files.items() if write(FOLDER / name, content)}
    for name in files:
        os.chown(FOLDER / name, user.pw_uid, user.pw_gid)
    return not changed.isdisjoint(("passwords", "acl"))
