"""`message`: the numbers that a device sends on a topic, of which its owner chooses the values of a source."""

from collections.abc import Sequence
from typing import Annotated

from monitor.base.answer import answer_type
from monitor.web.route import LiveRequest, LiveRoute, Parameter

_LONGEST = 200  # characters


@answer_type
class Number:
    """A number in a message."""

    path: Annotated[str, "where it is, as a source names it; empty: the message is the number"]
    value: float


@answer_type
class Numbers:
    """The answer of `message`."""

    numbers: Annotated[Sequence[Number] | None, "of the next message, or the retained one; null: none came in time"]


def numbers(request: LiveRequest) -> Numbers:
    """Return the numbers of a message; wait a moment for it."""
    topic = request.parameters.get("topic", "")
    if not topic or set(topic) & {"+", "#"} or topic.startswith("$"):
        return Numbers(None)
    found = request.live.look.numbers(topic)
    return Numbers(None if found is None else [Number(path, value) for path, value in found.items()])


ROUTE = LiveRoute(
    "message",
    "The numbers in a message of a device, to choose from for a source.",
    (Parameter("topic", "The whole topic.", {"type": "string", "maxLength": _LONGEST}),),
    numbers,
)
