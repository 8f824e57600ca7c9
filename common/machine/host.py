"""Facts of this machine: users and their rights, processes, units of systemd, locks; below a root that tests choose."""

import contextlib
import grp
import os
import pwd
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from common.machine.deployment import UNIT_FOLDERS, default_config
from common.machine.disk import nearest_existing
from common.settings.file_errors import user_name

_USER = re.compile(r"^User=(\S+)", re.MULTILINE)
_FOLDERS = re.compile(r"^(Runtime|State)Directory=(.+)", re.MULTILINE)
_GROUPS = re.compile(r"^SupplementaryGroups=(.+)", re.MULTILINE)
_PSEUDO_TERMINALS = range(136, 144)  # their major numbers


@dataclass(frozen=True, slots=True)
class User:
    """A user, and which files it may open."""

    name: str
    uid: int
    groups: frozenset[int]

    def may(self, path: Path, want: int) -> bool:
        """Return whether the mode of a file allows it; `want` is a sum of os.R_OK, os.W_OK and os.X_OK."""
        if self.uid == os.geteuid() and self.groups <= frozenset((os.getegid(), *os.getgroups())):
            return os.access(path, want, effective_ids=os.access in os.supports_effective_ids)
        if self.uid == 0:
            return True
        try:
            status = path.stat()
        except OSError:
            return False
        if status.st_uid == self.uid:
            bits = status.st_mode >> 6
        elif status.st_gid in self.groups:
            bits = status.st_mode >> 3
        else:
            bits = status.st_mode
        return bits & want == want


@dataclass(frozen=True, slots=True)
class Process:
    """A running process."""

    pid: int
    name: str
    command: tuple[str, ...]

    def __str__(self) -> str:
        """Return name and process id."""
        return f"{self.name} (process {self.pid})"

    def is_ours(self, program: str) -> bool:
        """Return whether it is `teleinfo-reader run` or `teleinfo-storer run`, whichever `program` names."""
        words = [Path(word).name for word in self.command]
        module = program.removeprefix("teleinfo-")
        started = program in words or any(pair == ("-m", module) for pair in pairwise(words))
        return started and "run" in words

    def has_config(self, config: Path, program: str) -> bool:
        """Return whether it was started with this configuration; of a relative path only the file name is compared."""
        given = str(default_config(program))
        for word, following in pairwise((*self.command, "")):
            if word == "--config":
                given = following
            elif word.startswith("--config="):
                given = word.removeprefix("--config=")
        return Path(given) == config.absolute() or (not given.startswith("/") and Path(given).name == config.name)

    def is_simulator(self) -> bool:
        """Return whether it simulates a meter at the other end of a pseudo-terminal."""
        words = [Path(word).name for word in self.command]
        simulates = not {"simulate", "replay"}.isdisjoint(words) and ("teleinfo-reader" in words or "reader" in words)
        return simulates or "demo.sun" in words


class Host:
    """The machine we run on, or a folder that is laid out like its root."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """Return the path of a file such as /proc/cmdline below the root."""
        return self.root / name.lstrip("/")

    def text(self, name: str) -> str:
        """Return the text of a file; empty if it cannot be read."""
        try:
            return self.path(name).read_text(encoding="utf-8", errors="replace").replace("\0", "")
        except OSError:
            return ""

    def running(self, program: str, config: Path) -> Process | None:
        """Return the process that runs the program with this configuration."""
        ours = (process for process in self.processes() if process.is_ours(program))
        return next((process for process in ours if process.has_config(config, program)), None)

    def user(self, program: str, config: Path) -> User:
        """Return the user of the running program, else the one of its systemd unit, else the current user."""
        process = self.running(program, config)
        if process is not None and (user := self._owner(process.pid)) is not None:
            return user
        for folder in UNIT_FOLDERS:
            unit = self.text(f"{folder}/{program}.service")
            if match := _USER.search(unit):
                user = _named(match[1], " ".join(_GROUPS.findall(unit)).split())
                if user is not None:
                    return user
        name = user_name(os.geteuid())
        return User(name, os.geteuid(), frozenset((os.getegid(), *os.getgroups())))

    def unit_creates(self, program: str, folder: Path) -> bool:
        """Return whether systemd creates this folder when it starts the program, for the program's user."""
        units = "\n".join(self.text(f"{place}/{program}.service") for place in UNIT_FOLDERS)
        parents = {"Runtime": "/run", "State": "/var/lib"}
        made = (Path(parents[kind], name) for kind, names in _FOLDERS.findall(units) for name in names.split())
        return folder in made

    def may_write(self, program: str, folder: Path, user: User) -> bool:
        """Return whether a program's user may write into a folder that exists, or that it or systemd will create."""
        if self.unit_creates(program, folder) and not self.path(str(folder)).exists():
            return True
        existing = nearest_existing(folder)
        return existing.is_dir() and user.may(existing, os.W_OK | os.X_OK)

    def processes(self) -> Iterator[Process]:
        """Yield the running processes, without this one."""
        for pid in self._pids():
            folder = self.path(f"proc/{pid}")
            try:
                command = (folder / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
                name = (folder / "comm").read_text(errors="replace").strip()
            except OSError:  # it ended meanwhile
                continue
            yield Process(pid, name, tuple(command))

    def _pids(self) -> list[int]:
        numbers = (int(folder.name) for folder in self.path("proc").glob("[0-9]*"))
        return sorted(number for number in numbers if number != os.getpid())

    def users_of(self, device: Path) -> list[Process]:
        """Return the processes that use a device: that have locked it or, as far as we may see that, have it open."""
        try:
            status = device.stat()
        except OSError:
            return []
        locked = self._locked(status)
        return [
            process
            for process in self.processes()
            if not process.is_simulator() and (process.pid in locked or self._holds(process.pid, status))
        ]

    def is_in_use(self, device: Path) -> bool:
        """Return whether another process uses a device, as far as we may see that; cheap enough for every few seconds.

        In a container only the processes of the container can be seen.
        """
        try:
            status = device.stat()
        except OSError:
            return False
        locked, pids = self._locked(status) - {os.getpid()}, self._pids()
        return not locked.isdisjoint(pids) or any(self._holds(pid, status) for pid in pids)

    def lock_holder(self, path: Path) -> Process | None:
        """Return the process that has locked a file or folder; any user may see that."""
        try:
            locked = self._locked(path.stat())
        except OSError:
            return None
        return next((process for process in self.processes() if process.pid in locked), None)

    def _locked(self, status: os.stat_result) -> set[int]:
        """Return the ids of the processes that have locked a file, see proc_locks(5)."""
        file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        fields = (line.split() for line in self.text("proc/locks").splitlines())
        return {int(line[4]) for line in fields if len(line) > 5 and line[5] == file and line[4].isdecimal()}

    def _holds(self, pid: int, device: os.stat_result) -> bool:
        with contextlib.suppress(OSError):  # it ended, or is not ours
            for file in self.path(f"proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):  # closed meanwhile
                    if _same_device(file.stat(), device):
                        return True
        return False

    def _owner(self, pid: int) -> User | None:
        status = self.text(f"proc/{pid}/status")
        uid = re.search(r"^Uid:\s+\d+\s+(\d+)", status, re.MULTILINE)
        gid = re.search(r"^Gid:\s+\d+\s+(\d+)", status, re.MULTILINE)
        groups = re.search(r"^Groups:([\s\d]*)$", status, re.MULTILINE)
        if uid is None or gid is None:
            return None
        others = groups[1].split() if groups else []
        return User(user_name(int(uid[1])), int(uid[1]), frozenset(map(int, (gid[1], *others))))


def _same_device(one: os.stat_result, other: os.stat_result) -> bool:
    if not stat.S_ISCHR(one.st_mode) or one.st_rdev != other.st_rdev:
        return False
    # Each container has pseudo-terminals of its own, with the same numbers, in a file system of its own.
    return os.major(one.st_rdev) not in _PSEUDO_TERMINALS or one.st_dev == other.st_dev


def _named(name: str, groups: list[str]) -> User | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    numbers = set(os.getgrouplist(name, entry.pw_gid))
    for group in groups:
        try:
            numbers.add(grp.getgrnam(group).gr_gid)
        except KeyError:
            continue
    return User(name, entry.pw_uid, frozenset(numbers))
