"""The database over TLS: verified, with a certificate of ours, and never the password in clear text."""

import contextlib
import dataclasses
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.database.mariadb import Database, DatabaseConfig
from common.errors import DatabaseError, PermanentError, Unavailable
from common.settings.config import Tls
from tests.support.certificates import CertificateAuthority
from tests.support.programs import WITHIN
from tests.support.servers import Database as Server

PASSWORD = "not-the-real-one"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("authority"), "home")


@pytest.fixture(scope="module")
def server(
    authority: CertificateAuthority, tmp_path_factory: pytest.TempPathFactory, programs: None
) -> Iterator[Server]:
    certificate, key = authority.sign("server", "IP:127.0.0.1")
    options = [f"--ssl-ca={authority.certificate}", f"--ssl-cert={certificate}", f"--ssl-key={key}"]
    with Server(tmp_path_factory.mktemp("secure"), options=options) as server:
        yield server


def settings(server: Server, tls: Tls | None, **changes: object) -> DatabaseConfig:
    config = DatabaseConfig(host=(server.host,), port=server.port, user=server.user, password=server.password, tls=tls)
    return dataclasses.replace(config, **changes)  # type: ignore[arg-type]


def cipher(config: DatabaseConfig) -> str:
    with contextlib.closing(Database(config).connect()) as connection:
        ((_, name),) = connection.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        return str(name)


def test_a_server_that_our_authority_knows_is_talked_to_over_tls(
    server: Server, authority: CertificateAuthority
) -> None:
    assert cipher(settings(server, Tls(ca=str(authority.certificate))))


def test_over_a_unix_socket_only_tls_that_is_configured_is_used(
    server: Server, authority: CertificateAuthority
) -> None:
    socket_of = str(server.unix_socket)
    assert cipher(settings(server, None, unix_socket=socket_of)) == ""
    assert cipher(settings(server, Tls(ca=str(authority.certificate)), unix_socket=socket_of))


def test_a_server_that_our_authority_does_not_know_is_not_talked_to(server: Server, tmp_path: Path) -> None:
    stranger = CertificateAuthority(tmp_path, "stranger")
    for tls in (Tls(ca=str(stranger.certificate)), Tls()):  # by default the authorities of the system count
        with pytest.raises(Unavailable, match=r"\[SSL\] self-signed.*database\.tls\.ca"):
            Database(settings(server, tls)).connect()


def test_a_certificate_must_be_for_the_name_that_we_call(server: Server, authority: CertificateAuthority) -> None:
    with pytest.raises(Unavailable, match=r"\[SSL\] Hostname mismatch"):
        Database(settings(server, Tls(ca=str(authority.certificate)), host=("localhost",))).connect()


def test_a_server_that_wants_a_certificate_of_ours_gets_it(server: Server, authority: CertificateAuthority) -> None:
    server.sql(f"ALTER USER '{server.user}'@'%' REQUIRE X509")
    try:
        with pytest.raises(PermanentError, match="1045"):
            cipher(settings(server, Tls(ca=str(authority.certificate))))
        certificate, key = authority.sign("storer", "DNS:storer")
        assert cipher(settings(server, Tls(ca=str(authority.certificate), certificate=str(certificate), key=str(key))))
    finally:
        server.sql(f"ALTER USER '{server.user}'@'%' REQUIRE NONE")


@pytest.mark.parametrize("option", ["ca", "certificate", "key"])
def test_a_file_that_is_missing_is_named_and_waited_for(
    server: Server, authority: CertificateAuthority, option: str
) -> None:
    certificate, key = authority.sign(f"for-{option}", "DNS:storer")
    files = {"ca": authority.certificate, "certificate": certificate, "key": key}
    tls = Tls(**{name: str(path) for name, path in files.items()})
    database = Database(settings(server, tls))
    away = files[option].rename(files[option].with_suffix(".away"))
    try:
        with pytest.raises(Unavailable, match=rf"database\.tls\.{option}\b"):
            database.connect()
    finally:
        away.rename(files[option])
    database.connect().close()  # read afresh: certificates are renewed


def test_files_that_cannot_be_used_are_said_in_one_line(server: Server, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("no certificate")
    with pytest.raises(Unavailable, match=r"database\.tls: .*PEM"):
        Database(settings(server, Tls(ca=str(tmp_path / "ca.crt")))).connect()


# -- servers that are not what they seem -------------------------------------------------------------------------------

_SSL, _PLAIN = 0x800, 0x000
_CAPABILITIES = 0x200 | 0x8000 | 0x80000 | 0x8  # protocol 4.1, secure connection, plugins, with a database


class Impostor:
    """Says that it is a MariaDB, and asks for the password in a way of its own; keeps all that it is sent."""

    def __init__(self, plugin: bytes) -> None:
        self.received = b""
        self._plugin = plugin
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(WITHIN)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            client, _ = self._server.accept()
            with client:
                client.settimeout(WITHIN)
                self._send(client, 0, self._greeting())
                self.received += client.recv(65536)
                self._send(client, 2, b"\xfe" + self._plugin + b"\0" + b"Password: ")
                if self._plugin == b"dialog":
                    self._send(client, 3, b"\x02Password: ")
                while piece := client.recv(65536):
                    self.received += piece

    @staticmethod
    def _send(client: socket.socket, number: int, payload: bytes) -> None:
        client.sendall(struct.pack("<I", len(payload))[:3] + bytes([number]) + payload)

    @staticmethod
    def _greeting() -> bytes:
        low, high = (
            struct.pack("<HH", _CAPABILITIES & 0xFFFF, _CAPABILITIES >> 16)[:2],
            struct.pack("<H", _CAPABILITIES >> 16),
        )
        return (
            b"\x0a11.8.0-MariaDB\0" + struct.pack("<I", 1) + b"12345678\0" + low + b"\x2d" + b"\x02\0" + high
            + b"\x15" + b"\0" * 10 + b"123456789012\0" + b"mysql_native_password\0"
        )  # fmt: skip


@pytest.mark.parametrize("plugin", [b"mysql_clear_password", b"dialog"])
def test_the_password_is_never_sent_in_clear_text_without_tls(plugin: bytes) -> None:
    with contextlib.closing(Impostor(plugin)) as impostor:
        config = DatabaseConfig(host=("127.0.0.1",), port=impostor.port, password=PASSWORD)
        with pytest.raises(DatabaseError, match=r"clear text.*database\.tls"):
            Database(config).connect()
    assert b"teleinfo" in impostor.received  # it came as far as that
    assert PASSWORD.encode() not in impostor.received


def test_a_server_without_tls_gets_nothing_of_us_where_tls_is_demanded() -> None:
    with contextlib.closing(Impostor(b"mysql_native_password")) as impostor:
        config = DatabaseConfig(host=("127.0.0.1",), port=impostor.port, password=PASSWORD, tls=Tls())
        with pytest.raises(Unavailable, match=r"no TLS"):
            Database(config).connect()
    assert b"teleinfo" not in impostor.received
