"""Draws meters on a terminal of any size, with rich."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from reader.watch.texts import Translations
from reader.watch.view import SECONDS_PER_POINT, Gauge, Level, View, level_of

_LABEL_WIDTH = 12  # columns, with the gap behind it
_VALUE_WIDTH = 30  # columns behind a bar, with the gap before it
_REGISTERS_WIDTH = 52  # columns
_BARS_FROM = 56  # columns of the screen, from which on there is room for bars beside their values
_MAX_WIDTH = 110  # columns; wider is harder to read
_MIN_WIDTH = 40  # columns
_MIN_PANEL_HEIGHT = 5  # rows
_CHART_HEIGHT = 3  # rows

_STYLES = {Level.CALM: "green", Level.NEAR: "yellow", Level.OVER: "red"}
_ALERT_STYLES = {Level.CALM: "cyan", Level.NEAR: "yellow", Level.OVER: "bold red"}
_COLOURS = {"blue": "blue", "white": "bright_white", "red": "red", "unknown": "bright_black"}
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_DIM = "bright_black"


@dataclass(frozen=True, slots=True)
class Footer:
    """The line below the meters."""

    source: str
    note: str = ""  # what is wrong with it
    advice: str = ""  # shown while there is no meter


class _Rank(IntEnum):
    """The larger, the sooner a section is omitted where the screen is too small."""

    POWER = 0
    TARIFF = 1
    ALERT = 2
    EXPORTED = 3
    SOURCES = 4
    COLOURS = 5
    DETAILS = 6
    PHASES = 7
    MAIN_REGISTER = 8
    CHART = 9
    REGISTER = 10
    HIGHEST = 11
    BLANK = 12


@dataclass(frozen=True, slots=True)
class _Section:
    """Lines that are shown together or not at all."""

    rank: _Rank
    label: str
    content: RenderableType
    height: int = 1


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

    def show(self, views: Sequence[View], footer: Footer) -> None:
        """Show the meters."""
        width, height = self._console.size
        self._live.update(draw(views, footer, self._translate, width=width, height=height), refresh=True)


def draw(views: Sequence[View], footer: Footer, translate: Translations, *, width: int, height: int) -> RenderableType:
    """Lay out the meters on a screen of this size."""
    if width < _MIN_WIDTH or height < _MIN_PANEL_HEIGHT + 1:
        return Text(translate("too_small"))
    rows = height - 1
    shown = views[: max(1, rows // _MIN_PANEL_HEIGHT)]
    note = footer.note
    panels: list[RenderableType] = []
    if not shown:
        lines = [Text(translate("waiting")), *([Text(footer.advice, style=_DIM)] if footer.advice else [])]
        panels.append(Panel(Group(*lines), box=box.ROUNDED, border_style=_DIM))
    elif len(shown) < len(views):
        note = note or translate("more_meters", number=len(views) - len(shown))
    for place, view in enumerate(shown):
        sections = _fitting(
            list(_sections(view, translate, bars=width >= _BARS_FROM)), rows // (len(shown) - place) - 2
        )
        panels.append(_panel(view, sections, translate))
        rows -= sum(section.height for section in sections) + 2
    return Constrain(Group(*panels, _footer(footer.source, note, translate)), _MAX_WIDTH)


def _fitting(sections: list[_Section], rows: int) -> list[_Section]:
    """Return the sections that fit into so many rows."""
    chosen = set()
    for place, section in sorted(enumerate(sections), key=lambda numbered: numbered[1].rank):
        if section.height <= rows:
            chosen.add(place)
            rows -= section.height
    return [section for place, section in enumerate(sections) if place in chosen]


def _panel(view: View, sections: Iterable[_Section], translate: Translations) -> Panel:
    lines: list[RenderableType] = []
    grid = _grid(_LABEL_WIDTH, None)
    for section in sections:
        if section.rank is _Rank.ALERT:
            lines.append(section.content)
        else:
            grid.add_row(Text(section.label, style=_DIM), section.content)
    colour, state = ("green", (translate("online"), _DIM)) if view.online else ("red", (translate("offline"), "red"))
    return Panel(
        Group(*lines, grid),
        title=Text.assemble((translate("meter", number=view.meter), "bold"), "  ", ("●", colour), " ", state),
        title_align="left",
        subtitle=Text(" · ".join(_line_texts(view, translate)), style=_DIM, overflow="ellipsis"),
        subtitle_align="right",
        box=box.ROUNDED,
        border_style=_DIM,
    )


def _line_texts(view: View, translate: Translations) -> Iterator[str]:
    line = view.line
    yield translate("mode", name=view.mode.lower())
    if line.rate is not None:
        yield translate("rate", number=translate.number(line.rate, 1))
    yield translate("dropped", share=translate.share(line.dropped, line.groups))
    if line.parity_errors is not None:
        yield translate("parity", number=translate.number(line.parity_errors))


def _sections(view: View, translate: Translations, *, bars: bool) -> Iterator[_Section]:
    """Yield the sections of a meter, from top to bottom."""
    if view.power is None and not view.tariff:
        yield _Section(_Rank.POWER, "", Text(translate("waiting"), style=_DIM))
        return
    blank = _Section(_Rank.BLANK, "", "")
    for alert in view.alerts:
        yield _Section(_Rank.ALERT, "", Text(f"▲ {alert.text}", _ALERT_STYLES[alert.level], overflow="ellipsis"))
    if view.power:
        yield _Section(_Rank.POWER, view.power.name, _gauges([(view.power, _power(view.power, translate))], bars=bars))
    if view.details:
        yield _Section(_Rank.DETAILS, "", Text(" · ".join(view.details), _DIM))
    if view.exported:
        yield _Section(_Rank.EXPORTED, translate("exporting"), Text(view.exported, "cyan"))
    if view.sources:
        yield _Section(_Rank.SOURCES, translate("sources"), Text(" · ".join(view.sources), overflow="ellipsis"))
    if view.phases:
        yield blank
        phases = _gauges([(phase, _phase(phase, translate)) for phase in view.phases], bars=bars)
        yield _Section(_Rank.PHASES, "\n".join(phase.name for phase in view.phases), phases, len(view.phases))
    if view.power and any(power is not None for power in view.history):
        yield blank
        minutes = translate("minutes", number=round(len(view.history) * SECONDS_PER_POINT / 60))
        yield _Section(_Rank.CHART, minutes, _chart(view, translate, bars=bars), _CHART_HEIGHT)
    if view.tariff:
        yield blank
        yield _Section(_Rank.TARIFF, translate("tariff"), Text(" · ".join(view.tariff), "bold"))
    if view.colours:
        yield _Section(_Rank.COLOURS, "", _colours(view))
    yield from _registers(view, translate, blank)
    if view.highest:
        yield blank
        yield _Section(_Rank.HIGHEST, translate("highest"), view.highest)


def _grid(*widths: int | None) -> Table:
    """Return a table without lines whose columns have these widths, gaps included; None takes what remains.

    Versions of rich do not agree on where padding goes: there is none.
    """
    grid = Table.grid(expand=True)
    for width in widths:
        grid.add_column(width=width, ratio=1 if width is None else None, no_wrap=True)
    return grid


def _gauges(rows: Iterable[tuple[Gauge, Text]], *, bars: bool) -> Table:
    """Lay out bars and their values below each other."""
    grid = _grid(None, _VALUE_WIDTH) if bars else _grid(None)
    for gauge, value in rows:
        value.justify = "right"
        style = _STYLES[gauge.level]
        bar = ProgressBar(gauge.limit, gauge.value, style=_DIM, complete_style=style, finished_style=style)
        grid.add_row(*([bar if gauge.limit else ""] if bars else []), value)
    return grid


def _power(gauge: Gauge, translate: Translations) -> Text:
    value = Text(f"{translate.number(gauge.value)} {gauge.unit}", style=f"bold {_STYLES[gauge.level]}")
    if gauge.limit:
        share = round(100 * gauge.value / gauge.limit)
        value.append(" " + translate("of", amount=translate.number(gauge.limit)), style=_DIM)
        value.append(f"{share:>4} %")
    return value


def _phase(gauge: Gauge, translate: Translations) -> Text:
    value = Text(f"{translate.number(gauge.value):>3} {gauge.unit}", style=_STYLES[gauge.level])
    for detail in gauge.details:
        value.append(f"{detail:>10}", style=_DIM)
    return value


def _colours(view: View) -> Text:
    text = Text()
    for place, (when, name, colour) in enumerate(view.colours):
        text.append(f"{'   ' if place else ''}{when} ", style=_DIM).append(f"● {name}", style=_COLOURS[colour])
    return text


def _registers(view: View, translate: Translations, blank: _Section) -> Iterator[_Section]:
    for place, register in enumerate(view.registers):
        if place == 0:
            yield blank
        important = register.running or register.total
        style = "bold" if register.running else "" if register.total else _DIM
        grid = _grid(None, len(register.energy) + 1)
        energy = Text(register.energy, justify="right")
        grid.add_row(f"{'▸' if register.running else ' '} {register.name}", energy, style=style)
        yield _Section(
            _Rank.MAIN_REGISTER if important else _Rank.REGISTER,
            "" if place else translate("indexes"),
            Constrain(grid, _REGISTERS_WIDTH),
        )


def _chart(view: View, translate: Translations, *, bars: bool) -> RenderableType:
    chart = _Chart(view.history, view.power.limit if view.power else None)
    if not bars:
        return chart
    highest = translate("highest_of", amount=f"{translate.number(chart.highest)} VA")
    grid = _grid(None, _VALUE_WIDTH)
    grid.add_row(chart, Text(highest, _DIM, justify="right"))
    return grid


class _Chart:
    """A bar chart of powers, as wide as there is room; a column shows the highest power of its time."""

    def __init__(self, history: Sequence[int | None], limit: int | None) -> None:
        self.highest = max(power for power in history if power is not None)
        self._history = history
        self._limit = limit

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[Text]:
        lines = [Text() for _ in range(_CHART_HEIGHT)]
        for power in self._sampled(options.max_width):
            eighths = 0 if power is None else max(1, round(power / max(self.highest, 1) * _CHART_HEIGHT * 8))
            for row, line in enumerate(reversed(lines)):
                line.append(_EIGHTHS[min(8, max(0, eighths - 8 * row))], _STYLES[level_of(power or 0, self._limit)])
        yield from lines

    def _sampled(self, columns: int) -> list[int | None]:
        points = []
        for column in range(columns):
            start = column * len(self._history) // columns
            end = max(start + 1, (column + 1) * len(self._history) // columns)
            points.append(max((power for power in self._history[start:end] if power is not None), default=None))
        return points


def _footer(source: str, note: str, translate: Translations) -> RenderableType:
    end = translate("quit")
    grid = _grid(None, len(end) + 1)
    grid.add_row(Text(note or source, "yellow" if note else _DIM), Text(end, _DIM, justify="right"))
    return Padding(grid, (0, 1))
