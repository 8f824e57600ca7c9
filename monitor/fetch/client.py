"""One request to a service outside, and why it failed."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from common.errors import TeleinfoError

Why = Literal["unreachable", "token", "not_allowed", "no_data", "later", "not_understood"]


class FetchFailed(TeleinfoError):
    """A service gave no answer that can be used; said in both languages, never with a secret."""

    def __init__(self, why: Why, fr: str, en: str, *, retry_after: float | None = None) -> None:
        super().__init__(en)
        self.why, self.fr, self.en = why, fr, en
        self.retry_after = retry_after  # seconds, as the service said


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with status 200 and the type that was asked for."""

    content: bytes

    def json(self) -> Any:
        """Return the document.

        Raises:
            FetchFailed: it is none.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise FetchFailed("not_understood", "La réponse est illisible.", "The answer cannot be read.") from error


class Client:
    """Asks over TLS, within time and size, without proxies or redirects, and counts its requests."""

    def get(
        self,
        host: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        types: Collection[str] = ("application/json",),
        longest: int = 5_000_000,
        redirect_to: Collection[str] = (),
    ) -> Answer:
        """Return what a host answers.

        Raises:
            FetchFailed: anything else than 200 of one of the types, whole.
        """
        raise NotImplementedError
