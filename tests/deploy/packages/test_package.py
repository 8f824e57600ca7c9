"""What is in a package, whoever makes it."""

import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.packages import package
from deploy.packages.package import PACKAGES, Package, fill, needed

each_package = pytest.mark.parametrize("made", PACKAGES, ids=lambda made: made.name)


@pytest.fixture
def private() -> Iterator[None]:
    """Files of this process are for its user only, as some administrators have it."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("private")
@each_package
def test_everybody_can_read_a_package_that_was_made_with_a_private_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Package
) -> None:
    monkeypatch.setattr(package, "needed", lambda *_: [])
    root = tmp_path / "root"
    fill(root, made, tmp_path)
    found = [root, *root.rglob("*")]
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in found if not path.is_symlink()}
    assert modes == {(True, 0o755), (False, 0o755), (False, 0o644)}


@each_package
def test_each_library_has_its_licence_or_is_named_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Package
) -> None:
    site = Path(sysconfig.get_paths()["purelib"])
    libraries = [library for program in made.programs for library in needed(program, site)]
    without = [
        library.name
        for library in libraries
        if not any("LICENSE" in file.name.upper() for file in library.files or () if "dist-info" in str(file))
    ]
    monkeypatch.setattr(package, "needed", lambda *_: [])
    fill(tmp_path / "root", made, tmp_path)
    text = (tmp_path / f"root/usr/share/doc/{made.name}/copyright").read_text()
    assert "pyserial" in without
    assert all(name in text for name in without)


@each_package
def test_a_package_has_the_rights_of_its_account_and_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Package
) -> None:
    monkeypatch.setattr(package, "needed", lambda *_: [])
    fill(tmp_path / "root", made, tmp_path)
    for program in made.programs:
        file = tmp_path / f"root/opt/teleinfo/{program.name}/rights.sql"
        assert file.exists() == (program.name != "reader")
        for line in file.read_text().splitlines() if file.exists() else ():
            assert line.startswith("GRANT ")
            assert line.endswith(" TO 'teleinfo'@'localhost';") or program.name == "monitor"


def test_the_package_with_all_programs_brings_what_sets_up_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "needed", lambda *_: [])
    (whole,) = (made for made in PACKAGES if made.is_whole)
    fill(tmp_path, whole, tmp_path)
    setup = tmp_path / "opt/teleinfo/setup"
    # Nothing but what it imports and reads: the rest of deploy is for other ways to install.
    assert {str(path.relative_to(setup)) for path in setup.rglob("*") if path.is_file()} == {
        "bin/teleinfo-setup",
        "deploy/__init__.py",
        "deploy/broker.py",
        "deploy/database_accounts.py",
        "deploy/files.py",
        "deploy/machine/__init__.py",
        "deploy/machine/__main__.py",
        "deploy/machine/configuration.py",
        "deploy/machine/monitor.yaml",
        "deploy/machine/mosquitto.conf",
        "deploy/machine/reader.yaml",
        "deploy/machine/storer.yaml",
        "mariadb/monitor.sql",
        "mariadb/small-machine.cnf",
        "mariadb/storer.sql",
        "mosquitto/acl",
        "mosquitto/common.conf",
    }
    control = (tmp_path / "DEBIAN/control").read_text()
    for field in ("Conflicts", "Replaces", "Provides"):
        assert f"{field}: teleinfo-reader, teleinfo-storer, teleinfo-monitor\n" in control
