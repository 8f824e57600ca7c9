"""What to do about a reason code with which a broker refuses something. Pure."""

UNSPECIFIED, IMPLEMENTATION_SPECIFIC, QUOTA_EXCEEDED = 0x80, 0x83, 0x97
UNSUPPORTED_VERSION, BAD_CREDENTIALS, NOT_AUTHORIZED = 0x84, 0x86, 0x87
KEEPALIVE_TIMEOUT, SESSION_TAKEN_OVER = 0x8D, 0x8E
_NO_ROOM = (IMPLEMENTATION_SPECIFIC, QUOTA_EXCEEDED)
NO_ROOM = "the broker has no room, or a queue of it is away: see its log"


def publish_advice(code: int) -> str:
    """Return what to do about a message that is refused."""
    return NO_ROOM if code in _NO_ROOM else "check its access rules"


def connect_advice(code: int, needed: str) -> str:
    """Return what to do about a connection that is refused; `needed` is the version of MQTT."""
    if code == UNSUPPORTED_VERSION:
        return f"{needed}; trying again"
    if code in (BAD_CREDENTIALS, NOT_AUTHORIZED):
        return "check mqtt.username and mqtt.password, and the broker's access rules"
    return f"{NO_ROOM}; trying again" if code in _NO_ROOM else "trying again"
