"""Finds French in what English people read."""

import re
from collections.abc import Iterable

from monitor.base.request_errors import TEXTS
from monitor.web.http import TITLES
from tests.support.texts import EN, FR

#: "date-time" is a format of JSON Schema, `en` a language, an instant is one, couleur a part of a host's name.
_BOTH = {"couleur", "date", "en", "instant", "place"}


def _words(text: str) -> set[str]:
    # Letters beside a digit are of a name: the hash of a commit in our version has any of them.
    return set(re.findall(r"(?<![0-9a-zà-ÿœ])[a-zà-ÿœ]{2,}(?![0-9a-zà-ÿœ])", text.lower()))


def _own_words(texts: Iterable[str]) -> set[str]:
    return _words(" ".join(re.sub(r"\{.*?\}", "", text) for text in texts))


_FRENCH = _own_words([*FR.values(), *TITLES["fr"].values(), *(text.fr for text in TEXTS.values())])
_ENGLISH = _own_words([*EN.values(), *TITLES["en"].values(), *(text.en for text in TEXTS.values())])


def french_words(text: str) -> set[str]:
    """Return the words of a text that only our French texts have."""
    return _words(text) & (_FRENCH - _ENGLISH - _BOTH)
