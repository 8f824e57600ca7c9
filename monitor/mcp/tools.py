"""All tools, how their arguments are read, and what is said of an answer or a refusal."""

import json
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Protocol
from urllib.parse import urlencode

from common.machine.version import full_version
from monitor.mcp import contract, energy, present, told
from monitor.mcp.words import LANGUAGE
from monitor.web.http import Response
from monitor.web.route import Route
from monitor.web.typed import Schema

TOOLS: Sequence[Route] = (
    present.METERS,
    present.NOW,
    energy.ENERGY,
    energy.COST,
    energy.WHY,
    energy.POWER,
    contract.COMPARE,
    contract.TEMPO,
    present.DEVICES,
    told.ALERTS,
)
NAME = "teleinfo-monitor"
INSTRUCTIONS = (
    "The electricity of a French household, as its meter counts it. Energy in Wh, apparent power in VA, costs in EUR"
    " with all taxes, times local with their offset. Costs marked as assumed are those of the regulated prices. All"
    " tools only read."
)
PACKAGE = "mcp>=2.3,<3"


class Answering(Protocol):
    """What answers a route by its name: an `Api` of these tools."""

    async def respond(self, name: str, query: str, language: str, client: str = "") -> Response:
        """Return the answer as JSON, or a problem."""


def how_to_get() -> str:
    """Return the command that installs the SDK for the Python that runs; a package of Debian has no pip of its own."""
    pip = f"{sys.executable} -m pip" if find_spec("pip") else f"sudo python3 -m pip --python {sys.executable}"
    return f"{pip} install '{PACKAGE}'"


def version() -> str:
    """Return what the server says of itself."""
    return full_version()


def arguments_schema(tool: Route) -> Schema:
    """Return the JSON Schema of a tool's arguments."""
    properties = {one.name: {**one.schema, "description": one.text} for one in tool.parameters}
    return {"type": "object", "properties": properties, "additionalProperties": False}


async def call(answering: Answering, name: str, arguments: Mapping[str, Any], client: str) -> tuple[Any, str | None]:
    """Return the answer of a tool, or None and why there is none, as a sentence."""
    if all(one.name != name for one in TOOLS):
        return None, f"There is no tool {name[:60]!r}; known tools: {', '.join(one.name for one in TOOLS)}."
    given = {key: value for key, value in arguments.items() if value is not None}  # models send it for what they omit
    wrong = next((key for key, value in given.items() if not _is_plain(value)), None)
    if wrong is not None:
        return None, f"The argument {wrong[:60]!r} must be a text or a whole number."
    response = await answering.respond(name, urlencode(given), LANGUAGE, client)
    found = json.loads(response.body)
    return (found, None) if response.status == 200 else (None, str(found["detail"]))


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
