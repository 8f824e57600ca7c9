"""Says what the log says of a broker or a port in the language of the screen. Pure.

The log is in English. A note that is not known here is not shown in English either: the screen then says where the
trouble is, and which command tells more.
"""

import re

from reader.watch.texts import Translations

_PORT = r"(?P<where>[^\s:]+(?:://[^\s/]+)?): "
#: How a line of the log begins, and the text that stands for it; the first that fits counts.
_NOTES = tuple(
    (re.compile(pattern), key)
    for pattern, key in (
        (r"The broker (?P<where>\S+) refused the connection", "broker_refuses"),
        (r"The broker (?P<where>\S+) cannot be reached: (?P<reason>[^;]*)", "broker_unreachable"),
        (r"The broker (?P<where>\S+) closed the connection", "broker_ended"),
        (r"The connection to the broker (?P<where>\S+) is lost", "broker_lost"),
        (r".*\bbroker (?P<where>[^\s:]+:\d+)", "broker_trouble"),
        (_PORT + r"no such device", "port_missing"),
        (_PORT + r"permission denied", "port_denied"),
        (_PORT + r"another program has it open", "port_busy"),
        (_PORT + r"connection refused", "port_refused"),
        (_PORT + r"the device was unplugged", "port_unplugged"),
        (_PORT + r"no frame for", "port_silent"),
        (_PORT, "trouble"),
        (r"(?P<where>)", "trouble_somewhere"),
    )
)
_REASONS = {
    "connection refused": "refused",
    "timed out": "timed_out",
    "no route to host": "no_route",
    "network is unreachable": "no_route",
    "name or service not known": "no_name",
    "temporary failure in name resolution": "no_name",
    "no address associated with hostname": "no_name",
}


def translate(note: str, words: Translations) -> str:
    """Return a note of the log in the language of the words."""
    if words.language == "en" or not note:
        return note
    for pattern, key in _NOTES:
        if match := pattern.match(note):
            parts = match.groupdict()
            reason = _REASONS.get((parts.get("reason") or "").strip().lower())
            text = words(key, where=parts["where"])
            return f"{text}{words.colon}{words(reason)}" if reason else text
    raise AssertionError("the last pattern fits everything")
