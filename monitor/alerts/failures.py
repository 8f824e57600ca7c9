"""Why a message was not sent, without the address: libraries repeat it in their errors."""

import re

NO_PACKAGE, BAD_ADDRESS, NO_FILE, GONE = "package", "address", "file", "gone"
TIMEOUT, CRASHED, EXPIRED, OTHER = "timeout", "crashed", "expired", "other"

_NUMBERS = (("http", re.compile(r"\berror=([1-5]\d\d)")), ("smtp", re.compile(r"\(([45]\d\d), b['\"]")))
_WORDS = {
    "host": r"Name or service not known|name resolution|No address associated|nodename nor servname",
    "refused": r"Connection refused",
    "certificate": r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
    "tls": r"\[SSL",
    "network": r"Network is unreachable|No route to host",
    TIMEOUT: r"timed? ?out",
}


def reduce(text: str) -> str:
    """Return the code of what a library reported.

    >>> reduce("Failed to send to topic 'secret': Unauthorized, error=401.")
    'http 401'
    >>> reduce("Socket Exception: (535, b'5.7.8 bad password of me@example.org')")
    'smtp 535'
    >>> reduce("HTTPSConnectionPool(host='secret', port=443): Read timed out.")
    'timeout'
    """
    for name, pattern in _NUMBERS:
        if found := pattern.search(text):
            return f"{name} {found[1]}"
    return next((code for code, pattern in _WORDS.items() if re.search(pattern, text)), OTHER)
