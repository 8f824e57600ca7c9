"""The files of the page: from the built bundle if there is one, else from the sources."""

import re
from dataclasses import dataclass
from pathlib import Path

from monitor.server.messages import Reply, packed

_SEGMENT = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z._-]*")
_HASHED = re.compile(r"-[0-9A-Z]{8}\.\w+$")  # as esbuild names them
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
IMMUTABLE = "public, max-age=31536000, immutable"
NO_CACHE = "no-cache"
_BASE = re.compile(r'<base href="?[^">]*"?>')


@dataclass(frozen=True, slots=True)
class _Kept:
    changed: tuple[int, int]  # time of the last change and size
    reply: Reply


class Files:
    """Files below a folder, read again when they change."""

    def __init__(self, folder: Path) -> None:
        """Serve `folder`/dist, where a bundle was built, else `folder` itself."""
        built = folder / "dist"
        self._built = (built / "index.html").is_file()
        self._folder = built if self._built else folder
        self._kept: dict[str, _Kept] = {}

    def get(self, path: str) -> Reply | None:
        """Return a file of the page; None: there is none of this name."""
        kind = _KINDS.get(Path(path).suffix)
        if kind is None or not all(map(_SEGMENT.fullmatch, path.split("/"))):
            return None
        file = self._folder / path
        try:
            found = file.stat()
            changed = (found.st_mtime_ns, found.st_size)
            kept = self._kept.get(path)
            if kept is None or kept.changed != changed:
                immutable = self._built and _HASHED.search(path) is not None
                reply = packed(file.read_bytes(), kind, Cache_Control=IMMUTABLE if immutable else NO_CACHE)
                kept = self._kept[path] = _Kept(changed, reply)
        except OSError:
            return None
        return kept.reply

    def index(self, base: str) -> Reply | None:
        """Return the page itself, whose relative addresses begin at `base`."""
        reply = self.get("index.html")
        if reply is None:
            return None
        text = _BASE.sub(f'<base href="{base}">', reply.body.decode(), count=1)
        return packed(text.encode(), reply.kind, Cache_Control=NO_CACHE)


def is_file_name(path: str) -> bool:
    """Tell whether a path means a file, and not a place of the page such as `periode/2025-09-01..2026-08-31`.

    >>> is_file_name("chart/line.js"), is_file_name("jour/2026-11-25"), is_file_name("wp-login.php")
    (True, False, True)
    """
    return re.search(r"\.[A-Za-z]\w*$", path) is not None
