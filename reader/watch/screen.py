"""Draws meters on a terminal, as large as it is (rich)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from reader.watch.meter_view import BUCKET, Gauge, Level, View, level_of
from reader.watch.texts import Translations

_LABEL = 12  # columns of what stands before a line
_WIDEST = 110  # columns; what is wider is harder to read
_LOWEST = 5  # rows of the smallest panel
_TALLEST_CHART = 4  # rows
_VALUE = 29  # columns of what stands behind a bar
_NARROWEST = 40  # columns

_STYLES = {Level.CALM: "green", Level.NEAR: "yellow", Level.OVER: "red"}
_ALERT_STYLES = {Level.CALM: "cyan", Level.NEAR: "yellow", Level.OVER: "bold red"}
_COLOURS = {"blue": "blue", "white": "bright_white", "red": "red", "unknown": "bright_black"}
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_DIM = "bright_black"


@dataclass(frozen=True, slots=True)
class Status:
    """What stands below the meters."""

    source: str
    note: str = ""  # what is wrong with it
    advice: str = ""  # while there is no meter


@dataclass(slots=True)
class _Block:
    """Lines that stand together."""

    lines: list[Text]
    rank: int  # the larger, the sooner it is left out
    may_shrink: bool = False
    shown: list[Text] = field(default_factory=list)


class Screen:
    """A terminal while meters are shown on it; afterwards it is as it was."""

    def __init__(self, words: Translations) -> None:
        self._console = Console()
        self._words = words
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
        self._live.update(draw(views, status, self._words, width=width, height=height), refresh=True)


def draw(views: Sequence[View], status: Status, words: Translations, *, width: int, height: int) -> RenderableType:
    """Lay the meters out on a screen of that size."""
    if width < _NARROWEST or height < _LOWEST + 1:
        return Text(words("too_small"))
    width = min(width, _WIDEST)
    rows = height - 1
    shown = views[: max(1, rows // _LOWEST)]
    note = status.note
    if not shown:
        lines = [Text(words("waiting")), *([Text(status.advice, style=_DIM)] if status.advice else [])]
        panels: list[RenderableType] = [Panel(Group(*lines), box=box.ROUNDED, border_style=_DIM, width=width)]
    else:
        if len(shown) < len(views):
            note = note or words("more_meters", number=len(views) - len(shown))
        panels = []
        for place, view in enumerate(shown):
            panel, used = _panel(view, words, width, rows // (len(shown) - place))
            panels.append(panel)
            rows -= used
    return Group(*panels, _footer(status.source, note, words, width))


def _panel(view: View, words: Translations, width: int, rows: int) -> tuple[Panel, int]:
    blocks = [block for block in _blocks(view, words, width - 4) if block.lines]
    lines = _fit(blocks, view, words, width - 4, rows - 2)
    state = ("green", (words("online"), _DIM)) if view.online else ("red", (words("offline"), "red"))
    title = Text.assemble((words("meter", number=view.meter), "bold"), "  ", ("●", state[0]), " ", state[1])
    panel = Panel(
        Group(*lines),
        title=title,
        title_align="left",
        subtitle=Text(_line_texts(view, words, width - 6), style=_DIM),
        subtitle_align="right",
        box=box.ROUNDED,
        border_style=_DIM,
        width=width,
    )
    return panel, len(lines) + 2


def _line_texts(view: View, words: Translations, width: int) -> str:
    line = view.line
    texts = [words("mode", name=view.mode.lower())]
    if line.rate is not None:
        texts.append(words("rate", number=words.number(line.rate, 1)))
    texts.append(words("dropped", share=words.share(line.dropped, line.groups)))
    if line.parity_errors is not None:
        texts.append(words("parity", number=words.number(line.parity_errors)))
    while len(" · ".join(texts)) > width:
        texts.pop()
    return " · ".join(texts)


def _blocks(view: View, words: Translations, width: int) -> list[_Block]:
    """Make the blocks of a meter, in the order in which they stand."""
    if view.power is None and not view.tariff:
        return [_Block([Text(words("waiting"), style=_DIM)], 0)]
    return [
        _Block([Text(f"▲ {alert.text}", style=_ALERT_STYLES[alert.level]) for alert in view.alerts], 1),
        _Block([_power(view.power, words, width)] if view.power else [], 0),
        _Block([_labelled("", Text(" · ".join(view.left), style=_DIM))] if view.left else [], 3),
        _Block([_labelled(words("exporting"), Text(view.exported, style="cyan"))] if view.exported else [], 2),
        _Block([_phase(phase, words, width) for phase in view.phases], 4),
        _Block([_labelled(words("tariff"), Text(" · ".join(view.tariff), style="bold"))] if view.tariff else [], 1),
        _Block([_labelled("", _colours(view))] if view.colours else [], 2),
        _Block(_registers(view, words, width), 6, may_shrink=True),
        _Block([_labelled(words("highest"), Text(view.highest))] if view.highest else [], 7),
    ]


def _fit(blocks: list[_Block], view: View, words: Translations, width: int, rows: int) -> list[Text]:
    """Choose what there are rows for; what is left goes to the chart, and to blank rows."""
    chart = _Block([], 5)
    if view.power is not None and any(power is not None for power in view.history):
        chart.lines = [Text()]
        place = next(i for i, block in enumerate(blocks) if block.rank in (0, 3))
        while place < len(blocks) and blocks[place].rank != 1:
            place += 1
        blocks.insert(place, chart)
    left = rows
    for block in sorted(blocks, key=lambda block: block.rank):
        if len(block.lines) <= left:
            block.shown = block.lines
        elif block.may_shrink:
            block.shown = _registers(view, words, width, most=max(0, left))
        left -= len(block.shown)
    shown = [block for block in blocks if block.shown]
    groups = _groups(shown)
    blanks = max(0, min(left, len(groups) - 1))
    left -= blanks
    if chart.shown:
        chart.shown = _chart(view, words, width, 1 + max(0, min(left, _TALLEST_CHART - 1)))
    lines: list[Text] = []
    for place, group in enumerate(groups):
        if 0 < place <= blanks:
            lines.append(Text())
        lines += [line for block in group for line in block.shown]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def _groups(blocks: list[_Block]) -> list[list[_Block]]:
    """Put together what no blank row stands between."""
    groups: list[list[_Block]] = []
    for block in blocks:
        if groups and ((groups[-1][-1].rank, block.rank) in ((0, 3), (0, 2), (3, 2), (1, 2))):
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _labelled(label: str, text: Text) -> Text:
    gap = " " * max(1, _LABEL - len(label))
    return Text.assemble((label, _DIM), gap, text)


def _power(gauge: Gauge, words: Translations, width: int) -> Text:
    value = Text(f"{words.number(gauge.value)} {gauge.unit}", style=f"bold {_STYLES[gauge.level]}")
    if gauge.limit:
        share = round(100 * gauge.value / gauge.limit)
        value.append(" " + words("of", amount=words.number(gauge.limit)), style=_DIM)
        value.append(f" {share:>4} %")
    return _gauge(gauge, value, width)


def _phase(gauge: Gauge, words: Translations, width: int) -> Text:
    value = Text(f"{words.number(gauge.value):>3} {gauge.unit}", style=_STYLES[gauge.level])
    for more in gauge.more:
        value.append(f"{more:>10}", style=_DIM)
    return _gauge(gauge, value, width)


def _gauge(gauge: Gauge, value: Text, width: int) -> Text:
    room = max(_VALUE, len(value))
    text = Text.assemble((gauge.name, _DIM), " " * max(1, _LABEL - len(gauge.name)))
    columns = width - _LABEL - room - 1
    if gauge.limit and columns >= 4:
        text.append_text(_bar(gauge.value / gauge.limit, columns, _STYLES[gauge.level])).append(" ")
    return text.append(" " * (room - len(value))).append_text(value)


def _bar(share: float, columns: int, style: str) -> Text:
    """Draw a share; heavy and light lines tell it on a terminal without colours, too."""
    full, half = divmod(min(2 * columns, max(0, round(share * 2 * columns))), 2)
    return Text("━" * full + "╾" * half, style=style).append("─" * (columns - full - half), style=_DIM)


def _colours(view: View) -> Text:
    text = Text()
    for place, (when, name, colour) in enumerate(view.colours):
        text.append(f"{'   ' if place else ''}{when} ", style=_DIM).append(f"● {name}", style=_COLOURS[colour])
    return text


def _registers(view: View, words: Translations, width: int, most: int | None = None) -> list[Text]:
    """Draw the indexes, or the most telling of them where there is no room for all."""
    column = min(width - _LABEL, 52)
    telling = sorted(view.registers, key=lambda register: (not register.running, not register.total))[:most]
    lines: list[Text] = []
    for register in (register for register in view.registers if register in telling):
        style = "bold" if register.running else "" if register.total else _DIM
        name = f"{'▸' if register.running else ' '} {register.name}"
        room = max(1, column - len(name) - len(register.energy))
        line = Text(name + " " * room + register.energy, style=style)
        lines.append(_labelled("" if lines else words("indexes"), line))
    return lines


def _chart(view: View, words: Translations, width: int, rows: int) -> list[Text]:
    """Draw the history as columns, each as high as its highest point."""
    known = [power for power in view.history if power is not None]
    highest, limit = max(known), view.power.limit if view.power else None
    points = _sampled(view.history, max(1, width - _LABEL - _VALUE - 1))
    heights = [None if power is None else max(1, round(power / max(highest, 1) * rows * 8)) for power in points]
    lines = []
    for row in range(rows - 1, -1, -1):
        label = words("minutes", number=round(len(view.history) * BUCKET / 60)) if row == 0 else ""
        line = Text.assemble((label, _DIM), " " * max(1, _LABEL - len(label)))
        for power, tall in zip(points, heights, strict=True):
            if power is None or tall is None:
                line.append(" ")
            else:
                line.append(_EIGHTHS[min(8, max(0, tall - 8 * row))], style=_STYLES[level_of(power, limit)])
        if row == rows - 1:
            note = words("highest_of", amount=f"{words.number(highest)} VA")
            line.append(f" {note:>{_VALUE}}", style=_DIM)
        lines.append(line)
    return lines


def _sampled(history: Sequence[int | None], columns: int) -> list[int | None]:
    """Give each column the highest of the points that it stands for."""
    points: list[int | None] = []
    for column in range(columns):
        start = column * len(history) // columns
        end = max(start + 1, (column + 1) * len(history) // columns)
        points.append(max((power for power in history[start:end] if power is not None), default=None))
    return points


def _footer(source: str, note: str, words: Translations, width: int) -> Text:
    end = words("quit")
    room = width - len(end) - 3
    said = note or source
    if len(said) > room:
        said = said[: room - 1] + "…"
    return Text.assemble(" ", (said, "yellow" if note else _DIM), " " * (room - len(said) + 1), (end, _DIM))
