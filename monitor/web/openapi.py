"""The description of the API (OpenAPI 3.1), made from its routes."""

from collections.abc import Iterable
from typing import Any

from common.machine.version import __version__
from monitor.web.parameters import LANGUAGE
from monitor.web.route import LiveRoute, Route

_PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what to change, in the language asked for"},
        "meters": {"type": "array", "items": {"type": "string"}, "description": "one of which must be named"},
    },
}
_PROBLEMS = {
    "400": "The question is wrong.",
    "401": "The page has a password, and the request has no session.",
    "403": "The request comes from another site, or names this machine as nobody here does.",
    "404": "The meter is unknown, or nothing is known of the range.",
    "405": "The interface is read-only.",
    "414": "The address is too long.",
    "503": "The database does not answer, or the answer takes too long.",
}


def document(routes: Iterable[Route | LiveRoute]) -> dict[str, Any]:
    """Return the document; addresses are relative, since only a proxy knows the absolute ones."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "TeleInfo Monitor",
            "version": __version__,
            "description": "What the meter has measured. Energy in whole Wh, money in integers of 1e-4 EUR, times in"
            " UTC. Read-only.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "."}],
        # Without a password (`auth: none`), no session is asked for.
        "security": [{"session": []}, {}],
        "paths": {f"/{route.name}": {"get": _operation(route)} for route in routes},
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
                for status, text in _PROBLEMS.items()
            },
        },
    }


def _operation(route: Route | LiveRoute) -> dict[str, Any]:
    return {
        "operationId": route.name.replace("/", "-").replace(".", "-"),
        "summary": route.text,
        "parameters": [
            {
                "name": parameter.name,
                "in": "query",
                "description": parameter.text,
                "schema": dict(parameter.schema),
                **({"explode": False} if parameter.schema["type"] == "array" else {}),
            }
            for parameter in (*route.parameters, LANGUAGE)
        ],
        "responses": {
            "200": {"description": route.text, "content": {_kind(route.name): {"schema": dict(route.schema)}}},
            **{status: {"$ref": f"#/components/responses/Problem{status}"} for status in _PROBLEMS},
        },
    }


def _kind(name: str) -> str:
    return (
        "text/csv" if name.endswith(".csv") else "text/event-stream" if name.endswith("/stream") else "application/json"
    )
