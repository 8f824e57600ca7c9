"""Checks a value against the part of JSON Schema that routes use: each key of the schema must be known here."""

from collections.abc import Mapping
from typing import Any

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
_KNOWN = {"type", "description", "required", "properties", "additionalProperties", "items", "enum", "default"}
_KNOWN |= {
    "format",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "pattern",
    "prefixItems",
    "oneOf",
}


def check(value: Any, schema: Mapping[str, Any], where: str = "answer") -> None:
    """Fail with the place of the first value that is not as the schema says; unknown keys of objects fail, too."""
    assert schema.keys() <= _KNOWN, f"{where}: {schema.keys() - _KNOWN} is not checked"
    if "oneOf" in schema:
        # Told apart by the keys that must be there.
        (one,) = [part for part in schema["oneOf"] if isinstance(value, dict) and value.keys() >= set(part["required"])]
        check(value, one, where)
        return
    kinds = schema.get("type")
    if kinds is not None:
        names = [kinds] if isinstance(kinds, str) else kinds
        assert any(_is(value, name) for name in names), f"{where}: {value!r} is not {names}"
    if "enum" in schema:
        assert value in schema["enum"], f"{where}: {value!r}"
    if isinstance(value, dict):
        _check_object(value, schema, where)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            check(item, schema.get("items", {}), f"{where}[{number}]")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        assert schema.get("minimum", value) <= value <= schema.get("maximum", value), f"{where}: {value}"


def _is(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _check_object(value: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> None:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", False)
    assert value.keys() >= set(schema.get("required", ())), f"{where}: {set(schema['required']) - value.keys()}"
    for name, item in value.items():
        assert name in properties or others is not False, f"{where}: {name} is not in the schema"
        of_item = properties.get(name, others)
        check(item, {} if of_item is True else of_item, f"{where}.{name}")
