"""`alerts`: what is wrong now and was lately, and what was sent. It answers while the database is away."""

from typing import Annotated, Any

from monitor.base.answer import More
from monitor.base.household import KINDS
from monitor.base.schemas import COUNT, FLAG, INSTANT, TEXT, described, maybe, record, several, words
from monitor.web.call import LiveCall, LiveRoute

_KIND = words(*KINDS)
_TEXTS = record({"fr": TEXT, "en": TEXT})
#: What the event `alerts` of `live/stream` carries is a list of these.
_EVENT = record(
    {
        "id": TEXT,
        "kind": _KIND,
        "meter": maybe(TEXT, "null: of the whole installation"),
        "began": INSTANT,
        "ended": maybe(INSTANT, "null: it goes on; of what does not last, as began"),
        "path": described("of the page that shows more of it", TEXT),
        "text": _TEXTS,
    }
)
_ADDRESS = record(
    {
        "name": described("its kind and number such as ntfy 1, never the address", TEXT),
        "sent": COUNT,
        "waiting": described("are tried again", COUNT),
        "failed": described("are given up", COUNT),
        "sent_at": maybe(INSTANT, "the last time"),
        "failed_at": maybe(INSTANT, "the last failure of a message that is not sent"),
        "why": maybe(TEXT, "why it failed: a word, or http or smtp with a number"),
    }
)
_SCHEMA = record(
    {
        "sends": described("messages are sent somewhere", FLAG),
        "rules": several(record({"name": _KIND, "on": FLAG, "text": _TEXTS}), "of which of them messages are sent"),
        "active": several(_EVENT, "what goes on"),
        "past": several(_EVENT, "what is over, newest first"),
        "addresses": several(_ADDRESS, "what became of the last messages to each"),
    }
)


def answer(call: LiveCall) -> Annotated[Any, More(**_SCHEMA)]:
    """Return the alerts of all meters."""
    return call.live.alerts.answer()


ROUTE = LiveRoute(
    "alerts",
    "What is wrong now, the last thirty alerts that are over, and what became of the last messages.",
    (),
    answer,
)
