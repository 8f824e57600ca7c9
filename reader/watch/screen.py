"""Draws meters on a terminal of any size, with rich."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from reader.watch.texts import Translations
from reader.watch.view import SECONDS_PER_POINT, Gauge, Level, View, level_of

_LABEL_WIDTH = 12  # columns before a line
_VALUE_WIDTH = 29  # columns behind a bar
_MAX_WIDTH = 110  # columns; wider is harder to read
_MIN_WIDTH = 40  # columns
_MIN_PANEL_HEIGHT = 5  # rows
_MAX_CHART_HEIGHT = 4  # rows

_STYLES = {Level.CALM: "green", Level.NEAR: "yellow", Level.OVER: "red"}
_ALERT_STYLES = {Level.CALM: "cyan", Level.NEAR: "yellow", Level.OVER: "bold red"}
_COLOURS = {"blue": "blue", "white": "bright_white", "red": "red", "unknown": "bright_black"}
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_DIM = "bright_black"


@dataclass(frozen=True, slots=True)
class Status:
    """The line below the meters."""

    source: str
    note: str = ""  # what is wrong with it
    advice: str = ""  # shown while there is no meter


@dataclass(slots=True)
class _Section:
    """Lines that are shown together."""

    lines: list[Text]
    rank: int  # the larger, the sooner it is omitted
    may_shrink: bool = False
    shown: list[Text] = field(default_factory=list)


class Screen:
    """Shows meters on the terminal's alternate screen, as a context manager."""

    def __init__(self, translate: Translations) -> None:
        self._console = Console()
        self._translate = translate
        self._live = Live(console=self._console, screen=True, auto_refresh=False, redirect_stdout=False,
                          redirect_stderr=False)  # fmt: skip

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, views: Sequence[View], status: Status) -> None:
        """Show the meters."""
        width, height = self._console.size
        self._live.update(draw(views, status, self._translate, width=width, height=height), refresh=True)


def draw(views: Sequence[View], status: Status, translate: Translations, *, width: int, height: int) -> RenderableType:
    """Lay out the meters on a screen of this size."""
    if width < _MIN_WIDTH or height < _MIN_PANEL_HEIGHT + 1:
        return Text(translate("too_small"))
    width = min(width, _MAX_WIDTH)
    rows = height - 1
    shown = views[: max(1, rows // _MIN_PANEL_HEIGHT)]
    note = status.note
    if not shown:
        lines = [Text(translate("waiting")), *([Text(status.advice, style=_DIM)] if status.advice else [])]
        panels: list[RenderableType] = [Panel(Group(*lines), box=box.ROUNDED, border_style=_DIM, width=width)]
    else:
        if len(shown) < len(views):
            note = note or translate("more_meters", number=len(views) - len(shown))
        panels = []
        for place, view in enumerate(shown):
            panel, used = _panel(view, translate, width, rows // (len(shown) - place))
            panels.append(panel)
            rows -= used
    return Group(*panels, _footer(status.source, note, translate, width))


def _panel(view: View, translate: Translations, width: int, rows: int) -> tuple[Panel, int]:
    sections = [section for section in _sections(view, translate, width - 4) if section.lines]
    lines = _fit(sections, view, translate, width - 4, rows - 2)
    state = ("green", (translate("online"), _DIM)) if view.online else ("red", (translate("offline"), "red"))
    title = Text.assemble((translate("meter", number=view.meter), "bold"), "  ", ("●", state[0]), " ", state[1])
    panel = Panel(
        Group(*lines),
        title=title,
        title_align="left",
        subtitle=Text(_line_texts(view, translate, width - 6), style=_DIM),
        subtitle_align="right",
        box=box.ROUNDED,
        border_style=_DIM,
        width=width,
    )
    return panel, len(lines) + 2


def _line_texts(view: View, translate: Translations, width: int) -> str:
    line = view.line
    texts = [translate("mode", name=view.mode.lower())]
    if line.rate is not None:
        texts.append(translate("rate", number=translate.number(line.rate, 1)))
    texts.append(translate("dropped", share=translate.share(line.dropped, line.groups)))
    if line.parity_errors is not None:
        texts.append(translate("parity", number=translate.number(line.parity_errors)))
    while len(" · ".join(texts)) > width:
        texts.pop()
    return " · ".join(texts)


def _sections(view: View, translate: Translations, width: int) -> list[_Section]:
    """Return the sections of a meter, from top to bottom."""
    if view.power is None and not view.tariff:
        return [_Section([Text(translate("waiting"), style=_DIM)], 0)]
    return [
        _Section([Text(f"▲ {alert.text}", style=_ALERT_STYLES[alert.level]) for alert in view.alerts], 1),
        _Section([_power(view.power, translate, width)] if view.power else [], 0),
        _Section([_labelled("", Text(" · ".join(view.details), style=_DIM))] if view.details else [], 3),
        _Section([_labelled(translate("exporting"), Text(view.exported, style="cyan"))] if view.exported else [], 2),
        _Section([_phase(phase, translate, width) for phase in view.phases], 4),
        _Section(
            [_labelled(translate("tariff"), Text(" · ".join(view.tariff), style="bold"))] if view.tariff else [], 1
        ),
        _Section([_labelled("", _colours(view))] if view.colours else [], 2),
        _Section(_registers(view, translate, width), 6, may_shrink=True),
        _Section([_labelled(translate("highest"), Text(view.highest))] if view.highest else [], 7),
    ]


def _fit(sections: list[_Section], view: View, translate: Translations, width: int, rows: int) -> list[Text]:
    """Choose the sections that fit; remaining rows go to the chart and to blank lines."""
    chart = _Section([], 5)
    if view.power is not None and any(power is not None for power in view.history):
        chart.lines = [Text()]
        place = next(i for i, section in enumerate(sections) if section.rank in (0, 3))
        while place < len(sections) and sections[place].rank != 1:
            place += 1
        sections.insert(place, chart)
    remaining = rows
    for section in sorted(sections, key=lambda section: section.rank):
        if len(section.lines) <= remaining:
            section.shown = section.lines
        elif section.may_shrink:
            section.shown = _registers(view, translate, width, most=max(0, remaining))
        remaining -= len(section.shown)
    shown = [section for section in sections if section.shown]
    groups = _groups(shown)
    blanks = max(0, min(remaining, len(groups) - 1))
    remaining -= blanks
    if chart.shown:
        chart.shown = _chart(view, translate, width, 1 + max(0, min(remaining, _MAX_CHART_HEIGHT - 1)))
    lines: list[Text] = []
    for place, group in enumerate(groups):
        if 0 < place <= blanks:
            lines.append(Text())
        lines += [line for section in group for line in section.shown]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def _groups(sections: list[_Section]) -> list[list[_Section]]:
    """Group the sections between which there is no blank line."""
    groups: list[list[_Section]] = []
    for section in sections:
        if groups and ((groups[-1][-1].rank, section.rank) in ((0, 3), (0, 2), (3, 2), (1, 2))):
            groups[-1].append(section)
        else:
            groups.append([section])
    return groups


def _labelled(label: str, text: Text) -> Text:
    gap = " " * max(1, _LABEL_WIDTH - len(label))
    return Text.assemble((label, _DIM), gap, text)


def _power(gauge: Gauge, translate: Translations, width: int) -> Text:
    value = Text(f"{translate.number(gauge.value)} {gauge.unit}", style=f"bold {_STYLES[gauge.level]}")
    if gauge.limit:
        share = round(100 * gauge.value / gauge.limit)
        value.append(" " + translate("of", amount=translate.number(gauge.limit)), style=_DIM)
        value.append(f" {share:>4} %")
    return _gauge(gauge, value, width)


def _phase(gauge: Gauge, translate: Translations, width: int) -> Text:
    value = Text(f"{translate.number(gauge.value):>3} {gauge.unit}", style=_STYLES[gauge.level])
    for detail in gauge.details:
        value.append(f"{detail:>10}", style=_DIM)
    return _gauge(gauge, value, width)


def _gauge(gauge: Gauge, value: Text, width: int) -> Text:
    room = max(_VALUE_WIDTH, len(value))
    text = Text.assemble((gauge.name, _DIM), " " * max(1, _LABEL_WIDTH - len(gauge.name)))
    columns = width - _LABEL_WIDTH - room - 1
    if gauge.limit and columns >= 4:
        text.append_text(_bar(gauge.value / gauge.limit, columns, _STYLES[gauge.level])).append(" ")
    return text.append(" " * (room - len(value))).append_text(value)


def _bar(share: float, columns: int, style: str) -> Text:
    """Draw a share with heavy and light lines, to be read without colours, too."""
    full, half = divmod(min(2 * columns, max(0, round(share * 2 * columns))), 2)
    return Text("━" * full + "╾" * half, style=style).append("─" * (columns - full - half), style=_DIM)


def _colours(view: View) -> Text:
    text = Text()
    for place, (when, name, colour) in enumerate(view.colours):
        text.append(f"{'   ' if place else ''}{when} ", style=_DIM).append(f"● {name}", style=_COLOURS[colour])
    return text


def _registers(view: View, translate: Translations, width: int, most: int | None = None) -> list[Text]:
    """Draw the indexes; at most so many, the running one and the total first."""
    column = min(width - _LABEL_WIDTH, 52)
    chosen = sorted(view.registers, key=lambda register: (not register.running, not register.total))[:most]
    lines: list[Text] = []
    for register in (register for register in view.registers if register in chosen):
        style = "bold" if register.running else "" if register.total else _DIM
        name = f"{'▸' if register.running else ' '} {register.name}"
        room = max(1, column - len(name) - len(register.energy))
        line = Text(name + " " * room + register.energy, style=style)
        lines.append(_labelled("" if lines else translate("indexes"), line))
    return lines


def _chart(view: View, translate: Translations, width: int, rows: int) -> list[Text]:
    """Draw the history as a bar chart."""
    known = [power for power in view.history if power is not None]
    highest, limit = max(known), view.power.limit if view.power else None
    points = _sampled(view.history, max(1, width - _LABEL_WIDTH - _VALUE_WIDTH - 1))
    heights = [None if power is None else max(1, round(power / max(highest, 1) * rows * 8)) for power in points]
    lines = []
    for row in range(rows - 1, -1, -1):
        label = translate("minutes", number=round(len(view.history) * SECONDS_PER_POINT / 60)) if row == 0 else ""
        line = Text.assemble((label, _DIM), " " * max(1, _LABEL_WIDTH - len(label)))
        for power, tall in zip(points, heights, strict=True):
            if power is None or tall is None:
                line.append(" ")
            else:
                line.append(_EIGHTHS[min(8, max(0, tall - 8 * row))], style=_STYLES[level_of(power, limit)])
        if row == rows - 1:
            note = translate("highest_of", amount=f"{translate.number(highest)} VA")
            line.append(f" {note:>{_VALUE_WIDTH}}", style=_DIM)
        lines.append(line)
    return lines


def _sampled(history: Sequence[int | None], columns: int) -> list[int | None]:
    """Return the highest point of each column."""
    points: list[int | None] = []
    for column in range(columns):
        start = column * len(history) // columns
        end = max(start + 1, (column + 1) * len(history) // columns)
        points.append(max((power for power in history[start:end] if power is not None), default=None))
    return points


def _footer(source: str, note: str, translate: Translations, width: int) -> Text:
    end = translate("quit")
    room = width - len(end) - 3
    text = note or source
    if len(text) > room:
        text = text[: room - 1] + "…"
    return Text.assemble(" ", (text, "yellow" if note else _DIM), " " * (room - len(text) + 1), (end, _DIM))
