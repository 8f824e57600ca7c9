"""The bundler and the server agree on what a bundle is made of."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from monitor.web.files import sources_digest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed: ./run test installs it")
def test_both_compute_the_same_digest(tmp_path: Path) -> None:
    for name in ("main.js", "a/b.css", "a-b.js", "B.html", "icons/app.svg", "dist/main.js", "__init__.py", "a.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"é {name}\n", encoding="utf-8")
    before = sources_digest(tmp_path)
    assert bundlers_digest(tmp_path) == before
    (tmp_path / "dist" / "main.js").write_text("other")
    (tmp_path / "__init__.py").write_text("other")
    assert sources_digest(tmp_path) == bundlers_digest(tmp_path) == before
    (tmp_path / "a" / "b.css").write_text("other")
    assert sources_digest(tmp_path) == bundlers_digest(tmp_path) != before


def bundlers_digest(folder: Path) -> str:
    script = (
        f"import {{ sourcesDigest }} from {json.dumps(str(ROOT / 'deploy' / 'page' / 'sources.js'))};\n"
        f"console.log(await sourcesDigest({json.dumps(str(folder))}));"
    )
    command = ["node", "--input-type=module", "--eval", script]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout.strip()
