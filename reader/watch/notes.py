"""Translates warnings of the log, which are in English, into the language of the screen. Pure.

They are recognised by how they begin. An unknown one is not shown in English either: the screen then says where the
problem is, and which command shows the details.
"""

import re

from reader.watch.texts import Translations

_PORT = r"(?P<where>[^\s:]+(?:://[^\s/]+)?): "
#: How a warning begins, and the key of its translation; the first match counts.
_NOTES = tuple(
    (re.compile(pattern), key)
    for pattern, key in (
        (r"The broker (?P<where>\S+) refused the connection", "broker_refuses"),
        (r"The broker (?P<where>\S+) cannot be reached: (?P<reason>[^;]*)", "broker_unreachable"),
        (r"The broker (?P<where>\S+) closed the connection", "broker_ended"),
        (r"The connection to the broker (?P<where>\S+) is lost", "broker_lost"),
        (r".*\bbroker (?P<where>[^\s:]+:\d+)", "broker_problem"),
        (_PORT + r"no such device", "port_missing"),
        (_PORT + r"permission denied", "port_denied"),
        (_PORT + r"another program has it open", "port_busy"),
        (_PORT + r"connection refused", "port_refused"),
        (_PORT + r"the device was unplugged", "port_unplugged"),
        (_PORT + r"no frame for", "port_silent"),
        (_PORT, "problem"),
        (r"(?P<where>)", "problem_somewhere"),
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


def translate_warning(warning: str, translate: Translations) -> str:
    """Return a warning of the log in the language of the screen; an English one is returned as it is."""
    if translate.language == "en" or not warning:
        return warning
    for pattern, key in _NOTES:
        if match := pattern.match(warning):
            groups = match.groupdict()
            reason = _REASONS.get((groups.get("reason") or "").strip().lower())
            text = translate(key, where=groups["where"])
            return f"{text}{translate.colon}{translate(reason)}" if reason else text
    raise AssertionError("the last pattern matches everything")
