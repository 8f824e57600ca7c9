"""Reads YAML; what is wrong with a file is said with its line, and with the fix."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from common.errors import ConfigError
from common.settings.file_errors import NOT_UTF8, reason
from common.settings.lines import Lined
from common.settings.yaml_errors import explain

try:
    from yaml import CSafeLoader
except ImportError:  # this PyYAML was built without libyaml
    from yaml import SafeLoader as CSafeLoader  # type: ignore[assignment]


_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")


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


class _Strict(yaml.constructor.SafeConstructor):
    """Refuses a key that occurs twice: the last one would count, while people look at the first.

    Reads digits as they are written: to YAML 1.1 `032161134635` is octal, and `22:08` a number of base 60.
    """

    def construct_number(self, node: yaml.ScalarNode) -> int | str:
        """Return a whole number; what is not written as a decimal one, such as the address of a meter, is text."""
        return int(node.value) if _DECIMAL.fullmatch(node.value) else str(node.value)

    def construct_lined(self, node: yaml.MappingNode) -> Iterator[Lined]:
        """Return a mapping with its lines; what it holds comes later, as it may hold itself."""
        found = Lined()
        found.line, found.lines = node.start_mark.line + 1, {}
        yield found
        found.update(self.construct_mapping(node))
        found.lines = {self.construct_object(key): key.start_mark.line + 1 for key, _ in node.value}

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
