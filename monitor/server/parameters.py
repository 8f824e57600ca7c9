"""Checks the parameters of a call against those of its route."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from monitor.api.call import Parameter, Refused

LONGEST_QUERY = 2000
_LONGEST_VALUE = 300
_MOST = 30  # parameters


def read_parameters(query: str, known: Sequence[Parameter]) -> dict[str, str]:
    """Return the parameters of a query: only known ones, each once and as its schema has it.

    Raises:
        Refused: they are not.
    """
    if len(query) > LONGEST_QUERY:
        raise Refused(414, f"L’adresse est trop longue : {LONGEST_QUERY} caractères de paramètres au plus.")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise Refused(400, "Les paramètres ne sont pas lisibles : du texte en UTF-8 est attendu.") from None
    parameters = {parameter.name: parameter for parameter in known}
    values: dict[str, str] = {}
    for name, value in pairs:
        if name not in parameters:
            listed = ", ".join(parameters) or "aucun"
            raise Refused(400, f"Le paramètre {shown(name)} est inconnu ici. Connus : {listed}.")
        if name in values:
            raise Refused(400, f"Le paramètre {name} est donné deux fois.")
        wanted = expected(value, parameters[name].schema)
        if wanted is not None:
            raise Refused(400, f"Le paramètre {name} n’est pas valable : {shown(value)}. Attendu : {wanted}.")
        values[name] = value
    for parameter in known:
        if parameter.required and parameter.name not in values:
            raise Refused(400, f"Le paramètre {parameter.name} manque : {parameter.text}")
    return values


def shown(value: str) -> str:
    """Return what was sent, short and without control characters, for a sentence."""
    clean = "".join(c if c.isprintable() else "�" for c in value[:60])
    return f"« {clean}{'…' if len(value) > 60 else ''} »"


def expected(value: str, schema: Mapping[str, Any]) -> str | None:
    """Return what would be right instead of the value; None: it is right."""
    if len(value) > min(schema.get("maxLength", _LONGEST_VALUE), _LONGEST_VALUE) or not value.isprintable():
        return f"{min(schema.get('maxLength', _LONGEST_VALUE), _LONGEST_VALUE)} caractères imprimables au plus"
    if "enum" in schema:
        return None if value in map(str, schema["enum"]) else " ou ".join(map(str, schema["enum"]))
    if len(value) < schema.get("minLength", 0):
        return f"{schema['minLength']} caractères au moins"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return str(schema.get("description") or schema.get("examples", [schema["pattern"]])[0])
    if schema.get("type") == "boolean":
        return None if value in ("true", "false") else "true ou false"
    if schema.get("type") in ("integer", "number"):
        return _number(value, schema)
    return None


def _number(value: str, schema: Mapping[str, Any]) -> str | None:
    whole = schema["type"] == "integer"
    low, high = schema.get("minimum"), schema.get("maximum")
    limits = "".join([f", {low} au moins" if low is not None else "", f", {high} au plus" if high is not None else ""])
    wanted = f"un nombre{' entier' if whole else ''}{limits}"
    if not re.fullmatch(r"-?[0-9]{1,15}" if whole else r"-?[0-9]{1,15}(\.[0-9]{1,9})?", value):
        return wanted
    number = float(value)
    return wanted if (low is not None and number < low) or (high is not None and number > high) else None
