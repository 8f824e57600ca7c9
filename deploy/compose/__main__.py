"""The services `prepare` and `setup` of compose.yaml: create passwords and certificates, and give each program its own.

docker compose run --rm setup credentials home-assistant
"""

import argparse
import getpass
import os
import sys
from collections.abc import Callable
from pathlib import Path

from deploy import page_password
from deploy.compose import broker, meter
from deploy.compose.accounts import GUESTS, ROLES, Account, PasswordStore, SetupError
from deploy.compose.certificates import CertificateAuthority, read_names
from deploy.compose.database import accounts_sql
from deploy.compose.user import become
from deploy.compose.zone import zone_file
from deploy.database_accounts import DATABASE
from deploy.files import write

ROOT = Path("/setup")
TEMPLATES = Path("/opt/setup")  # as in the project: mosquitto/, mariadb/
# Group ids of the containers.
MARIADB, READER, STORER, MONITOR, GRAFANA = 999, 10001, 10002, 10003, 472

#: A port on all addresses of this machine, as Docker writes it.
_EVERYWHERE = ("", "0.0.0.0", "[::]")  # noqa: S104 - they are only compared

_RESTART = "docker compose restart mosquitto mariadb"
_RESTART_BROKER = "docker compose restart mosquitto"

Action = Callable[["Setup", argparse.Namespace], None]


class Setup:
    """Writes the folders that `setup` shares with the containers, one for each, and the one that only `setup` has."""

    def __init__(self, root: Path, templates: Path, names: tuple[str, ...]) -> None:
        self.vault = PasswordStore(root / "keep")
        self.authority = CertificateAuthority(root / "keep")
        self.names = names
        self._root = root
        self._templates = templates

    def prepare(self) -> bool:
        """Create what is missing and distribute it; return whether the broker's certificate is a new one."""
        renewed = self.authority.prepare(self.names)
        self._distribute()
        return renewed

    def renew_certificate(self) -> None:
        """Create a new certificate for the broker."""
        self.authority.prepare(self.names)
        self.authority.renew(self.names)
        self._distribute()

    def password(self, name: str) -> str:
        """Return the password of an account."""
        return self.vault.password(self.vault.find(name))

    def _distribute(self) -> None:
        accounts = [account for account in self.vault.accounts() if account.role not in ("sql", "page")]
        passwords = [(account.name, self.vault.password(account)) for account in accounts]
        to_broker = self._root / "broker"
        existing = (to_broker / "passwords").read_text() if (to_broker / "passwords").exists() else ""
        write(to_broker / "passwords", broker.password_file(passwords, existing))
        write(to_broker / "acl", broker.access_rules(self._template("mosquitto/acl"), accounts))
        for name, folder in (("health", to_broker), ("console", to_broker / "console")):
            folder.mkdir(exist_ok=True)
            write(folder / "mosquitto_sub", broker.client_options(name, self.password(name)))
        if zone := os.environ.get("TZ"):
            write(to_broker / "localtime", zone_file(zone))
        write(to_broker / "server.key", self.authority.server_key.read_text())
        write(to_broker / "server.crt", self.authority.server_certificate.read_text())
        write(to_broker / "mosquitto.conf", self._template("mosquitto/mosquitto.conf"))
        to_database = self._root / "database"
        sources = {
            "teleinfo": "mariadb/storer.sql",
            "teleinfo-monitor": "mariadb/monitor.sql",
            "grafana": "mariadb/people.sql",
        }
        statements = accounts_sql([(self._template(sql), self.password(name)) for name, sql in sources.items()])
        write(to_database / "accounts.sql", statements, group=MARIADB)
        write(to_database / "teleinfo.cnf", self._template("mariadb/small-machine.cnf"), group=MARIADB)
        write(self._root / "reader" / "mqtt-password", self.password("reader") + "\n", group=READER)
        write(self._root / "storer" / "mqtt-password", self.password("storer") + "\n", group=STORER)
        write(self._root / "storer" / "database-password", self.password("teleinfo") + "\n", group=STORER)
        write(self._root / "monitor" / "mqtt-password", self.password("monitor") + "\n", group=MONITOR)
        write(self._root / "monitor" / "database-password", self.password("teleinfo-monitor") + "\n", group=MONITOR)
        to_page = self._root / "monitor" / "page-password"
        existing = to_page.read_text() if to_page.exists() else ""
        write(to_page, page_password.password_file(self.password("page"), existing), group=MONITOR)
        write(self._root / "grafana" / "database-password", self.password("grafana") + "\n", group=GRAFANA)

    def _template(self, name: str) -> str:
        return (self._templates / name).read_text()


def main() -> int:
    """Run the command; return its exit code."""
    os.umask(0o077)
    arguments = _parser().parse_args()
    if arguments.command is None:  # the one that needs no Setup
        return meter.main(arguments.ports)
    try:
        setup = Setup(ROOT, TEMPLATES, read_names(os.environ.get("MQTT_NAMES", "")))
        arguments.command(setup, arguments)
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
    show = command(
        "credentials", _credentials, "show how to connect with an account; without a name: list the accounts"
    )
    show.add_argument("name", nargs="?")
    command("ca", _ca, "print the certificate of the authority, for clients that connect with TLS")
    new = command("rotate", _rotate, "create new passwords, for all accounts or for those named")
    new.add_argument("names", nargs="*", metavar="NAME")
    command("renew", _renew, "create a new certificate for the broker, signed by the same authority")
    add = command("add", _add, "add an account, for a reader or a person on another machine")
    add.add_argument("name")
    add.add_argument("role", choices=ROLES)
    remove = command("remove", _remove, "remove an account that was added")
    remove.add_argument("name")
    add_meter = command("meter", None, "find the meter on the serial ports of this machine, and write its port to .env")
    add_meter.add_argument("ports", nargs="*", metavar="PORT", help="such as /dev/ttyUSB0 (default: all ports)")
    given = command(
        "password", _password, "set the password of an account on your own broker or database (prompts for it)"
    )
    given.add_argument("name")
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
    if account.role == "page":
        print(_page_credentials(setup, account))
        return
    what, variable = ("database", "DATABASE_HOST") if account.role == "sql" else ("broker", "MQTT_HOST")
    if own := os.environ.get(variable):
        raise SetupError(f"you use your own {what}, {own} ({variable} in .env): create accounts there")
    print(_sql_credentials(setup, account) if account.role == "sql" else _mqtt_credentials(setup, account))


def _mqtt_credentials(setup: Setup, account: Account) -> str:
    known = [name for name in setup.names if name not in read_names("")]
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
        f"username   {account.name}\n"
        f"password   {setup.vault.password(account)}\n"
        f"{here}"
        f"other machines:   broker {where}, port {port}, TLS with this authority (the command `ca` prints it alone):\n"
        f"{setup.authority.certificate.read_text().strip()}"
    )


def _sql_credentials(setup: Setup, account: Account) -> str:
    return (
        f"username   {account.name}\n"
        f"password   {setup.vault.password(account)}\n"
        f"on this machine:  host 127.0.0.1, port {os.environ.get('DATABASE_LOCAL_PORT', '3307')}, database {DATABASE}\n"
        f"in compose:       host mariadb, port 3306, database {DATABASE}, network `database`"
    )


def _page_credentials(setup: Setup, account: Account) -> str:
    host, _, port = os.environ.get("MONITOR_LISTEN", "127.0.0.1:8080").rpartition(":")
    password = f"password   {setup.vault.password(account)}\n"
    if host.startswith("127."):
        return (
            f"{password}on this machine:  http://{host}:{port}/\n"
            f"for the home network: MONITOR_LISTEN=0.0.0.0:{port} in .env, then docker compose up -d"
        )
    where = "NAME-OF-THIS-MACHINE" if host in _EVERYWHERE else host
    return f"{password}in the home network: http://{where}:{port}/"


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
    print(f"setup: new passwords for {', '.join(account.name for account in chosen)}; to apply: {_RESTART}")
    print("setup: reader, storer, monitor and backup of compose get theirs automatically; update all other clients")


def _renew(setup: Setup, _: argparse.Namespace) -> None:
    setup.renew_certificate()
    print(f"setup: the new certificate expires on {setup.authority.ends()}; to apply: {_RESTART_BROKER}")


def _add(setup: Setup, arguments: argparse.Namespace) -> None:
    account = setup.vault.add(arguments.name, arguments.role)
    setup.prepare()
    print(f"setup: added {account.name} with the rights of {account.role}; to apply: {_RESTART_BROKER}")


def _remove(setup: Setup, arguments: argparse.Namespace) -> None:
    setup.vault.remove(arguments.name)
    setup.prepare()
    print(f"setup: removed {arguments.name}; to apply: {_RESTART_BROKER}")


def _password(setup: Setup, arguments: argparse.Namespace) -> None:
    account = setup.vault.find(arguments.name)
    asked = f"password of {account.name}: "
    given = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if account.role == "page" and len(given) < page_password.SHORTEST:
        raise SetupError(f"the password of the page must have {page_password.SHORTEST} characters or more")
    setup.vault.set_external(account, given)
    setup.prepare()
    print(f"setup: saved the password of {account.name}; to apply: docker compose restart")


if __name__ == "__main__":
    become(sys.argv[1:])
    sys.exit(main())
