"""Reads YAML; what is wrong with a file is worded for people, with its line, and with the fix.

The parser often fails below the mistake, so the text itself is checked, too. Values are never shown: one of them may be
a password.
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from common.errors import ConfigError
from common.settings.file_errors import NOT_UTF8, reason
from common.settings.lines import Lined

try:
    from yaml import CSafeLoader
except ImportError:  # this PyYAML was built without libyaml
    from yaml import SafeLoader as CSafeLoader  # type: ignore[assignment]


_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")

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


def read_yaml(path: Path, hint: str = "") -> Any:
    """Read a YAML file; a key that occurs twice is refused.

    Raises:
        ConfigError: with the file, the line and the fix; `hint` follows if the file is not there.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}, line {line}: {NOT_UTF8}") from error
    except (OSError, ValueError) as error:
        hint = "" if isinstance(error, PermissionError) else hint
        raise ConfigError(f"{path}: cannot be read: {reason(error)}{hint}") from error
    return parse_yaml(text, str(path))


def parse_yaml(text: str, origin: str) -> Any:
    """Read the text of a YAML file.

    Raises:
        ConfigError: with the file, the line and the fix.
    """
    try:
        return _load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{origin}{_problem(error, text)}") from error


def read_yaml_text(text: str) -> Any:
    """Read YAML that stands in no file.

    Raises:
        ValueError: it is not YAML.
    """
    try:
        return _load(text)
    except yaml.YAMLError as error:
        raise ValueError("not YAML") from error


def write_yaml(value: Any) -> str:
    """Return the text of a document that people read and change."""
    return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=110))


class _Strict(yaml.constructor.SafeConstructor):
    """Refuses a key that occurs twice: the last one would count, while people look at the first.

    Reads digits as they are written: to YAML 1.1 `032161134635` is octal, and `22:08` a number of base 60.
    """

    def construct_number(self, node: yaml.ScalarNode) -> int | str:
        """Return a whole number; what is not written as a decimal one, such as the address of a meter, is text."""
        return int(node.value) if _DECIMAL.fullmatch(node.value) else str(node.value)

    def construct_lined(self, node: yaml.MappingNode) -> Iterator[Lined]:
        """Return a mapping with its lines; what it holds comes later, as it may hold itself."""
        mapping = Lined()
        mapping.line, mapping.lines = node.start_mark.line + 1, {}
        yield mapping
        mapping.update(self.construct_mapping(node))
        mapping.lines = {self.construct_object(key): key.start_mark.line + 1 for key, _ in node.value}

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:  # of what looks like a day, and is none
            raise yaml.MarkedYAMLError(None, None, f"{node.value!r} cannot be: {error}", node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[Any, int] = {}
        for key_node, _ in node.value:
            key = key_node.value
            if isinstance(key_node, yaml.ScalarNode) and key in lines:
                first = lines[key]
                problem = f"duplicate option '{key}' (first on line {first}): leave one out"
                raise yaml.MarkedYAMLError(None, None, problem, key_node.start_mark)
            if isinstance(key_node, yaml.ScalarNode):
                lines[key] = key_node.start_mark.line + 1
        return super().construct_mapping(node, deep)


class _Loader(_Strict, yaml.SafeLoader):
    """Reads YAML in Python; `explain` words its errors."""


class _FastLoader(_Strict, CSafeLoader):
    """Reads YAML with libyaml, several times as fast."""


_Strict.add_constructor("tag:yaml.org,2002:map", _Strict.construct_lined)  # type: ignore[type-var]  # a part of a loader
_Strict.add_constructor("tag:yaml.org,2002:int", _Strict.construct_number)  # type: ignore[type-var]  # a part of a loader


def _load(text: str) -> Any:
    if "\t" not in text:  # libyaml accepts some tabs
        with contextlib.suppress(yaml.YAMLError):
            return yaml.load(text, _FastLoader)  # noqa: S506 - it is a safe one
    return yaml.load(text, _Loader)  # noqa: S506 - it is a safe one


def _problem(error: yaml.YAMLError, text: str) -> str:
    """Return the line, if it is known, and what is wrong."""
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "a typing error")
    if mark is None:
        return f": not YAML: {problem}"
    line = mark.line + 1
    if type(error) is not yaml.MarkedYAMLError:  # that one is ours
        line, problem = explain(problem, text, line, context.line + 1 if context else None)
    return f", line {line}: {problem}"


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
