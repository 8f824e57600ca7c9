"""What an answer's type says: its JSON Schema, of which the OpenAPI document and the page's types are made. Pure."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from monitor.base.answer import Absent, More, members

Schema = Mapping[str, Any]

_PLAIN: Mapping[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    Decimal: {"type": "integer", "description": "1e-4 EUR, taxes included"},
    Any: {},
    NoneType: {"type": "null"},
}


def answer_schema(answer: Callable[..., Any]) -> Schema:
    """Return the JSON Schema of what a function says that it returns."""
    return schema_of(get_type_hints(answer, include_extras=True).get("return", Any))


def schema_of(kind: Any) -> Schema:
    """Return the JSON Schema of a type.

    Raises:
        TypeError: an answer cannot hold it.
    """
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin = get_origin(kind)
    if origin is Annotated:
        return _annotated(kind)
    if origin in (Union, UnionType):
        return _nullable(kind)
    if origin is tuple:
        items = [schema_of(item) for item in get_args(kind)]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if origin in (Sequence, list):
        return {"type": "array", "items": schema_of(get_args(kind)[0])}
    if origin in (Mapping, dict):
        return {"type": "object", "additionalProperties": schema_of(get_args(kind)[1])}
    if origin is Literal:
        return _words(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _words([one.value for one in kind])
    if dataclasses.is_dataclass(kind):
        return _record(kind)
    raise TypeError(f"an answer cannot hold {kind}")


def _words(values: Sequence[str]) -> Schema:
    return {"type": "string", "enum": list(values)}


def _annotated(kind: Any) -> Schema:
    more = [mark.keywords for mark in kind.__metadata__ if isinstance(mark, More)]
    # What comes with a type of its own, such as a file, needs no other.
    found = {} if any("type" in keywords for keywords in more) else dict(schema_of(kind.__origin__))
    for mark in kind.__metadata__:
        found |= mark.keywords if isinstance(mark, More) else {"description": mark}
    return found


def _nullable(kind: Any) -> Schema:
    kinds = [one for one in get_args(kind) if one not in (NoneType, Absent)]
    if len(kinds) != 1:
        raise TypeError(f"an answer holds one type or null, not {kind}")
    found = schema_of(kinds[0])
    if NoneType not in get_args(kind):
        return found
    nullable = {**found, "type": [found["type"], "null"]}
    if "enum" in found:
        nullable["enum"] = [*found["enum"], None]
    return nullable


def _record(kind: Any) -> Schema:
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for key, _, hint, inline in members(kind):
        if inline:
            inner = schema_of(hint)
            properties |= inner["properties"]
            required += inner["required"]
        else:
            properties[key] = schema_of(hint)
            if not _may_be_absent(hint):
                required.append(key)
    return {"type": "object", "required": required, "properties": properties}


def _may_be_absent(hint: Any) -> bool:
    inner = hint.__origin__ if get_origin(hint) is Annotated else hint
    return Absent in get_args(inner)
