"""Writes rows as a Markdown table, and the page around it. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.figures import Figures, Row


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of one measurement: its name on the command line, what it does, and why some rows have no figures."""

    name: str
    how: str
    rows: Sequence[Row]


_FOLDERS = re.compile(r"(?<![\w.:/])/(?:[^/\s]+/)*(?=\w)")  # of an absolute path: a reason may quote an error

_HEAD = ("| what | ratio | target | ours | against | theirs |", "|---|---|---|---|---|---|")

_INTRODUCTION = """\
# Performance

Written by `./run bench`: not to be edited. Ours and theirs run at the same time. A ratio is that of one round: a
machine that is slow or busy slows both. Figures are *min / median / max* of the rounds. Targets are for ratios, or,
where the column *ratio* is empty, for our own figure. CPU times are judged by their minimum, all else by the median.
"""

_REPEAT = """\
## How to repeat

```sh
./run bench                # everything, and writes this page
./run bench --quick        # a short form that only shows that everything works: its figures say little
./run bench --only latency # one measurement; prints its rows and leaves this page as it is
```

The peer is installed from `tests/bench/peers/package-lock.json`. If it cannot be, it is listed as not measured.
"""


def page(sections: Sequence[Section], about: str) -> str:
    """Return the whole page `docs/performance.md`; `about` says where and when it was measured."""
    parts = [_INTRODUCTION, about]
    missed = dict.fromkeys(
        f"{_title(section)}: {row.what}" for section in sections for row in section.rows if row.verdict == "missed"
    )
    parts.append(f"Targets missed: {'; '.join(missed) if missed else 'none'}.\n")
    parts.extend(f"## {_title(section)}\n\n{text(section)}" for section in sections)
    parts.append(_REPEAT)
    return "\n".join(parts)


def _title(section: Section) -> str:
    return section.name.replace("_", " ").capitalize()


def text(section: Section) -> str:
    """Return a section's explanation, its table, and what was not measured."""
    lines = [section.how, ""]
    measured = [row for row in section.rows if row.ours]
    if measured:
        lines += [*_HEAD, *(_line(row) for row in measured), ""]
    lines += [f"- {row.what}: {_FOLDERS.sub('', row.note)}" for row in section.rows if row.note]
    return "\n".join(lines).rstrip() + "\n"


def _line(row: Row) -> str:
    ratio = row.ratio
    cells = (
        row.what,
        "" if ratio is None else _figures(ratio),
        _target(row),
        f"{_figures(Figures.of(row.ours))} {row.unit}".strip(),
        row.against,
        f"{_figures(Figures.of(row.theirs))} {row.unit}".strip() if row.theirs else "",
    )
    return f"| {' | '.join(cells)} |"


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    wanted = f"{row.target.limit} {number(row.target.value)}"
    figure = row.decisive or 0
    return f"{wanted}: {number(figure)}" if row.verdict == "met" else f"{wanted}: **{number(figure)}**, missed"


def _figures(figures: Figures) -> str:
    if figures.min == figures.max:
        return number(figures.median)
    return " / ".join(map(number, (figures.min, figures.median, figures.max)))


def number(value: float) -> str:
    """Return a number with three significant digits, or all before the point.

    >>> [number(value) for value in (0.0352, 2.5, 26.54, 345.2, 31_456.7)]
    ['0.035', '2.5', '26.5', '345', '31,457']
    """
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}".removesuffix(".0")
    if abs(value) >= 0.1:
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{value:.3f}"
