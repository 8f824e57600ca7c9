"""What a message says of a connection that failed: our words, the server's number, and the system's reason."""

import ssl

import pymysql
import pytest

from common.database.mariadb import Connection
from common.errors import DatabaseError


class Broken:
    """A connection of PyMySQL whose socket fails."""

    def __init__(self, code: int, text: str, cause: OSError) -> None:
        self._failure = (code, text, cause)

    def begin(self) -> None:
        code, text, cause = self._failure
        try:
            raise cause
        except OSError:
            raise pymysql.OperationalError(code, text)  # noqa: B904 - as PyMySQL does


def message(code: int, text: str, cause: OSError) -> str:
    connection = Connection(Broken(code, text, cause), "teleinfodb at db:3306")  # type: ignore[arg-type]
    with pytest.raises(DatabaseError) as raised, connection.transaction():
        pass
    return str(raised.value)


@pytest.mark.parametrize(
    ("code", "cause", "said"),
    [
        (2013, ssl.SSLError(1, "[SYS] unknown error (_ssl.c:2580)"), "connection lost (TLS failed) (2013)"),
        (2013, TimeoutError("timed out"), "connection lost (timed out) (2013)"),
        (2006, BrokenPipeError(32, "Broken pipe"), "connection closed by the server (Broken pipe) (2006)"),
        (2003, ConnectionRefusedError(111, "Connection refused"), "cannot connect (Connection refused) (2003)"),
    ],
)
def test_a_lost_connection_is_told_in_our_words_with_its_number(code: int, cause: OSError, said: str) -> None:
    text = f"Lost connection to MySQL server during query ({cause})"
    assert message(code, text, cause) == f"database teleinfodb at db:3306: {said}"


def test_a_refused_certificate_says_why() -> None:
    cause = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1)")
    cause.verify_message = "self-signed certificate"
    assert message(2003, "Can't connect", cause).endswith("cannot connect ([SSL] self-signed certificate) (2003)")


def test_what_the_server_says_stays_as_it_is() -> None:
    assert "Access denied for user 'a'@'b' (1045)" in message(1045, "Access denied for user 'a'@'b'", OSError("x"))
