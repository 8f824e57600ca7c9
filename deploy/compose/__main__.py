"""The services `prepare` and `setup` of compose.yaml: create passwords and certificates, and give each program its own.

docker compose run --rm setup credentials home-assistant
"""

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.compose import meter
from deploy.compose.accounts import GROUPS, GUESTS, ROLES, Account, SetupError
from deploy.compose.certificates import NAMES, read_names
from deploy.compose.setup import Setup
from deploy.database_accounts import DATABASE
from deploy.serial_ports import port_groups

ROOT = Path("/setup")
_SETUP = 1883  # the user of mosquitto's image
TEMPLATES = Path("/opt/setup")  # as in the project: mosquitto/, mariadb/

_RESTART_BROKER = "docker compose restart mosquitto"

Action = Callable[[Setup, argparse.Namespace], None]


def main() -> int:
    """Run the command; return its exit code."""
    os.umask(0o077)
    arguments = _parser().parse_args()
    if arguments.command is None:  # the one that needs no Setup
        return meter.main(arguments.ports)
    try:
        arguments.command(Setup(ROOT, TEMPLATES, read_names(os.environ.get("MQTT_NAMES", ""))), arguments)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"setup: {error.filename}: {error.strerror}; does another project use this volume?", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="setup", description="Passwords and certificates of TeleInfo Monitor.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, action: Action | None, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=action)
        return added

    command("prepare", _prepare, "create what is missing; compose runs this at each `up`")
    show = command("credentials", _credentials, "show how to connect with an account; without a name: list them")
    show.add_argument("name", nargs="?")
    command("ca", _ca, "print the certificate of the authority, for clients that connect with TLS")
    new = command("rotate", _rotate, "create new passwords, for all accounts or for those named")
    new.add_argument("names", nargs="*", metavar="NAME")
    command("renew", _renew, "create a new certificate for the broker, signed by the same authority")
    add = command("add", _add, "add an account, for a reader or a person on another machine")
    add.add_argument("name")
    add.add_argument("role", choices=ROLES)
    command("remove", _remove, "remove an account that was added").add_argument("name")
    find = command("meter", None, "find the meter on the serial ports of this machine, and write its port to .env")
    find.add_argument("ports", nargs="*", metavar="PORT", help="such as /dev/ttyUSB0 (default: all ports)")
    text = "set the password of an account on your own broker or database (prompts for it)"
    command("password", _password, text).add_argument("name")
    return parser


def _prepare(setup: Setup, _: argparse.Namespace) -> None:
    first = not setup.authority.certificate.exists()
    renewed = setup.prepare()
    print(f"setup: passwords and certificates are ready; the broker's certificate expires on {setup.authority.ends()}")
    if renewed and not first:
        print(f"setup: the broker has a new certificate; if the broker is running: {_RESTART_BROKER}")


def _credentials(setup: Setup, arguments: argparse.Namespace) -> None:
    setup.prepare()
    if arguments.name is None:
        for account in setup.vault.accounts():
            print(f"{account.name:18} {account.role:15} {account.note}")
        return
    account = setup.vault.find(arguments.name)
    password = f"password   {setup.vault.password(account)}"
    what, variable = ("database", "DATABASE_HOST") if account.role == "sql" else ("broker", "MQTT_HOST")
    if own := os.environ.get(variable):
        raise SetupError(f"you use your own {what}, {own} ({variable} in .env): create accounts there")
    access = _sql_access() if account.role == "sql" else _mqtt_access(setup, account)
    print(f"username   {account.name}\n{password}\n{access}")


def _mqtt_access(setup: Setup, account: Account) -> str:
    known = [name for name in setup.names if name not in NAMES]
    where = " or ".join(known) or "its name or address (add it to MQTT_NAMES in .env, see docs/operations.md)"
    if account.role in GUESTS:
        port, local = os.environ.get("MQTT_TLS_PORT", "8883"), os.environ.get("MQTT_LOCAL_PORT", "1883")
        here = f"on this machine:  broker 127.0.0.1, port {local}, without TLS; one connection per account\n"
    else:
        address, _, port = os.environ.get("MQTT_PROGRAMS", "127.0.0.1:8884").rpartition(":")
        here = f"on this machine:  broker localhost, port {port}, TLS as from other machines\n"
        if address == "127.0.0.1":
            here += "for access from other machines: MQTT_PROGRAMS=0.0.0.0:8884 in .env, then docker compose up -d\n"
    return (
        f"{here}other machines:   broker {where}, port {port}, TLS with this authority "
        f"(the command `ca` prints it alone):\n{setup.authority.certificate.read_text().strip()}"
    )


def _sql_access() -> str:
    return (
        f"on this machine:  host 127.0.0.1, port {os.environ.get('DATABASE_LOCAL_PORT', '3307')}, database {DATABASE}\n"
        f"in compose:       host mariadb, port 3306, database {DATABASE}, network `database`"
    )


def _ca(setup: Setup, _: argparse.Namespace) -> None:
    setup.prepare()
    sys.stdout.write(setup.authority.certificate.read_text())


def _rotate(setup: Setup, arguments: argparse.Namespace) -> None:
    vault = setup.vault
    chosen = [vault.find(name) for name in arguments.names]
    # A password set by `password` belongs to somebody's own server, which would not know a new one.
    chosen = chosen or [account for account in vault.accounts() if not vault.is_external(account)]
    for account in chosen:
        vault.renew(account)
    setup.prepare()
    names = ", ".join(account.name for account in chosen)
    print(f"setup: new passwords for {names}; to apply: {_RESTART_BROKER} mariadb")
    print("setup: reader, storer and monitor of compose get theirs automatically; update all other clients")


def _renew(setup: Setup, _: argparse.Namespace) -> None:
    if not setup.authority.prepare(setup.names):
        setup.authority.renew(setup.names)
    setup.prepare()
    print(f"setup: the new certificate expires on {setup.authority.ends()}; to apply: {_RESTART_BROKER}")


def _add(setup: Setup, arguments: argparse.Namespace) -> None:
    setup.vault.add(arguments.name, arguments.role)
    setup.prepare()
    print(f"setup: added {arguments.name} with the rights of {arguments.role}; the broker knows it within seconds")


def _remove(setup: Setup, arguments: argparse.Namespace) -> None:
    setup.vault.remove(arguments.name)
    setup.prepare()
    print(f"setup: removed {arguments.name}; the broker refuses it within seconds")


def _password(setup: Setup, arguments: argparse.Namespace) -> None:
    account = setup.vault.find(arguments.name)
    asked = f"password of {account.name}: "
    given = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    setup.vault.set_external(account, given)
    setup.prepare()
    print(f"setup: saved the password of {account.name}; to apply: docker compose restart")


def become(arguments: Sequence[str]) -> None:
    """Drop root's rights to those that the command needs.

    Become the owner of the project's folder for `meter`, which writes .env; else the user of the secrets.
    """
    if os.geteuid() != 0:
        return
    if arguments[:1] == ["meter"]:
        owner = meter.PROJECT.stat()
        uid, gid, groups = owner.st_uid, owner.st_gid, port_groups(Path("/dev"))
    else:
        uid, gid, groups = _SETUP, _SETUP, set(GROUPS.values())
    os.setgroups(sorted(groups))
    os.setgid(gid)
    os.setuid(uid)


if __name__ == "__main__":
    become(sys.argv[1:])
    sys.exit(main())
