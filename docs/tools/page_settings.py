"""Writes docs/settings.md: the document of `teleinfo-monitor settings`, and what each of its keys takes.

And the forms of the page's stand, which are those of the API.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from common.settings.yaml_file import write_yaml
from monitor.money.sections import SECTIONS

_ROOT = Path(__file__).resolve().parents[2]
FILE = _ROOT / "docs/settings.md"
FORMS = _ROOT / "tests/page/stand/fields.json"
_HEAD = """\
# Settings as a document

Contracts, prices, names, notes, alerts, sources and the rest are set in the page, *Réglages*. For whoever likes files
or moves house, all of it is one YAML document, too:

```sh
teleinfo-monitor settings show > household.yaml
teleinfo-monitor settings check household.yaml    # what is wrong in it; nothing is saved
teleinfo-monitor settings load household.yaml     # says what changes and asks; --yes
```

`load` takes the sections that the file has, and leaves all others. It also takes the keys
of a `monitor.yaml`, `storer.yaml` or `prices.yaml` of an earlier version; the file may keep them only as comments.
Addresses of alerts are secrets: `show` prints none of them. Before anything is set:

"""
_WORDS = {
    "text": "text",
    "integer": "whole number",
    "number": "number",
    "switch": "`true` or `false`",
    "day": "day, such as 2026-10-03",
    "custom": "",
}
#: Where the keys are that no field declares.
_ELSEWHERE = {
    "prices": "[`offers`, `rules`](energy.md#your-prices), [`feed_in`](sun.md#euros), `alsace_moselle`",
    "alerts.rules": "[a rule](alerts.md#what-is-reported): `true` or `false`",
    "sources[].topic": "[one, or one for each value](sources.md#devices)",
}


def page() -> str:
    """Return the text of the page."""
    document = write_yaml({name: section.default for name, section in SECTIONS.items() if not section.secret})
    parts = [f"{_HEAD}```yaml\n{document}```\n"]
    for name, section in SECTIONS.items():
        english, french = section.form("en"), section.form("fr")
        text = f"\n## {name}\n\n**{english['label']}** (*{french['label']}*)"
        text += f": {english['help'].removesuffix('.')}.\n" if english["help"] else "\n"
        table = list(_rows(name, english, french))
        parts.append(f"{text}\n| key | | value |\n|---|---|---|\n{''.join(table)}")
    return "".join(parts)


def forms() -> str:
    """Return what `settings/fields` answers, by language."""
    by_language = {
        language: {name: section.form(language) for name, section in SECTIONS.items()} for language in ("fr", "en")
    }
    return json.dumps(by_language, ensure_ascii=False, indent=2) + "\n"


def _rows(path: str, english: Mapping[str, Any], french: Mapping[str, Any]) -> Iterator[str]:
    """Yield the row of each field below a node."""
    match english["kind"]:
        case "record":
            for field, in_french in zip(english["fields"], french["fields"], strict=True):
                yield from _rows(f"{path}.{field['name']}", field, in_french)
        case "list":
            yield from _rows(f"{path}[]", english["item"], french["item"])
        case "map":
            yield from _rows(f"{path}.{english['key']['label'] or 'NAME'}", english["item"], french["item"])
        case _:
            label = f"{english['label']} (*{french['label']}*)" if english["label"] else ""
            yield f"| `{path}` | {label} | {_ELSEWHERE.get(path) or _value(english)} |\n"


def _value(node: Mapping[str, Any]) -> str:
    """Return what a field takes, in words."""
    if node["kind"] == "choice":
        words = [", ".join(f"`{choice['value']}`" for choice in node["choices"])]
    else:
        words = [_WORDS[node["kind"]]]
    words += [f"such as {node['example']}" if node.get("example") else "", node["unit"]]
    low, high = node.get("low"), node.get("high")
    if low is not None and high is not None:
        words.append(f"{low:g} to {high:g}")
    elif low is not None or high is not None:
        words.append(f"from {low:g}" if low is not None else f"up to {high:g}")
    words.append(f"{node['help'][:1].lower()}{node['help'][1:]}".removesuffix("."))
    if not node.get("required", True) and node.get("default") is not None:
        words.append(f"by default `{json.dumps(node['default'], ensure_ascii=False).strip(chr(34))}`")
    return ", ".join(word for word in words if word)


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
    FORMS.write_text(forms(), encoding="utf-8")
