"""Says to people in French what programs word in English, by one table of sentences a program; numbers, too. Pure."""

import itertools
import os
import re
from collections.abc import Mapping

#: How a message begins: the file and its line, then options.
_PREFIX = re.compile(r"([^\s:]+(?:, line (\d+))?): ")
#: What may stand in some places of a sentence; in the others anything may.
_PARTS = {"n": r"\d+", "word": r"[\w-]+", "words": r"[\w-]+(?:, [\w-]+)*", "_count": r"\d+ [a-z ]+"}
_FIELD = re.compile(r"\{(\w+)\}")

_spoken = "en"  # the language of what this process says to a person


def speak(language: str) -> None:
    """Choose the language of `tr`: fr or en."""
    global _spoken
    _spoken = language


def tr(english: str, french: str) -> str:
    """Return the text in the language that was chosen with `speak`."""
    return _spaced(french) if _spoken == "fr" else english


def language_of(environment: Mapping[str, str] = os.environ) -> str:
    """Return the language of a terminal: fr for a French locale, else en.

    >>> language_of({"LANG": "fr_FR.UTF-8"}), language_of({"LC_ALL": "C", "LANG": "fr_FR.UTF-8"}), language_of({})
    ('fr', 'en', 'en')
    """
    name = next((value for key in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(key))), "")
    return "fr" if name.startswith("fr") else "en"


def language_in(configuration: str) -> str | None:
    r"""Return the language that the text of a configuration names, however wrong the rest is; None: it names none.

    >>> language_in("home_assistant:\n  language: 'en'")
    'en'
    """
    match = re.search(r"^[^#\n]*\blanguage:\s*['\"]?(fr|en)\b", configuration, re.MULTILINE)
    return match and match[1]


class French:
    r"""Finds the sentence that a text was made of, and writes it in French; what is not in the table stays English.

    A table has the French of each English sentence. What is between braces is kept; if its name begins with `_`, it is
    such a sentence itself.

    >>> say = French({"{_what} is expected, not {value}": "il faut {_what}, pas {value}", "a time": "une durée"})
    >>> say("a.yaml, line 3: wait: a time is expected, not 'soon'").replace("\u00a0", " ")
    "a.yaml, ligne 3 : wait : il faut une durée, pas 'soon'"
    """

    def __init__(self, table: Mapping[str, str]) -> None:
        """Take a table; of sentences that fit the same text, the first counts."""
        # One that begins with what it is about fits all that stands before that, too: options are taken off first.
        self._sentences = [
            (_pattern(english), _spaced(french), english.startswith("{file}") or english[0] != "{")
            for english, french in table.items()
        ]

    def __call__(self, text: str) -> str:
        """Return a text in French, as far as the table has it."""
        begin = ""
        while True:
            prefix = _PREFIX.match(text)
            if (sentence := self._sentence(text, begun=prefix is None)) is not None:
                return begin + sentence
            if prefix is None:
                return begin + text
            where = prefix[1] if prefix[2] is None else f"{prefix[1].rpartition(',')[0]}, ligne {prefix[2]}"
            begin, text = f"{begin}{where}\u00a0: ", text[prefix.end() :]

    def _sentence(self, text: str, *, begun: bool) -> str | None:
        """Return the French of a text that is a sentence; `begun`: no file or option stands before it."""
        for pattern, french, anywhere in self._sentences:
            if (begun or anywhere) and (match := pattern.fullmatch(text)):
                parts = match.groupdict()
                return french.format(**{key: self(part) if key[0] == "_" else part for key, part in parts.items()})
        return None


def _spaced(french: str) -> str:
    """Keep signs with the word that they belong to."""
    return re.sub(r" (?=[:;?!»])|(?<=«) ", "\u00a0", french)


def _pattern(english: str) -> re.Pattern[str]:
    places = _FIELD.split(english.replace("{{", "\0").replace("}}", "\1"))
    texts = [re.escape(part.replace("\0", "{").replace("\1", "}")) for part in places[::2]]
    names = [f"(?P<{name}>{_PARTS.get(name, '.+?')})" for name in places[1::2]]
    return re.compile("".join(itertools.chain(*itertools.zip_longest(texts, names, fillvalue=""))), re.DOTALL)


def plural(count: int, noun: str) -> str:
    """Return the number and the noun, in the plural unless the number is 1.

    >>> plural(1, "frame"), plural(0, "frame"), plural(1204, "byte")
    ('1 frame', '0 frames', '1204 bytes')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def format_bytes(size: float) -> str:
    """Write a number of bytes with two digits and a unit.

    >>> format_bytes(9_100_000_000)
    '9.1 GB'
    """
    units = ["B", "kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    unit = units[0]
    text = f"{size:.1f} {unit}" if size < 10 and unit != "B" else f"{size:.0f} {unit}"
    return tr(text, text.replace(".", ",").replace("B", "o"))


def format_days(days: float) -> str:
    """Write a number of days in the largest unit of which there are at least two.

    >>> format_days(5113)
    '14 years'
    """
    if days > 36_525:
        return tr("more than 100 years", "plus de 100 ans")
    units = (("years", "ans", 365.25), ("months", "mois", 30.44), ("days", "jours", 1.0), ("hours", "heures", 1 / 24))
    for english, french, size in units:
        if days >= 2 * size:
            return f"{days / size:.0f} {tr(english, french)}"
    return plural(round(days * 1440), "minute")
