"""A real SMTP server, which keeps what it is sent."""

import email
import email.policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.support.programs import WITHIN
from tests.support.servers import HOST, PASSWORD, free_port

USER = "house"


class MailServer:
    """A private SMTP server with one account."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self._controller = Controller(
            self, HOST, free_port(), ready_timeout=WITHIN, authenticator=_check, auth_require_tls=False
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def url(self, password: str = PASSWORD) -> str:
        """Return the address that messages go to."""
        query = "mode=insecure&from=linky@example.org&to=owner@example.org"
        return f"mailto://{USER}:{password}@{HOST}:{self._controller.port}?{query}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a message."""
        if not session.authenticated:
            return "530 log in first"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        return "250 taken"


def _check(server: Any, session: Any, envelope: Any, mechanism: str, data: object) -> AuthResult:
    expected = LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=data == expected, handled=False)
