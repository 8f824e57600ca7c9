"""Writes the types of the API's answers, with which `./run check` checks the code of the page."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from monitor.service import ACTIONS, ROUTES
from monitor.web.openapi import document

FILE = Path(__file__).resolve().parents[2] / "deploy/page/answers.d.ts"
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_UNTYPED = {"description", "format", "pattern", "minimum", "maximum", "minItems", "maxItems"}
_TYPED = {"type", "enum", "properties", "required", "additionalProperties", "items", "prefixItems"}


def declarations() -> str:
    """Return the text of the file: a type for each route that answers JSON, and one for problems."""
    described = document([*ROUTES, *ACTIONS])
    types = {"Problem": described["components"]["schemas"]["Problem"]}
    for path, item in described["paths"].items():
        for method, operation in item.items():
            status = next(status for status in operation["responses"] if status.startswith("2"))
            content = operation["responses"][status]["content"]
            if "application/json" in content:
                words = path if method == "get" else f"{method} {path}"
                types[re.sub(r"\W", "", words.title())] = content["application/json"]["schema"]
    return "\n".join(f"export type {name} = {type_of(schema)};\n" for name, schema in types.items())


def type_of(schema: Mapping[str, Any], margin: str = "") -> str:
    """Return a JSON Schema as a type; a keyword that this does not know is an error."""
    if unknown := schema.keys() - _UNTYPED - _TYPED:
        raise ValueError(f"no type for the JSON Schema keywords {', '.join(sorted(unknown))}: add them to {__name__}")
    if "enum" in schema:
        return _union("null" if value is None else f"'{value}'" for value in schema["enum"])
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return _union(_kind(kind, schema, margin) for kind in kinds) or "unknown"


def _kind(kind: str, schema: Mapping[str, Any], margin: str) -> str:
    if kind == "array":
        if "prefixItems" in schema:
            return f"[{', '.join(type_of(item, margin) for item in schema['prefixItems'])}]"
        return f"Array<{type_of(schema.get('items', {}), margin)}>"
    return _object(schema, margin) if kind == "object" else _PLAIN[kind]


def _object(schema: Mapping[str, Any], margin: str) -> str:
    properties: Mapping[str, Any] = schema.get("properties", {})
    if not properties:
        others = schema.get("additionalProperties", {})
        return f"Record<string, {type_of(others, margin) if isinstance(others, Mapping) else 'never'}>"
    inner = margin + "  "
    lines = []
    for name, value in properties.items():
        if text := value.get("description"):
            lines.append(f"{inner}/** {text} */\n")
        mark = "" if name in schema.get("required", ()) else "?"
        lines.append(f"{inner}{name}{mark}: {type_of(value, inner)};\n")
    return f"{{\n{''.join(lines)}{margin}}}"


def _union(types: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(types))


if __name__ == "__main__":
    FILE.write_text(declarations(), encoding="utf-8")
