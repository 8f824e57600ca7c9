"""What the site needs beside mkdocs.yml: links out of docs/ go to the code forge, headings have its anchors."""

import posixpath
import re
from pathlib import Path
from typing import Any

import yaml

_ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"\]\((\.\./[^)\s]+)\)")


def on_config(config: Any) -> None:
    """Take the project's address from where all of the project has it, and make anchors as the forge does."""
    forge = str(yaml.safe_load((_ROOT / "repository.yaml").read_text(encoding="utf-8"))["url"])
    # Not `repo_url`: with it each visitor's browser asks the forge for the number of stars.
    config.extra["social"] = [{"icon": "fontawesome/brands/git-alt", "link": forge, "name": forge}]
    config.mdx_configs["toc"]["slugify"] = _anchor


def on_page_markdown(markdown: str, /, *, page: Any, config: Any, files: Any) -> str:
    """Lead links to files outside docs/ to the forge, where a document stands at `blob/main/docs/`."""

    def outside(link: re.Match[str]) -> str:
        path = posixpath.normpath(f"blob/main/docs/{posixpath.dirname(page.file.src_uri)}/{link[1]}")
        return f"]({config.extra['social'][0]['link']}/{path})"

    return _LINK.sub(outside, markdown)


def on_page_context(context: Any, /, *, page: Any, config: Any, nav: Any) -> None:
    """Say to browsers and readers which language a page is in."""
    config.theme["language"] = "fr" if any(above.title == "Français" for above in page.ancestors) else "en"


def _anchor(heading: str, separator: str) -> str:
    # The space before French punctuation is a no-break one, which the forge drops and Markdown makes an ordinary one.
    without = re.sub(r"[^\w\- ]| (?=[:;?!])", "", heading.lower())
    return without.replace(" ", separator)
