import io
from types import SimpleNamespace

import pytest

from common.runtime.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_line_is_written_over_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.runtime.progress.time", SimpleNamespace(monotonic=lambda: 1000.0))
    out = Terminal()
    progress = Progress(out)
    for rows in range(1000, 2000):
        progress.show("saving", "label_sets", rows)
    assert out.getvalue() == "\rsaving label sets: 1,000\x1b[K"
    progress.clear()
    assert out.getvalue().endswith("\r\x1b[K")


def test_a_bar_shows_how_much_is_done() -> None:
    out = Terminal()
    Progress(out).show_part("rebuilding", 0.5, 1000)
    assert out.getvalue() == f"\rrebuilding [{'#' * 15}{'.' * 15}] 50%, 1,000 rows\x1b[K"


def test_elsewhere_nothing_is_written() -> None:
    out = io.StringIO()
    progress = Progress(out)
    progress.show("saving", "frames", 1)
    progress.clear()
    assert out.getvalue() == ""
