"""Sends a test message to addresses, saved or only entered, and reports what the service of each said."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from common.settings.fields import SectionError
from monitor.alerts.trial import said, send_trial
from monitor.base.alert_settings import ADDRESSES
from monitor.base.answer import answer_type
from monitor.base.request_errors import RequestError
from monitor.places.settings.check import refused
from monitor.places.settings.save import saved_addresses, shown, with_urls
from monitor.web.route import Action, ActionRequest, Sent

_MOST = 10  # addresses: each takes a process
_PATIENCE = 20.0  # seconds, for all of them


@answer_type
class TriedAddress:
    """What became of a test message."""

    service: Annotated[str, "such as ntfy"]
    id: Annotated[str | None, "null: the address is not saved"]
    ok: Annotated[bool, "the service took the message"]
    said: Annotated[str, "what the service said, in the language asked for"]


def try_addresses(request: ActionRequest) -> Sequence[TriedAddress]:
    """Send a test message to each address."""
    body, state = request.body, request.config.state
    if not isinstance(body, dict) or set(body) != {"addresses"}:
        raise RequestError("no_addresses")
    given = shown(saved_addresses(state)) if body["addresses"] is None else body["addresses"]
    try:
        urls = ADDRESSES.read(with_urls(state, given))
    except SectionError as error:
        raise refused(error.problems, request.language) from error
    if len(urls) > _MOST:
        raise RequestError("many_addresses", most=_MOST)
    deliveries = send_trial(urls, request.config.household.message_language, _PATIENCE)
    return [
        TriedAddress(one.to.rpartition(" ")[0], _id(entry), one.sent_at is not None, said(one, request.language))
        for one, entry in zip(deliveries, given, strict=True)
    ]


def _id(entry: Any) -> str | None:
    return str(entry["id"]) if isinstance(entry, Mapping) else None


_BODY = {
    "type": "object",
    "required": ["addresses"],
    "properties": {
        "addresses": {
            "description": "Addresses as they would be saved; null: all that are saved.",
            "anyOf": [ADDRESSES.schema(), {"type": "null"}],
        }
    },
    "additionalProperties": False,
}
TRY_ADDRESSES = Action(
    method="POST", name="alerts/test", text="Sends a test message to addresses, and tells what their services said.",
    answer=try_addresses, sent=Sent.JSON, body=_BODY, is_slow=True,
)  # fmt: skip
