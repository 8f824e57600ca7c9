"""Explains in everyday words what is wrong with a file that is not YAML, and in which line. Pure.

The parser often fails below the mistake, so the text itself is checked, too. Values are never shown: one of them may be
a password.
"""

import re

_NO_SPACE = re.compile(r"\s*(?:-\s+)?[A-Za-z_]+:(?!//)[^\s:]")  # key:value
_OPEN_QUOTE = re.compile(r"""\s*(?:-\s+)?[^#"']*:\s+(["'])(?:(?!\1).)*""")  # key: "value
_SPECIAL = "a text that begins with one of & * ! @ ` % | > [ ] { } needs quotes"
_BRACKET = "a bracket that is opened here is not closed, or a comma is missing"
_COLUMN = "this line does not begin in the same column as the others of its section"
_WORDS = (
    (r"expected (',' or '[}\]]'|the node content, but found '<stream end>')", _BRACKET),
    (r"found '<block mapping start>'", _COLUMN),
    (r"alias|anchor|second occurrence|tag|alphabetic|cannot start any token|unhashable", _SPECIAL),
    (r"chomping|node content|document start", _SPECIAL),
    (r"unknown escape character", "a backslash in double quotes means something: use single quotes"),
    (r"quoted scalar|unexpected end of stream", "a quote is opened here and not closed"),
    (r"could not find expected ':'", "an option is expected, as 'key: value', with a space after the colon"),
    (r"but found '<scalar>'", "something stands behind the closing quote of a value"),
    (r"but found", _COLUMN),
    (r"another document", "a line of --- begins a second document: take it out"),
)


def explain(problem: str, text: str, line: int, began: int | None) -> tuple[int, str]:
    """Return the line with the mistake, and the explanation.

    Args:
        problem: the message of the parser.
        text: the file.
        line: where the parser failed, counted from 1.
        began: where the part that it could not read begins, if known.
    """
    lines = text.splitlines()
    near = lines[line - 1] if line <= len(lines) else ""
    if "'\\t'" in problem:
        return line, "there is a tab: write spaces instead, YAML takes no tabs"
    for number, row in enumerate(lines[:line], 1):
        if _OPEN_QUOTE.fullmatch(row):
            return number, "a quote is opened here and not closed"
        if _NO_SPACE.match(row):
            return number, "a space is missing after the colon"
    if "mapping values" in problem:
        if near.count(": ") > 1:
            return line, "there are two colons: one option a line; a value with a colon and a space in it needs quotes"
        return line, "this line is indented further than the one above it, which has a value already"
    for pattern, words in _WORDS:
        if re.search(pattern, problem):
            opened = pattern.startswith(("expected", "quoted")) and began is not None
            return (began if opened and began else line), words
    return line, "not YAML: " + problem
