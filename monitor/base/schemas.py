"""Pieces of the JSON Schemas of answers."""

from collections.abc import Collection, Mapping
from typing import Any

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
DAY: Schema = {"type": "string", "format": "date"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
WH: Schema = {"type": "integer", "description": "Wh"}
MS: Schema = {"type": "integer", "description": "ms since 1970"}
AMOUNT: Schema = {"type": "integer", "description": "1e-4 EUR, taxes included"}


def described(text: str, schema: Schema) -> Schema:
    """Return a schema with another description."""
    return {**schema, "description": text}


def maybe(schema: Schema, text: str | None = None) -> Schema:
    """Return a schema whose value may be null; `text` describes it."""
    found = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        found["enum"] = [*schema["enum"], None]
    return found if text is None else described(text, found)


def words(*values: str) -> Schema:
    """Return the schema of a text that is one of some words."""
    return {"type": "string", "enum": list(values)}


def several(items: Schema, text: str | None = None) -> Schema:
    """Return the schema of a list."""
    found = {"type": "array", "items": items}
    return found if text is None else described(text, found)


def row(*items: Schema) -> Schema:
    """Return the schema of a list in which each place has its meaning."""
    return {"type": "array", "prefixItems": list(items), "minItems": len(items), "maxItems": len(items)}


def by_name(values: Schema, text: str | None = None) -> Schema:
    """Return the schema of values by a name that an answer chooses."""
    found = {"type": "object", "additionalProperties": values}
    return found if text is None else described(text, found)


def record(properties: Mapping[str, Schema], optional: Collection[str] = ()) -> Schema:
    """Return the schema of an object, which has all its keys but the optional ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": dict(properties)}
