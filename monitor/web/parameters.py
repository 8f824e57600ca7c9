"""Reads the parameters of a question as its route describes them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from monitor.base.ranges import Range
from monitor.base.request_errors import RequestError
from monitor.web.route import Parameter

LONGEST_QUERY = 2000
_LONGEST_VALUE = 300
_MOST = 30  # parameters
NONE: Mapping[str, str] = MappingProxyType({})

METER = Parameter(
    "meter", "The meter's address, as in MQTT topics; not needed if there is only one meter.", {"type": "string"}
)
_TIME = "a year, a month or a day (2026-11-24: local midnight), or an instant in ISO 8601 (2026-11-24T17:00:00Z)"
FROM = Parameter("from", f"The beginning: {_TIME}.", {"type": "string"})
TO = Parameter("to", f"The end, exclusive: {_TIME}.", {"type": "string"})
#: Of every route.
LANGUAGE = Parameter(
    "lang",
    "The language of what people read; by default that of the configuration, else of Accept-Language, else French.",
    {"type": "string", "enum": ["fr", "en"]},
)


def whole_number(name: str, text: str, most: int, default: int) -> Parameter:
    """Return a parameter that is a number from 1 on."""
    return Parameter(name, text, {"type": "integer", "minimum": 1, "maximum": most, "default": default})


def choice(name: str, text: str, values: Sequence[str]) -> Parameter:
    """Return a parameter that is one of some words, by default the first."""
    return Parameter(name, text, {"type": "string", "enum": list(values), "default": values[0]})


def choices(name: str, text: str, values: Sequence[str], default: Sequence[str]) -> Parameter:
    """Return a parameter that is a list of some words."""
    items = {"type": "string", "enum": list(values)}
    return Parameter(name, text, {"type": "array", "items": items, "default": list(default)})


class Named(Protocol):
    """A route, or an action."""

    @property
    def name(self) -> str:
        """Its path; `{id}` in it is a parameter."""


T = TypeVar("T", bound=Named)


class Paths(Generic[T]):
    """Finds a route by its path."""

    def __init__(self, routes: Iterable[T]) -> None:
        self._plain = {route.name: route for route in routes}
        self._patterns = [
            (re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", name)), route)
            for name, route in self._plain.items()
            if "{" in name
        ]

    def find(self, path: str) -> tuple[T, Mapping[str, str]] | None:
        """Return the route, and the parameters that its path has."""
        if "{" not in path and (route := self._plain.get(path)) is not None:
            return route, {}
        matches = ((pattern.fullmatch(path), route) for pattern, route in self._patterns)
        return next(((route, match.groupdict()) for match, route in matches if match is not None), None)


def read_parameters(query: str, known: Sequence[Parameter], in_path: Mapping[str, str] = NONE) -> dict[str, Any]:
    """Return the parameters of a query and of a path, each as its schema has it, with the defaults of those not there.

    Raises:
        RequestError: one is unknown, is there twice, or is not as its schema has it.
    """
    if len(query) > LONGEST_QUERY:
        raise RequestError("long_query", most=LONGEST_QUERY)
    try:
        pairs = parse_qsl(query, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise RequestError("unreadable_query") from None
    parameters = {parameter.name: parameter for parameter in (*known, LANGUAGE)}
    values: dict[str, Any] = {}
    for name, text in (*in_path.items(), *pairs):
        if name not in parameters:
            raise RequestError("unknown_parameter", name=_shown(name), known=", ".join(parameters))
        if name in values:
            raise RequestError("doubled_parameter", name=name)
        values[name] = _read(name, text, parameters[name].schema)
    defaults = {one.name: one.schema["default"] for one in known if "default" in one.schema}
    return defaults | values


def range_of(parameters: Mapping[str, Any], zone: ZoneInfo) -> Range:
    """Return the range that parameters name.

    Raises:
        RequestError: a limit is no time, or they are in the wrong order.
    """
    return Range.read(parameters.get("from"), parameters.get("to"), zone, parameters.get("by", "day"))


def _read(name: str, text: str, schema: Mapping[str, Any]) -> str | int | list[str]:
    most = schema.get("maxLength", _LONGEST_VALUE)
    if len(text) > most or not text.isprintable():
        raise RequestError("long_value", name=name, most=most)
    if schema["type"] == "integer":
        least, most = schema["minimum"], schema["maximum"]
        # Python reads other digits than ASCII, too, and underscores; and a long text takes it long.
        digits = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
        if not digits or not least <= int(text) <= most:
            raise RequestError("wrong_number", name=name, value=_shown(text), least=least, most=most)
        return int(text)
    is_list = schema["type"] == "array"
    words, allowed = (text.split(","), schema["items"].get("enum")) if is_list else ([text], schema.get("enum"))
    if allowed is not None and not set(words) <= set(allowed):
        raise RequestError("wrong_choice", name=name, value=_shown(text), known=", ".join(allowed))
    return words if is_list else text


def _shown(value: str) -> str:
    """Return what was sent, short and without control characters, for a sentence."""
    clean = "".join(c if c.isprintable() else "�" for c in value[:60])
    return f"{clean}…" if len(value) > 60 else clean
