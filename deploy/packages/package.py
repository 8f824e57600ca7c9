"""What a package contains.

The environment has no version of Python in its paths: Debian's Python reads `lib/python3/dist-packages` of an
environment whatever its own version is. All is pure Python. So one package fits all releases and processors, and to
install it takes neither network nor pip.
"""

import gzip
import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from common.machine.version import BUILD_DATE, __version__

PROJECT = canonicalize_name("teleinfo-monitor")  # the name of our own distribution
_ROOT = Path(__file__).resolve().parents[2]
_HERE = _ROOT / "deploy/packages"
_SYSTEMD = _ROOT / "deploy/systemd"
_UNITS = "usr/lib/systemd/system"
_SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
#: What pip notes of its own work, paths of this machine among it.
_NOTES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}

#: The licence of a library that brings no file with it.
_WITHOUT = "pyserial: BSD-3-Clause, (C) 2001-2020 Chris Liechti <cliechti@gmx.net>, as its files say\n"


@dataclass(frozen=True)
class Program:
    """One of the programs, and what it needs."""

    name: str
    extras: tuple[str, ...] = ()  # of pyproject.toml


@dataclass(frozen=True)
class Package:
    """A package with some of the programs."""

    name: str
    summary: str  # begins otherwise than with the name, which lintian wants
    programs: tuple[Program, ...]
    fields: Mapping[str, str]  # of its control file

    @property
    def is_whole(self) -> bool:
        """Whether it sets up broker and database, too."""
        return self.name == WHOLE


READER = Program("reader", ("watch",))
STORER = Program("storer")
MONITOR = Program("monitor", ("monitor", "home-assistant", "alerts", "metrics"))
PROGRAMS = (READER, STORER, MONITOR)
#: All three programs, for one machine that has nothing yet.
WHOLE = "teleinfo"
_SINGLE = ", ".join(f"teleinfo-{program.name}" for program in PROGRAMS)
PACKAGES = (
    Package("teleinfo-reader", "TeleInfo Monitor: reads a French electricity meter for MQTT", (READER,), {}),
    Package(
        "teleinfo-storer",
        "TeleInfo Monitor: stores the frames of electricity meters in MariaDB",
        (STORER,),
        {"Recommends": "mariadb-client"},
    ),
    Package("teleinfo-monitor", "TeleInfo Monitor: shows the electricity of a house on a web page", (MONITOR,), {}),
    Package(
        WHOLE,
        "reader, storer and monitor of an electricity meter, for one machine",
        PROGRAMS,
        {"Conflicts": _SINGLE, "Replaces": _SINGLE, "Provides": _SINGLE},
    ),
)
#: What sets up the machine, as in a clone.
_SETUP = (
    "deploy/__init__.py",
    "deploy/broker.py",
    "deploy/database_accounts.py",
    "deploy/files.py",
    "deploy/machine",
    "mariadb/monitor.sql",
    "mariadb/small-machine.cnf",
    "mariadb/storer.sql",
    "mosquitto/acl",
    "mosquitto/common.conf",
)


def fill(root: Path, package: Package, site: Path) -> None:
    """Write all files of a package, as dpkg-deb takes them; `site` has the programs and their libraries."""
    for program in package.programs:
        _program(root, program, site)
    if package.is_whole:
        _setup(root)
    _documents(root, package)
    _control(root, package)
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            script = path.is_dir() or path.parent.name == "bin" or path.name in _SCRIPTS
            path.chmod(0o755 if script else 0o644)


def _program(root: Path, program: Program, site: Path) -> None:
    name = f"teleinfo-{program.name}"
    home = root / "opt/teleinfo" / program.name
    _environment(home, program, site)
    _copy(_ROOT / f"{program.name}.example.yaml", home)
    if program is MONITOR:
        _copy(_HERE / "take-over", home / "bin")
    if (account := _ROOT / f"mariadb/{program.name}.sql").exists():
        grants = re.findall(r"^GRANT .*\n", account.read_text(encoding="utf-8"), re.MULTILINE)
        _write(home / "rights.sql", "".join(grants))
    command = root / "usr/bin" / name
    command.parent.mkdir(parents=True, exist_ok=True)
    command.symlink_to(f"/opt/teleinfo/{program.name}/bin/{name}")

    _copy(_SYSTEMD / f"{name}.service", root / _UNITS)
    _copy(_SYSTEMD / f"sysusers.d/{name}.conf", root / "usr/lib/sysusers.d")
    if program is READER:
        _copy(_SYSTEMD / "70-teleinfo.rules", root / "usr/lib/udev/rules.d")


def _setup(root: Path) -> None:
    """Bring what sets up the machine; it runs in the monitor's environment."""
    home = root / "opt/teleinfo/setup"
    for name in _SETUP:
        for file in sorted((_ROOT / name).glob("*.*")) if (_ROOT / name).is_dir() else [_ROOT / name]:
            _copy(file, (home / file.relative_to(_ROOT)).parent)
    _write(
        home / "bin/teleinfo-setup",
        "#!/opt/teleinfo/monitor/bin/python3 -P\n"
        "import sys\n\nsys.path.insert(0, '/opt/teleinfo/setup')\n\n"
        "from deploy.machine.__main__ import main\n\nsys.exit(main())\n",
    )
    for unit in ("teleinfo-setup.service", "teleinfo-setup.path"):
        _copy(_SYSTEMD / unit, root / _UNITS)


def _environment(home: Path, program: Program, site: Path) -> None:
    """Make a virtual environment with a program and the libraries that it needs."""
    _write(home / "pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\n")
    _write(
        home / f"bin/teleinfo-{program.name}",
        f"#!/opt/teleinfo/{program.name}/bin/python3 -P\n"
        f"import sys\n\nfrom {program.name}.__main__ import main\n\nsys.exit(main())\n",
    )
    (home / "bin/python3").symlink_to("/usr/bin/python3")
    for distribution in needed(program, site):
        ours = canonicalize_name(distribution.name) == PROJECT
        for file in distribution.files or ():
            part = file.parts[0]
            if part in ("..", "bin") or file.suffix == ".so" or file.name in _NOTES:
                continue  # a library that has a part in C works without it
            if ours and part not in (program.name, "common") and not part.endswith(".dist-info"):
                continue
            _copy(site / file, home / "lib/python3/dist-packages" / file.parent)


def needed(program: Program, site: Path) -> list[Distribution]:
    """Return what a program needs of the distributions in a folder, itself included."""
    there = {canonicalize_name(found.name): found for found in distributions(path=[str(site)])}
    chosen: dict[str, Distribution] = {}

    def add(name: NormalizedName, extras: set[str]) -> None:
        found = there[name]
        chosen[name] = found
        for text in found.requires or ():
            requirement = Requirement(text)
            wanted = [{"extra": extra} for extra in extras or {""}]
            if requirement.marker is None or any(requirement.marker.evaluate(extra) for extra in wanted):
                other = canonicalize_name(requirement.name)
                if other not in chosen or requirement.extras:
                    add(other, requirement.extras)

    add(PROJECT, set(program.extras))
    return list(chosen.values())


def _documents(root: Path, package: Package) -> None:
    home, name = _about(), package.name
    folder = root / "usr/share/doc" / name
    licence = (_ROOT / "LICENSE").read_text(encoding="utf-8")
    environments = "*" if package.is_whole else package.programs[0].name
    where = f"/opt/teleinfo/{environments}/lib/python3/dist-packages/*.dist-info"
    _write(folder / "copyright", f"{home['url']}\n\n{licence}\nThe licences of the libraries: {where}\n{_WITHOUT}")
    entry = (
        f"{name} ({__version__}) stable; urgency=medium\n\n  * {home['url']}/blob/main/CHANGELOG.md\n\n"
        f" -- {_maintainer()}  {format_datetime(BUILD_DATE)}\n"
    )
    (folder / "changelog.gz").write_bytes(gzip.compress(entry.encode(), mtime=0))
    _write(
        root / "usr/share/lintian/overrides" / name,
        (_HERE / "lintian-overrides").read_text(encoding="utf-8").replace("@NAME@", name),
    )


def _control(root: Path, package: Package) -> None:
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    size = sum(-(-path.stat().st_size // 1024) for path in files)
    sums = "".join(f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}\n" for path in files)  # noqa: S324
    servers = ", mariadb-server, mosquitto" if package.is_whole else ""
    fields = {
        "Package": package.name,
        "Version": __version__,
        "Architecture": "all",
        "Maintainer": _maintainer(),
        "Installed-Size": str(size),
        "Depends": f"python3 (>= 3.11), systemd, tzdata{servers}",
        **package.fields,
        "Section": "utils",
        "Priority": "optional",
        "Homepage": _about()["url"],
        "Description": f"{package.summary}\n"
        " Reader, storer and monitor deliver all that a French electricity meter (Linky\n"
        " and older) says to Home Assistant, MQTT and MariaDB.",
    }
    folder = root / "DEBIAN"
    _write(folder / "control", "".join(f"{key}: {value}\n" for key, value in fields.items()))
    _write(folder / "md5sums", sums)
    programs = " ".join(program.name for program in package.programs)
    for script in _SCRIPTS:
        text = (_HERE / script).read_text(encoding="utf-8")
        _write(folder / script, text.replace("@PACKAGE@", package.name).replace("@PROGRAMS@", programs))


def _about() -> dict[str, str]:
    about: dict[str, str] = yaml.safe_load((_ROOT / "repository.yaml").read_text(encoding="utf-8"))
    return about


def _maintainer() -> str:
    about = _about()
    return f"{about['maintainer']} <{about['url'].split('/')[3]}@users.noreply.github.com>"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _copy(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, folder)
