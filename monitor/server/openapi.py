"""The description of the API (OpenAPI 3.1), made from its routes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from common.machine.version import __version__
from monitor.api.call import Parameter

_PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "en français, ce qu’il faut changer"},
        "meters": {"type": "array", "items": {"type": "string"}, "description": "dont l’un est à nommer"},
    },
}
_PROBLEMS = {
    "400": "La question est incorrecte.",
    "401": "La page a un mot de passe, et la requête n’a pas de session.",
    "403": "La requête vient d’un autre site, ou d’un nom qui n’est pas de cette machine.",
    "404": "Ce compteur est inconnu.",
    "405": "L’interface est en lecture seule.",
    "414": "L’adresse est trop longue.",
    "503": "La base ne répond pas, ou la question est trop longue à calculer.",
}


class Described(Protocol):
    """What is known of a route."""

    @property
    def name(self) -> str:
        """Its path below `api/v1/`."""

    @property
    def text(self) -> str:
        """What it answers."""

    @property
    def parameters(self) -> Sequence[Parameter]:
        """What it can be asked."""

    @property
    def schema(self) -> Mapping[str, Any]:
        """JSON Schema of its answer."""


def document(routes: Iterable[Described]) -> dict[str, Any]:
    """Return the document; addresses are relative, since only a proxy knows the absolute ones."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "TeleInfo Monitor",
            "version": __version__,
            "description": "Ce que le compteur a mesuré. Énergie en Wh entiers, argent en entiers de 1e-4 EUR, dates en"
            " UTC. Lecture seule.",
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
                    "description": "Le cookie que donne « login » ; son nom finit par le port du programme.",
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


def _operation(route: Described) -> dict[str, Any]:
    return {
        "operationId": route.name.replace("/", "-").replace(".", "-"),
        "summary": route.text,
        "parameters": [
            {
                "name": parameter.name,
                "in": "query",
                "description": parameter.text,
                "required": parameter.required,
                "schema": dict(parameter.schema),
            }
            for parameter in route.parameters
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
