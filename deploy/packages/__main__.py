"""Makes the packages for Debian, Raspberry Pi OS and Ubuntu, in dist/: one for each program, one with all of them."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from common.machine.version import BUILD_DATE, __version__, commit_of
from deploy.packages.package import PACKAGES, fill

PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-compile", "--upgrade")


def main() -> int:
    """Make the packages."""
    parser = argparse.ArgumentParser(prog="python -m deploy.packages", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("dist"), help="where to put them (default: dist)")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    made = str(int(BUILD_DATE.timestamp()))  # the same files make the same package
    with tempfile.TemporaryDirectory() as work:
        site = Path(work, "site")
        pip = [*PIP, "--target", str(site)]
        subprocess.run([*pip, "--require-hashes", "--requirement", "requirements/full.txt"], check=True)
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", "."], check=True)
        version = site / "common/machine/version.py"
        text = version.read_text(encoding="utf-8")
        version.write_text(text.replace('COMMIT = ""', f'COMMIT = "{commit_of(Path())}"'), encoding="utf-8")
        for package in PACKAGES:
            root = Path(work, package.name)
            fill(root, package, site)
            file = folder / f"{package.name}_{__version__}_all.deb"
            command = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(root), str(file)]
            subprocess.run(command, env=os.environ | {"SOURCE_DATE_EPOCH": made}, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
