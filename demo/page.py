"""The demo's page: the monitor, with an account that can only read, on a port of this machine."""

import json
import secrets
import socket
from pathlib import Path

from demo.servers import HOST, Broker, Database, InstanceError, free_port

ACCOUNT = Path(__file__).resolve().parent.parent / "mariadb" / "monitor.sql"
USER = "teleinfo-monitor"
_USUAL = 8080  # the port where people expect the page


def configure(folder: Path, broker: Broker, database: Database, port: int, *, sun: bool) -> Path:
    """Make the account and the configuration, with a price of what is sold if there is a roof; return its file."""
    password = secrets.token_urlsafe(18)
    # '%' as for the storer: TCP clients are not "localhost" without name resolution.
    database.sql(ACCOUNT.read_text(encoding="utf-8").replace("'localhost'", "'%'").replace("change-me", password))
    file = folder / "monitor.yaml"
    file.touch(mode=0o600)
    file.write_text(
        f"name: demo\n"
        f"listen: {{host: {HOST}, port: {port}}}\n"
        "auth: none\n"
        f"state: {json.dumps(str(folder.absolute() / 'monitor'))}\n"
        f"mqtt: {{host: {HOST}, port: {broker.port}}}\n"
        f"database: {{host: {HOST}, port: {database.port}, user: {USER}, password: {json.dumps(password)},"
        f" name: {database.name}}}\n"
    )
    if sun:
        prices = folder.absolute() / "prices.yaml"
        prices.write_text("feed_in:\n  - {from: 2024-03-01, price: 0.1269}\n")
        with file.open("a") as configuration:
            configuration.write(f"prices: {json.dumps(str(prices))}\n")
    return file


def choose_port(wanted: int | None) -> int:
    """Return the port that is wanted; if it does not matter the usual one, or another if something listens there.

    Raises:
        InstanceError: the page cannot have the port that is wanted.
    """
    port = wanted or _USUAL
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
        except OSError as error:
            if wanted:
                raise InstanceError(f"port {wanted} for the page: {error.strerror}") from error
            return free_port()
    return port
