"""The pages of who has not entered: one asks for the password. In French and English, without a script."""

import html
import re
from pathlib import Path
from urllib.parse import parse_qs

from monitor.base.request_errors import RequestError
from monitor.web.http import NO_STORE, Request, Response, language_for, packed, problem

LONGEST_BODY = 4096  # bytes of a form
_NEXT = re.compile(r"[0-9A-Za-z._~,:=&?%+/-]{0,300}")
_TEXTS = {
    "fr": {
        "title": "Mot de passe",
        "label": "Mot de passe de cette page",
        "enter": "Entrer",
        "wrong": "Mot de passe incorrect.",
        "wait": "Trop de tentatives. Réessayez dans une minute.",
        "elsewhere": "Cet essai venait d’une autre page. Entrez le mot de passe ici.",
        "unreadable": "Le mot de passe ne peut pas être vérifié pour l’instant. Le journal du programme dit pourquoi.",
    },
    "en": {
        "title": "Password",
        "label": "Password of this page",
        "enter": "Enter",
        "wrong": "This is not the right password.",
        "wait": "Too many attempts. Try again in a minute.",
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
<form method="post" action="login?lang={language}">
{notice}<label for="password">{label}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="200" required autofocus>
<input type="hidden" name="next" value="{next}">
<button>{enter}</button>
</form>
</main>
</body>
</html>
"""
_NOTICE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<title>TeleInfo Monitor</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<p>{text}</p>
</html>
"""


def closed(request: Request, refusal: RequestError, configured: str | None) -> Response:
    """Return the refusal of a request, whatever the password: a person gets a page, a program a problem."""
    language = language_for(request, configured)
    if "/api/" in request.path or "text/html" not in request.headers.get("accept", ""):
        return problem(refusal, language)
    return _page(refusal.status, _NOTICE.format(language=language, text=html.escape(refusal.sentence(language))))


def login_page(language: str, follow: str, status: int = 200, reason: str = "") -> Response:
    """Return the page; `follow` is the address to go to afterwards, `reason` the key of a text."""
    texts = _TEXTS[language]
    notice = f'<p role="alert">{html.escape(texts[reason])}</p>\n' if reason else ""
    text = _PAGE.format(
        language=language,
        title=texts["title"],
        label=texts["label"],
        enter=texts["enter"],
        notice=notice,
        next=html.escape(follow, quote=True),
    )
    return _page(status, text)


def _page(status: int, text: str) -> Response:
    return Response(status=status, body=text.encode(), kind="text/html; charset=utf-8").having(Cache_Control=NO_STORE)


def read_form(body: bytes) -> tuple[str, str]:
    """Return the password and the address to go to afterwards, from a form."""
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=10, errors="strict")
    except ValueError:
        return "", ""
    return fields.get("password", [""])[0], safe_next(fields.get("next", [""])[0])


def is_for_everywhere(body: bytes) -> bool:
    """Tell whether the form of who leaves ends all sessions."""
    return body.startswith(b"everywhere=")


def safe_next(address: str) -> str:
    """Return an address below ours; what could lead elsewhere becomes the first page.

    >>> safe_next("jour/2026-11-25?t=07:10..07:25"), safe_next("https://elsewhere.example/"), safe_next("../x")
    ('jour/2026-11-25?t=07:10..07:25', '', '')
    """
    path = address.partition("?")[0]
    # No path of ours has a "%"; a browser would read %2e as a dot.
    if not _NEXT.fullmatch(address) or path.startswith("/") or "%" in path or ".." in path.split("/"):
        return ""
    return "" if "//" in address or path in ("login", "logout") else address


STYLE = packed((Path(__file__).parent / "login.css").read_bytes(), "text/css; charset=utf-8", Cache_Control="no-cache")
