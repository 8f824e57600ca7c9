"""Record `teleinfo-reader watch` as an animated SVG, for the README: `python -m docs.tools.record_watch [FILE]`.

The real command runs on a pseudo-terminal and reads a simulated meter, in whose house time passes thirty times as fast:
in half a minute of a real evening, little happens. A text that does not change from one picture to the next is written
once. The recording repeats for ever; a viewer that cannot animate shows its first picture.
"""

import argparse
import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import groupby
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style

from reader.simulator.meter import SimulatedMeter

COLUMNS, ROWS = 92, 25  # of the terminal
SECONDS = 24.0  # of the recording
WARM_UP = 90.0  # seconds before it: the chart of the power has a history then
APART = 0.9  # seconds between two pictures, at least
KIND = "standard-three-phase-tempo"
BEGIN = datetime(2026, 11, 24, 17, 39, tzinfo=UTC)  # of the warm-up; the house draws too much at 18:32
SPEED = 30  # times as fast as a real house
PICTURES = Path(__file__).parents[1] / "pictures"

_HOME = b"\x1b[H"  # with which rich begins each picture
_CELL, _LINE, _SIZE = 8.4, 18.0, 14  # pixels: the width of a column, the height of a row, the size of the font
_EDGE, _BAR = 12.0, 30.0  # pixels around the text; the title bar
_FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_BACKGROUND, _FOREGROUND = "#0d1117", "#c9d1d9"
#: The colours of the terminal that `watch` uses, by number.
_COLOURS = {
    1: "#ff7b72",  # red
    2: "#56d364",  # green
    3: "#e3b341",  # yellow
    4: "#79c0ff",  # blue
    6: "#76e3ea",  # cyan
    8: "#8b949e",  # bright black
    15: "#ffffff",  # bright white
}

Picture = list[str]  # what a picture consists of: elements of SVG, each a text at its place


@contextlib.contextmanager
def meter() -> Iterator[str]:
    """Run the meter on a pseudo-terminal; yield the name of its port."""
    simulated, stop = SimulatedMeter(KIND), threading.Event()
    line, other_end = pty.openpty()
    tty.setraw(other_end)

    def run() -> None:
        began = time.monotonic()
        while not stop.wait(1.0):
            os.write(line, simulated.frame(BEGIN + timedelta(seconds=SPEED * (time.monotonic() - began))))

    thread = threading.Thread(target=run, name="meter")
    thread.start()
    try:
        yield os.ttyname(other_end)
    finally:
        stop.set()
        thread.join()
        os.close(line)
        os.close(other_end)


def record(port: str, language: str) -> list[tuple[float, bytes]]:
    """Run the command for a while; return its pictures, each with the second of the recording at which it came."""
    terminal, other_end = pty.openpty()
    termios.tcsetwinsize(other_end, (ROWS, COLUMNS))
    command = [sys.executable, "-P", "-m", "reader", "watch", "--port", port, "--language", language]
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "", "TZ": "Europe/Paris"}
    process = subprocess.Popen(command, stdin=other_end, stdout=other_end, env=environment, start_new_session=True)
    os.close(other_end)
    output, arrivals = b"", []
    try:
        began = time.monotonic()
        while (now := time.monotonic() - began - WARM_UP) < SECONDS:
            if select.select([terminal], [], [], 0.1)[0]:
                output += os.read(terminal, 65536)
                *whole, output = output.split(_HOME)
                arrivals += [(now, picture) for picture in whole]
            elif process.poll() is not None:
                raise SystemExit(f"watch ended with {process.returncode}: {output.decode(errors='replace')}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        os.close(terminal)
    # The last picture before the recording is its first.
    first = max(place for place, (at, _) in enumerate(arrivals) if at <= 0)
    pictures: list[tuple[float, bytes]] = []
    for at, picture in arrivals[first:]:
        if not pictures or at - pictures[-1][0] >= APART:
            pictures.append((max(0.0, at), picture))
    return pictures


def texts_of(screen: bytes) -> Picture:
    """Return the texts of one picture as the terminal shows it."""
    console = Console(width=COLUMNS, color_system="256", force_terminal=True)
    lines = AnsiDecoder().decode(screen.decode(errors="replace").replace("\r", ""))
    return [text for row, line in enumerate(lines) for text in _texts_of_row(line.render(console), row)]


def _texts_of_row(segments: Iterable[Segment], row: int) -> Iterator[str]:
    y, column = _BAR + (row + 1) * _LINE - 4, 0
    for text, style, _ in segments:
        for part in re.finditer(r"\S+( \S+)*", text):  # SVG would make one space of several
            x = _EDGE + (column + cell_len(text[: part.start()])) * _CELL
            place = f'x="{x:g}" y="{y:g}" textLength="{cell_len(part[0]) * _CELL:g}"'
            yield f"<text {place}{_attributes(style or Style())}>{escape(part[0])}</text>"
        column += cell_len(text.rstrip("\n"))


def _attributes(style: Style) -> str:
    bold = ' font-weight="bold"' if style.bold else ""
    if style.color is None or style.color.number is None:
        return bold
    return f' fill="{_COLOURS[style.color.number]}"{bold}'


def svg(pictures: Sequence[tuple[float, Picture]], title: str) -> str:
    """Draw the pictures one after the other."""
    width, height = 2 * _EDGE + COLUMNS * _CELL, _BAR + ROWS * _LINE + _EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
        f' font-family="{_FONTS}" font-size="{_SIZE}" fill="{_FOREGROUND}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{_BACKGROUND}"/>',
        *(
            f'<circle cx="{18 + 18 * place}" cy="16" r="5" fill="{colour}"/>'
            for place, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
        ),
        f'<text x="50%" y="21" text-anchor="middle" fill="{_COLOURS[8]}">{escape(title)}</text>',
    ]
    times = [at for at, _ in pictures] + [SECONDS]
    for (first, last), texts in sorted(_intervals([picture for _, picture in pictures]).items()):
        parts.append(_group(texts, times[first] / SECONDS, times[last + 1] / SECONDS))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _intervals(pictures: Sequence[Picture]) -> dict[tuple[int, int], list[str]]:
    """Return the texts by the first and the last of the pictures in a row that show them."""
    shown: dict[str, list[int]] = {}
    for number, picture in enumerate(pictures):
        for text in picture:
            shown.setdefault(text, []).append(number)
    intervals: dict[tuple[int, int], list[str]] = {}
    for text, numbers in shown.items():
        for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
            members = [number for _, number in run]
            intervals.setdefault((members[0], members[-1]), []).append(text)
    return intervals


def _group(texts: Sequence[str], start: float, end: float) -> str:
    """Draw texts that are shown from `start` to `end`, as shares of the recording."""
    if start == 0 and end == 1:
        return "".join(texts)
    values, times = "none;inline;none", f"0;{start:.4f};{end:.4f}"
    if start == 0:
        values, times = "inline;none", f"0;{end:.4f}"
    elif end == 1:
        values, times = "none;inline", f"0;{start:.4f}"
    animation = (
        f'<animate attributeName="display" values="{values}" keyTimes="{times}" calcMode="discrete"'
        f' dur="{SECONDS:g}s" repeatCount="indefinite"/>'
    )
    return f'<g display="{values.partition(";")[0]}">{animation}{"".join(texts)}</g>'


def main() -> int:
    parser = argparse.ArgumentParser(description="record `teleinfo-reader watch` as an animated SVG")
    parser.add_argument("file", nargs="?", type=Path, default=PICTURES / "watch.svg", help="default: %(default)s")
    parser.add_argument("--language", choices=("fr", "en"), default="en")
    arguments = parser.parse_args()
    with meter() as port:
        pictures = [(at, texts_of(screen)) for at, screen in record(port, arguments.language)]
    arguments.file.write_text(svg(pictures, "teleinfo-reader watch"), encoding="utf-8")
    print(f"{arguments.file}: {len(pictures)} pictures, {arguments.file.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
