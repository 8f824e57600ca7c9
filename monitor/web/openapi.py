"""The description of the API (OpenAPI 3.1), made from its routes."""

import re
from collections.abc import Iterable
from typing import Any

from common.machine.version import __version__
from monitor.web.parameters import LANGUAGE
from monitor.web.route import Action, LiveRoute, Parameter, Route

_PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what to change, in the language asked for"},
        "meters": {"type": "array", "items": {"type": "string"}, "description": "one of which must be named"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "detail"],
                "properties": {"at": {"type": "string"}, "detail": {"type": "string"}},
            },
            "description": "what is wrong with which field, such as contracts[1].power",
        },
        "value": {"description": "what is there now, of a section that another one has changed"},
        "version": {"type": "integer", "description": "of that value"},
    },
}
_PROBLEMS = {
    "400": "The question is wrong.",
    "401": "The page has a password, and the request has no session.",
    "403": "The request comes from another site, or names this machine as nobody here does.",
    "404": "The meter is unknown, or nothing is known of the range.",
    "405": "The address is not for this method; `Allow` names those that it is for.",
    "414": "The address is too long.",
    "503": "The database does not answer, or the answer takes too long.",
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The entity tag of what is changed, as the last answer had it.",
    "schema": {"type": "string"},
}
_PROBLEMS_OF_CHANGES = {
    "408": "What was sent did not arrive in time.",
    "409": "It is too late: the request runs already, or has ended.",
    "412": "Another one was first: `value` and `version` are what is there now.",
    "413": "What was sent is too long.",
    "415": "What was sent is not of the type that is expected.",
    "422": "A field is wrong: `errors` names each.",
    "428": "`If-Match` is missing.",
    "429": "Too many requests wait already.",
}


def document(routes: Iterable[Route | LiveRoute | Action]) -> dict[str, Any]:
    """Return the document; addresses are relative, since only a proxy knows the absolute ones."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(f"/{route.name}", {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "TeleInfo Monitor",
            "version": __version__,
            "description": "What the meter has measured. Energy in whole Wh, money in integers of 1e-4 EUR, times in"
            " UTC. Changes are sent as JSON, by this page or a program, never by another site.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "."}],
        # Without a password (`auth: none`), no session is asked for.
        "security": [{"session": []}, {}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM},
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "teleinfo-session",
                    "description": "The cookie that `login` gives; its name ends with the port of the program.",
                }
            },
            "responses": {
                f"Problem{status}": {
                    "description": text,
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
                for status, text in (_PROBLEMS | _PROBLEMS_OF_CHANGES).items()
            },
        },
    }


def _operation(route: Route | LiveRoute | Action) -> dict[str, Any]:
    words = re.sub(r"[{}]", "", route.name)
    is_change = isinstance(route, Action)
    problems = _PROBLEMS | _PROBLEMS_OF_CHANGES if is_change else _PROBLEMS
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W", "-", f"{route.method.lower()}-{words}" if is_change else words),
        "summary": route.text,
        "parameters": [_parameter(parameter, route.name) for parameter in (*route.parameters, LANGUAGE)],
        "responses": {
            str(route.status): {
                "description": route.text,
                "content": {_kind(route.name): {"schema": dict(route.schema)}},
            },
            **{status: {"$ref": f"#/components/responses/Problem{status}"} for status in problems},
        },
    }
    if isinstance(route, Action):
        if route.needs_version:
            operation["parameters"].append(_IF_MATCH)
        if route.sent is not None:
            content = {route.sent.value: {"schema": dict(route.body)}}
            operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameter(parameter: Parameter, name: str) -> dict[str, Any]:
    in_path = f"{{{parameter.name}}}" in name
    return {
        "name": parameter.name,
        "in": "path" if in_path else "query",
        "description": parameter.text,
        "schema": dict(parameter.schema),
        **({"required": True} if in_path else {}),
        **({"explode": False} if parameter.schema["type"] == "array" else {}),
    }


def _kind(name: str) -> str:
    return (
        "text/csv" if name.endswith(".csv") else "text/event-stream" if name.endswith("/stream") else "application/json"
    )
