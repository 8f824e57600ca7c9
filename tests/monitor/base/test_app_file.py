import json
import logging
from pathlib import Path
from typing import Any

import pytest

from monitor.base.app_file import AppFile

SAID: dict[str, Any] = {"ports": [], "found": [], "broker": "none", "database": "internal"}


@pytest.mark.parametrize("text", [None, "", "{"])
def test_a_file_that_is_absent_or_broken_says_nothing_and_the_log_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    path = tmp_path / "app.json"
    if text is not None:
        path.write_text(text)
    file = AppFile(path)
    with caplog.at_level(logging.WARNING):
        assert [file.read() for _ in range(3)] == [None] * 3
    (line,) = caplog.messages
    assert line.startswith(f"app: {path}: ")
    assert "\n" not in line
    path.write_text(json.dumps(SAID))
    assert file.read() == SAID
