"""What a browser calls itself, in two words for a list of sessions. Pure."""

import re

_LONGEST = 400  # characters that are looked at
#: What the name of each stands for; those that others name, too, come last.
_BROWSERS = (
    (r"Edg(?:e|A|iOS)?/", "Edge"),
    (r"(?:OPR|OPT)/", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"(?:Firefox|FxiOS)/", "Firefox"),
    (r"(?:Chrome|CriOS)/", "Chrome"),
    (r"Safari/", "Safari"),
)
_SYSTEMS = (
    (r"Android", "Android"),
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Windows", "Windows"),
    (r"Macintosh", "macOS"),
    (r"CrOS", "ChromeOS"),
    (r"Linux|X11", "Linux"),
)


def browser_name(agent: str) -> str | None:
    """Return the browser and its system, from the header User-Agent; None: neither is known.

    >>> browser_name("Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0")
    'Firefox, Android'
    """
    found = [
        next((name for pattern, name in known if re.search(pattern, agent[:_LONGEST])), None)
        for known in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(name for name in found if name is not None) or None
