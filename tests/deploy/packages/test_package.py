"""What is in a package, whoever makes it."""

import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.packages import package
from deploy.packages.package import PROGRAMS, Program, fill, needed


@pytest.fixture
def private() -> Iterator[None]:
    """Files of this process are for its user only, as some administrators have it."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_everybody_can_read_a_package_that_was_made_with_a_private_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Program
) -> None:
    monkeypatch.setattr(package, "needed", lambda *_: [])
    root = tmp_path / "root"
    fill(root, program, tmp_path)
    found = [root, *root.rglob("*")]
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in found if not path.is_symlink()}
    assert modes == {(True, 0o755), (False, 0o755), (False, 0o644)}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_each_library_has_its_licence_or_is_named_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Program
) -> None:
    libraries = needed(program, Path(sysconfig.get_paths()["purelib"]))
    without = [
        library.name
        for library in libraries
        if not any("LICENSE" in file.name.upper() for file in library.files or () if "dist-info" in str(file))
    ]
    monkeypatch.setattr(package, "needed", lambda *_: [])
    fill(tmp_path / "root", program, tmp_path)
    text = (tmp_path / f"root/usr/share/doc/teleinfo-{program.name}/copyright").read_text()
    assert "pyserial" in without
    assert all(name in text for name in without)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_package_has_the_rights_of_its_account_and_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Program
) -> None:
    monkeypatch.setattr(package, "needed", lambda *_: [])
    fill(tmp_path / "root", program, tmp_path)
    file = tmp_path / f"root/opt/teleinfo/{program.name}/rights.sql"
    assert file.exists() == (program.name != "reader")
    for line in file.read_text().splitlines() if file.exists() else ():
        assert line.startswith("GRANT ")
        assert line.endswith(" TO 'teleinfo'@'localhost';") or program.name == "monitor"
