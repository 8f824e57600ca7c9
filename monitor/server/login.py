"""The pages of who has not entered: one asks for the password. In French and English, without a script."""

import html
import re
from pathlib import Path
from urllib.parse import parse_qs

from monitor.server.messages import NO_STORE, Reply, Request, packed

LONGEST_BODY = 4096  # bytes of a form
_NEXT = re.compile(r"[0-9A-Za-z._~,:=&?%+/-]{0,300}")
_TEXTS = {
    "fr": {
        "title": "Mot de passe",
        "label": "Mot de passe de cette page",
        "enter": "Entrer",
        "wrong": "Ce n’est pas le bon mot de passe.",
        "wait": "Trop d’essais. Réessayez dans {minutes} min.",
        "elsewhere": "Cet essai venait d’une autre page. Entrez le mot de passe ici.",
        "unreadable": "Le mot de passe ne peut pas être vérifié pour l’instant. Le journal du programme dit pourquoi.",
    },
    "en": {
        "title": "Password",
        "label": "Password of this page",
        "enter": "Enter",
        "wrong": "This is not the right password.",
        "wait": "Too many attempts. Try again in {minutes} min.",
        "elsewhere": "That attempt came from another page. Enter the password here.",
        "unreadable": "The password cannot be checked at the moment. The log of the program says why.",
    },
}
_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title} · TeleInfo Monitor</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="icons/app.svg" type="image/svg+xml">
<link rel="stylesheet" href="login.css">
</head>
<body>
<main>
<h1>TeleInfo Monitor</h1>
<form method="post" action="login">
{notice}<label for="password">{label}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="200" required autofocus>
<input type="hidden" name="next" value="{next}">
<button>{enter}</button>
</form>
</main>
</body>
</html>
"""
FOREIGN_NAME = (
    "Cette page n’est pas connue sous ce nom. Si c’est le bon, ajoutez-le à « listen.names » dans monitor.yaml, ou"
    " donnez un mot de passe à la page."
)
_FOREIGN_NAMES = {
    "fr": FOREIGN_NAME,
    "en": "This page is not known under this name. If it is the right one, add it to “listen.names” in monitor.yaml, or"
    " give the page a password.",
}
_NOTICE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<title>TeleInfo Monitor</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<p>{text}</p>
</html>
"""


def foreign_name_page(language: str) -> Reply:
    """Return the page for a browser that asks for us under a name that is not ours; a name is all it may know."""
    text = _NOTICE.format(language=language, text=html.escape(_FOREIGN_NAMES[language]))
    return Reply(status=403, body=text.encode(), kind="text/html; charset=utf-8").having(Cache_Control=NO_STORE)


def language_for(request: Request, configured: str | None) -> str:
    """Return fr or en: that of the configuration, else that of the browser, else French."""
    accepted = request.headers.get("accept-language", "").lower()
    first = next((part.strip()[:2] for part in accepted.split(",") if part.strip()[:2] in _TEXTS), "fr")
    return configured or first


def login_page(language: str, follow: str, status: int = 200, reason: str = "", minutes: int = 0) -> Reply:
    """Return the page; `follow` is the address to go to afterwards, `reason` the key of a text."""
    texts = _TEXTS[language]
    notice = f'<p role="alert">{html.escape(texts[reason].format(minutes=minutes))}</p>\n' if reason else ""
    text = _PAGE.format(
        language=language,
        title=texts["title"],
        label=texts["label"],
        enter=texts["enter"],
        notice=notice,
        next=html.escape(follow, quote=True),
    )
    return Reply(status=status, body=text.encode(), kind="text/html; charset=utf-8").having(Cache_Control=NO_STORE)


def read_form(body: bytes) -> tuple[str, str]:
    """Return the password and the address to go to afterwards, from a form."""
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=10, errors="strict")
    except ValueError:
        return "", ""
    return fields.get("password", [""])[0], safe_next(fields.get("next", [""])[0])


def safe_next(address: str) -> str:
    """Return an address below ours; what could lead elsewhere becomes the first page.

    >>> safe_next("jour/2026-11-25?t=07:10..07:25"), safe_next("https://elsewhere.example/"), safe_next("../x")
    ('jour/2026-11-25?t=07:10..07:25', '', '')
    """
    if not _NEXT.fullmatch(address) or address.startswith("/") or ".." in address.partition("?")[0].split("/"):
        return ""
    return "" if "//" in address or address.partition("?")[0] in ("login", "logout") else address


STYLE = packed((Path(__file__).parent / "login.css").read_bytes(), "text/css; charset=utf-8", Cache_Control="no-cache")
