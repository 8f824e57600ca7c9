"""Checks a value against a JSON Schema: as much of it as the API's descriptions use.

What a description of an object's properties does not name is a mistake, unless it says so: `additionalProperties`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_KNOWN = {
    "type", "enum", "const", "properties", "required", "additionalProperties", "items", "prefixItems", "minItems",
    "maxItems", "minimum", "maximum", "pattern", "format", "anyOf", "oneOf", "minLength", "maxLength",
}  # fmt: skip
_SAID = {"description", "title", "default", "examples", "example"}


def check(value: Any, schema: Mapping[str, Any]) -> None:
    """Fail with all that is wrong with a value."""
    assert list(mistakes(value, schema)) == []


def mistakes(value: Any, schema: Mapping[str, Any], where: str = "$") -> Iterator[str]:
    """Yield what is wrong with a value; a schema with a word that is not known here is a mistake itself."""
    unknown = schema.keys() - _KNOWN - _SAID
    if unknown:
        yield f"{where}: the schema has {sorted(unknown)}"
    for word in ("anyOf", "oneOf"):
        if word in schema and all(list(mistakes(value, one, where)) for one in schema[word]):
            yield f"{where}: {value!r:.60} is none of {word}"
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{where}: {value!r:.60} is no {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r:.60} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r:.60} is not {schema['const']}"
    if isinstance(value, dict):
        yield from _in_object(value, schema, where)
    elif isinstance(value, list):
        yield from _in_array(value, schema, where)
    elif isinstance(value, str):
        yield from _in_text(value, schema, where)
    elif isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{where}: {value} is out of range"


def _is(value: Any, wanted: str | list[str]) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    return any(isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool)) for name in names)


def _in_object(value: dict[str, Any], schema: Mapping[str, Any], where: str) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where}.{name} is missing"
    more = schema.get("additionalProperties", "properties" not in schema)
    for name, inner in value.items():
        if name in known:
            yield from mistakes(inner, known[name], f"{where}.{name}")
        elif more is False:
            yield f"{where}.{name} is not described"
        elif isinstance(more, dict):
            yield from mistakes(inner, more, f"{where}.{name}")


def _in_array(value: list[Any], schema: Mapping[str, Any], where: str) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{where}: {len(value)} items"
    first = schema.get("prefixItems", ())
    for number, inner in enumerate(value):
        one = first[number] if number < len(first) else schema.get("items", True)
        if one is False:
            yield f"{where}[{number}] is not described"
        elif isinstance(one, dict):
            yield from mistakes(inner, one, f"{where}[{number}]")


def _in_text(value: str, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r:.60} does not match {schema['pattern']}"
    reads = {"date-time": datetime.fromisoformat, "date": date.fromisoformat}.get(schema.get("format", ""))
    try:
        if reads is not None:
            reads(value)
    except ValueError:
        yield f"{where}: {value!r:.60} is no {schema['format']}"
