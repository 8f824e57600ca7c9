"""Why a request fails, in the words of the page."""

from collections.abc import Mapping
from typing import Any

from common.errors import TeleinfoError
from common.runtime.logs import redact_prm
from common.settings.language import French
from storer.config.french import TEXTS


class Failed(TeleinfoError):
    """A request cannot be carried out; said in both languages, with what else the page needs to know."""

    def __init__(self, fr: str, en: str, more: Mapping[str, Any] | None = None) -> None:
        super().__init__(en)
        self.fr, self.en = fr, en
        self.more = dict(more or {})


class NotNow(TeleinfoError):
    """Something else is going on that a request has to wait for."""


def failed(error: TeleinfoError) -> Failed:
    """Return the failure for an error whose sentence stands in the table of French."""
    text = redact_prm(str(error))
    return Failed(French(TEXTS)(text), text)
