"""The pages of who has not entered: they ask for the password, or for the code as long as there is none.

In French and English; a script only takes the code from the address, and none is needed.
"""

import html
import re
from pathlib import Path
from urllib.parse import parse_qs

from common.machine.deployment import here
from monitor.base.request_errors import RequestError
from monitor.web.http import NO_STORE, Request, Response, language_for, packed, problem

LONGEST_BODY = 4096  # bytes of a form
_NEXT = re.compile(r"[0-9A-Za-z._~,:=&?%+/-]{0,300}")
_TEXTS = {
    "fr": {
        "title": "Mot de passe",
        "label": "Mot de passe de cette page",
        "code_title": "Première visite",
        "code_label": "Code affiché au démarrage",
        "code_help": "Il est à la fin du journal du programme ; cette commande en affiche un autre : {command}",
        "far": "Le code ne s’utilise que depuis le réseau de la maison.",
        "wrong_code": "Ce n’est pas le bon code.",
        "enter": "Entrer",
        "wrong": "Mot de passe incorrect.",
        "wait": "Trop de tentatives. Réessayez dans une minute.",
        "elsewhere": "Cet essai venait d’une autre page. Entrez le mot de passe ici.",
        "unreadable": "Le mot de passe ne peut pas être vérifié pour l’instant. Le journal du programme dit pourquoi.",
    },
    "en": {
        "title": "Password",
        "label": "Password of this page",
        "code_title": "First visit",
        "code_label": "Code shown at the start",
        "code_help": "It is at the end of the program’s log; this command shows another one: {command}",
        "far": "The code can only be used from the home network.",
        "wrong_code": "This is not the right code.",
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
<link rel="stylesheet" href="login.css">{script}
</head>
<body>
<main>
<h1>TeleInfo Monitor</h1>
<form method="post" action="login?lang={language}">
{notice}<label for="password">{label}</label>
{field}
<input type="hidden" name="next" value="{next}">
<button>{enter}</button>
</form>
</main>
</body>
</html>
"""
_FIELD = """\
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="200"
 required autofocus>"""
_CODE = """\
<input id="password" name="password" inputmode="numeric" autocomplete="one-time-code" maxlength="20"
 placeholder="0000-00" aria-describedby="help" required autofocus>
<p id="help">{help}</p>"""
_SCRIPT = '\n<script src="login.js" defer></script>'
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


def login_page(language: str, follow: str, status: int = 200, reason: str = "", *, by_code: bool = False) -> Response:
    """Return the page; `follow` is the address to go to afterwards, `reason` the key of a text."""
    texts = _TEXTS[language]
    if by_code and reason == "wrong":
        reason = "wrong_code"
    command = f"<code>{html.escape(here('teleinfo-monitor').run('teleinfo-monitor', 'password --code'))}</code>"
    notice = f'<p role="alert">{html.escape(texts[reason])}</p>\n' if reason else ""
    text = _PAGE.format(
        language=language,
        title=texts["code_title" if by_code else "title"],
        label=texts["code_label" if by_code else "label"],
        field=_CODE.format(help=texts["code_help"].format(command=command)) if by_code else _FIELD,
        script=_SCRIPT if by_code else "",
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


def _file(name: str, kind: str) -> Response:
    return packed((Path(__file__).parent / name).read_bytes(), f"{kind}; charset=utf-8", Cache_Control="no-cache")


FILES = {"login.css": _file("login.css", "text/css"), "login.js": _file("login.js", "text/javascript")}
