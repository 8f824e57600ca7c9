"""The files of the page: from the built bundle if there is one, else from the sources."""

import hashlib
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from monitor.web.http import NO_STORE, Response, packed

log = logging.getLogger(__name__)

_SEGMENT = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z._-]*")
_SOURCES = (".js", ".css", ".html", ".svg", ".png", ".webmanifest")
_HASHED = re.compile(r"-[0-9A-Z]{8}\.\w+$")  # as esbuild names them
_FILE_NAME = re.compile(r"\.[A-Za-z]\w*$")
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
PLACES = frozenset(["jour", "bilan", "contrats", "etat", "reglages"])  # and "", as frame/main.js names them
IMMUTABLE = "public, max-age=31536000, immutable"
NO_CACHE = "no-cache"
_BASE = re.compile(r'<base href="?[^">]*"?>')


@dataclass(frozen=True, slots=True)
class _Kept:
    changed: tuple[int, int]  # time of the last change and size
    response: Response


class Files:
    """Files below a folder, read again when they change."""

    def __init__(self, folder: Path) -> None:
        """Serve `folder`/dist, where a bundle of these sources was built, else `folder` itself."""
        built = folder / "dist"
        self._built = (built / "index.html").is_file() and _is_made_of(folder, built / "made-of")
        self.folder = built if self._built else folder
        self._kept: dict[str, _Kept] = {}

    def get(self, path: str) -> Response | None:
        """Return a file of the page; None: there is none of this name."""
        kind = _KINDS.get(Path(path).suffix)
        if kind is None or not all(map(_SEGMENT.fullmatch, path.split("/"))):
            return None
        file = self.folder / path
        try:
            found = file.stat()
            changed = (found.st_mtime_ns, found.st_size)
            kept = self._kept.get(path)
            if kept is None or kept.changed != changed:
                immutable = self._built and _HASHED.search(path) is not None
                response = packed(file.read_bytes(), kind, Cache_Control=IMMUTABLE if immutable else NO_CACHE)
                kept = self._kept[path] = _Kept(changed, response)
        except OSError:
            return None
        return kept.response

    def index(self, base: str, language: str = "fr", marks: Iterable[str] = (), first: str = "") -> Response | None:
        """Return the page itself, which begins in a language.

        Args:
            base: where its relative addresses begin.
            language: fr or en, unless the visitor chose one.
            marks: what it is told: `session`, which it offers to end; `app`, that this is Home Assistant's app.
            first: an element with the first answers of the API; nobody may keep the page then.
        """
        response = self.get("index.html")
        if response is None:
            return None
        text = _BASE.sub(f'<base href="{base}">', response.body.decode(), count=1)
        text = text.replace('<html lang="fr"', f'<html lang="{language}"', 1)
        for mark in marks:
            text = text.replace("<html", f"<html data-{mark}", 1)
        text = text.replace("</body>", f"{first}</body>", 1)
        cache = NO_STORE if first else NO_CACHE
        return packed(text.encode(), response.kind, Cache_Control=cache, Vary="Accept-Language")


def _is_made_of(folder: Path, mark: Path) -> bool:
    """Tell whether the sources are those that a bundle was made of: a pull, or an edit, may have changed them since."""
    try:
        if mark.read_text(encoding="utf-8").strip() == sources_digest(folder):
            return True
    except OSError as error:
        log.warning("%s: %s", mark, error.strerror)
    log.warning("%s is out of date; serving the sources instead (./run page rebuilds it)", mark.parent)
    return False


def sources_digest(folder: Path) -> str:
    """Return the digest of the page's sources, as deploy/page/bundle.js computes it."""
    digest = hashlib.sha256()
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in _SOURCES)
    for name in names:
        if not name.startswith("dist/"):
            content = (folder / name).read_bytes()
            digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def is_place(path: str) -> bool:
    """Tell whether a path is one of the page's places, with what is looked at there.

    >>> is_place("etat"), is_place("bilan/2025-09-01..2026-08-31"), is_place(".git/config"), is_place("jour/x.js")
    (True, True, False, False)
    """
    place, _, detail = path.partition("/")
    return not path or (place in PLACES and "/" not in detail and _FILE_NAME.search(detail) is None)
