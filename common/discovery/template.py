"""Templates of Home Assistant that are a path into the message, and a factor. Pure; nothing is evaluated.

    {{ value_json["energy"] }}            {{ value_json.aenergy.total | float | round(2) }}
    {{ value|float/60 }}                  {{ float(value)/1000.0 }}
    {% if 'EAST' in value_json %}{{ value_json.EAST.value }}{% endif %}

A filter binds tighter than * and /, as Jinja has it. A default is not read: one of 0 would invent zeros.
"""

import re
from fractions import Fraction
from typing import NamedTuple

_LONGEST = 300  # characters

_QUOTED = r"""(?:"[^"\\]*"|'[^'\\]*')"""
_PATH = rf"value(?:_json(?:\.\w+|\[\s*(?:{_QUOTED}|\d+)\s*\])*)?"
_NUMBER = r"(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})"
_FILTERS = r"(?:\s*\|\s*(?:float|int|round)(?:\s*\(\s*\d{0,2}(?:\.\d)?\s*\))?)*"
_EXPRESSION = re.compile(
    rf"\{{\{{-?\s*(?:(?P<path>{_PATH})|float\(\s*(?P<inside>{_PATH})\s*\)){_FILTERS}"
    rf"(?:\s*(?P<operator>[*/])\s*(?P<number>{_NUMBER}))?\s*-?\}}\}}",
    re.ASCII,
)
_GUARDED = re.compile(
    rf"\{{%-?\s*if\s+(?P<key>{_QUOTED})\s+in\s+value_json\s*-?%\}}\s*(?P<expression>\{{\{{.*\}}\}})\s*"
    r"\{%-?\s*endif\s*-?%\}"
)
_PART = re.compile(rf"\.(\w+)|\[\s*(?:({_QUOTED})|(\d+))\s*\]", re.ASCII)


class Template(NamedTuple):
    """Where the number is, and what it is multiplied by."""

    path: tuple[str, ...]
    factor: Fraction


def read_template(template: object) -> Template | None:
    """Read a template; no template means that the message is the number. Return None for one of another shape.

    >>> read_template("{{value_json['CONTRACT']['HC BLEU']}}").path
    ('CONTRACT', 'HC BLEU')
    >>> read_template("{{ value|float/60 }}")
    Template(path=(), factor=Fraction(1, 60))
    """
    if template is None:
        return Template((), Fraction(1))
    if not isinstance(template, str) or len(template) > _LONGEST:
        return None
    guarded = _GUARDED.fullmatch(template.strip())
    match = _EXPRESSION.fullmatch(guarded["expression"] if guarded else template.strip())
    if match is None:
        return None
    parts = _PART.findall(match["path"] or match["inside"])
    path = tuple(name or quoted[1:-1] or index for name, quoted, index in parts)
    if guarded and path[:1] != (guarded["key"][1:-1],):
        return None
    factor = Fraction(match["number"]) if match["number"] else Fraction(1)
    if not factor:
        return None
    return Template(path, 1 / factor if match["operator"] == "/" else factor)
