import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("reader", "storer", "monitor", "common")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, tmp_path_factory.mktemp("dist"))


def build_wheel(checkout: Path, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=checkout, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the wheel, and sees what else is installed here, but not this checkout."""
    folder = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "venv"), "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    # Only the folder: what its own .pth files add, the editable checkout, is not followed from here.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv" / "bin"


def run(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_wheel_holds_the_programs_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if not name.partition("/")[0].endswith(".dist-info")} == ours


def test_the_wheel_holds_the_bundle_of_the_page_if_there_is_one(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "dist"))
    bundle = tmp_path / "monitor" / "page" / "dist"
    bundle.mkdir()
    (bundle / "index.html").write_text("bundled")
    wheel = build_wheel(tmp_path, tmp_path / "wheel")
    assert "monitor/page/dist/index.html" in zipfile.ZipFile(wheel).namelist()


def test_the_wheel_holds_the_schema(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if name.startswith("storer/database/migrations/") and name.endswith(".sql")]


@pytest.mark.parametrize("package", PACKAGES)
def test_an_installed_package_does_not_come_from_the_checkout(installed: Path, package: str, tmp_path: Path) -> None:
    where = run(installed / "python", "-c", f"import {package}; print({package}.__file__)", cwd=tmp_path)
    assert Path(where).is_relative_to(installed.parent)


@pytest.mark.parametrize("package", ["tests", "demo", "deploy", "mosquitto"])
def test_what_is_not_part_of_the_programs_is_not_installed(installed: Path, package: str, tmp_path: Path) -> None:
    script = f"import importlib.util; print(importlib.util.find_spec({package!r}))"
    assert run(installed / "python", "-c", script, cwd=tmp_path) == "None\n"


@pytest.mark.parametrize("command", ["teleinfo-reader", "teleinfo-storer"])
def test_an_installed_command_starts(installed: Path, command: str, tmp_path: Path) -> None:
    assert "usage" in run(installed / command, "--help", cwd=tmp_path).lower()
