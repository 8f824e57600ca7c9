"""What to do about a reason code with which a broker refuses something. Pure."""

IMPLEMENTATION_SPECIFIC, QUOTA_EXCEEDED = 0x83, 0x97
UNSUPPORTED_VERSION, BAD_CREDENTIALS, NOT_AUTHORIZED = 0x84, 0x86, 0x87
KEEPALIVE_TIMEOUT, SESSION_TAKEN_OVER = 0x8D, 0x8E
RETAIN_NOT_SUPPORTED, QOS_NOT_SUPPORTED = 0x9A, 0x9B  # mosquitto refuses our last will so
SHARED_NOT_SUPPORTED, WILDCARDS_NOT_SUPPORTED = 0x9E, 0xA2
_NO_ROOM = (IMPLEMENTATION_SPECIFIC, QUOTA_EXCEEDED)
NO_ROOM = "the broker has no room, or a queue of it is away: see its log"
ALLOW_RETAINED = "allow retained messages in its configuration (mosquitto: retain_available true)"
ALLOW_QOS_1 = "remove max_qos 0 from its configuration"
NO_SHARE = "remove mqtt.share, and give each storer base topics of its own"


def publish_advice(code: int) -> str:
    """Return what to do about a message that is refused."""
    return NO_ROOM if code in _NO_ROOM else "check its access rules"


def connect_advice(code: int, needed: str) -> str:
    """Return what to do about a connection that is refused; `needed` is the version of MQTT."""
    if code == UNSUPPORTED_VERSION:
        return f"{needed}; trying again"
    if code in (BAD_CREDENTIALS, NOT_AUTHORIZED):
        return "check mqtt.username and mqtt.password, and the broker's access rules"
    if code == RETAIN_NOT_SUPPORTED:
        return f"{ALLOW_RETAINED}; trying again"
    if code == QOS_NOT_SUPPORTED:
        return f"{ALLOW_QOS_1}; trying again"
    return f"{NO_ROOM}; trying again" if code in _NO_ROOM else "trying again"


def subscribe_advice(code: int) -> str:
    """Return what to do about a subscription that is refused."""
    if code == SHARED_NOT_SUPPORTED:
        return NO_SHARE
    if code == WILDCARDS_NOT_SUPPORTED:
        return "see docs/brokers.md"
    return NO_ROOM if code in _NO_ROOM else "allow reading it in its access rules"
