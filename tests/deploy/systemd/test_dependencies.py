"""The reader must install on a small 32-bit machine that has no compiler."""

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
#: What runs faster with a part in C, and runs without: there is a pure wheel, too, or tests/install builds it without a
#: compiler.
FASTER_IN_C = {"charset-normalizer", "pyyaml"}


def locked() -> set[str]:
    text = (ROOT / "requirements" / "full.txt").read_text()
    return {name.lower() for name in re.findall(r"^([A-Za-z0-9_.-]+)==[^;\n]+$", text, re.MULTILINE)}


@pytest.mark.parametrize("name", sorted(locked() - FASTER_IN_C))
def test_a_dependency_is_pure_python(name: str) -> None:
    assert "Root-Is-Purelib: true" in (distribution(name).read_text("WHEEL") or "")


def test_the_configuration_is_read_without_the_part_in_c() -> None:
    script = (
        "import sys; sys.modules['yaml._yaml'] = sys.modules['_yaml'] = None\n"
        "import yaml; assert not yaml.__with_libyaml__\n"
        "from pathlib import Path; from common.settings.config import load; from reader.config import ReaderConfig\n"
        "print(load(ReaderConfig, Path('reader.example.yaml')).mqtt.port)"
    )
    command = [sys.executable, "-P", "-c", script]
    result = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.stdout == "1883\n", result.stderr


@pytest.mark.parametrize("library", ["rich", "apprise"])
def test_what_setup_installs_draws_the_meters_and_sends_alerts(library: str) -> None:
    assert re.search(f"^{library}==", (ROOT / "requirements" / "run.txt").read_text(), re.MULTILINE)


def test_only_what_a_language_model_asks_needs_other_wheels() -> None:
    """A small machine goes without it: neither the packages nor the images of reader and storer have it."""
    assert "mcp" not in locked()
    assert re.search("^mcp==", (ROOT / "requirements" / "mcp.txt").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", ["run", "full", "mcp", "dev", "debian13"])
def test_a_lock_names_no_index(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
