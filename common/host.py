"""What people are told of the machine: users, rights, processes, disks. All of it is below a root that tests choose."""

import grp
import os
import pwd
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_UNITS = ("etc/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")
_DEFAULT = "/etc/teleinfo/{}.yaml"
_USER = re.compile(r"^User=(\S+)", re.MULTILINE)
_FOLDERS = re.compile(r"^(Runtime|State)Directory=(.+)", re.MULTILINE)
_GROUPS = re.compile(r"^SupplementaryGroups=(.+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who opens files."""

    name: str
    uid: int
    groups: frozenset[int]

    def may(self, path: Path, want: int) -> bool:
        """Say whether the mode of a file lets this user do it; `want` is a sum of os.R_OK, os.W_OK and os.X_OK."""
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
    """A program that runs."""

    pid: int
    name: str
    command: tuple[str, ...]

    def __str__(self) -> str:
        """Name it for people."""
        return f"{self.name} (process {self.pid})"

    def is_ours(self, program: str) -> bool:
        """Say whether it is `teleinfo-reader run`, or the storer, as `program` says."""
        words = [Path(word).name for word in self.command]
        module = program.removeprefix("teleinfo-")
        started = program in words or any(pair == ("-m", module) for pair in pairwise(words))
        return started and "run" in words

    def has_config(self, config: Path, program: str) -> bool:
        """Say whether it was started with this configuration; a relative name is compared as far as it goes."""
        given = _DEFAULT.format(program.removeprefix("teleinfo-"))
        for word, after in pairwise((*self.command, "")):
            if word == "--config":
                given = after
            elif word.startswith("--config="):
                given = word.removeprefix("--config=")
        return Path(given) == config.absolute() or (not given.startswith("/") and Path(given).name == config.name)

    def is_simulator(self) -> bool:
        """Say whether it is at the other end of a pseudo-terminal, in the place of a meter."""
        words = [Path(word).name for word in self.command]
        return not {"simulate", "replay"}.isdisjoint(words) and ("teleinfo-reader" in words or "reader" in words)


class Host:
    """The machine, or a folder that looks like one."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """Return where a file such as /proc/cmdline is."""
        return self.root / name.lstrip("/")

    def text(self, name: str) -> str:
        """Return what a file says; nothing where there is none."""
        try:
            return self.path(name).read_text(encoding="utf-8", errors="replace").replace("\0", "")
        except OSError:
            return ""

    def running(self, program: str, config: Path) -> Process | None:
        """Return the process that runs the program with this configuration."""
        ours = (process for process in self.processes() if process.is_ours(program))
        return next((process for process in ours if process.has_config(config, program)), None)

    def user(self, program: str, config: Path) -> User:
        """Return as whom the program runs: now, as its unit says, or else as whoever asks."""
        process = self.running(program, config)
        if process is not None and (user := self._owner(process.pid)) is not None:
            return user
        for folder in _UNITS:
            unit = self.text(f"{folder}/{program}.service")
            if match := _USER.search(unit):
                user = _named(match[1], " ".join(_GROUPS.findall(unit)).split())
                if user is not None:
                    return user
        name = _name(os.geteuid())
        return User(name, os.geteuid(), frozenset((os.getegid(), *os.getgroups())))

    def unit_creates(self, program: str, folder: Path) -> bool:
        """Say whether systemd makes this folder when it starts the program, for the program's user."""
        units = "\n".join(self.text(f"{place}/{program}.service") for place in _UNITS)
        parents = {"Runtime": "/run", "State": "/var/lib"}
        made = (Path(parents[kind], name) for kind, names in _FOLDERS.findall(units) for name in names.split())
        return folder in made

    def processes(self) -> Iterator[Process]:
        """Yield what runs, but for ourselves."""
        for folder in self._process_folders():
            try:
                command = (folder / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
                name = (folder / "comm").read_text(errors="replace").strip()
            except OSError:  # it ended meanwhile
                continue
            yield Process(int(folder.name), name, tuple(command))

    def users_of(self, device: Path) -> list[Process]:
        """Return who has a device open, as far as we may see: who has locked it, as ports should be, anybody may."""
        try:
            status = device.stat()
        except OSError:
            return []
        locked = self._locked(status)
        return [
            process
            for process in self.processes()
            if not process.is_simulator() and (process.pid in locked or self._holds(process.pid, status.st_rdev))
        ]

    def lock_holder(self, path: Path) -> Process | None:
        """Return who has locked a file or folder, as the reader does its journal: anybody may see that."""
        try:
            locked = self._locked(path.stat())
        except OSError:
            return None
        return next((process for process in self.processes() if process.pid in locked), None)

    def _locked(self, status: os.stat_result) -> set[int]:
        """Return the numbers of the processes that have locked a file, see proc_locks(5)."""
        file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        fields = (line.split() for line in self.text("proc/locks").splitlines())
        return {int(line[4]) for line in fields if len(line) > 5 and line[5] == file and line[4].isdecimal()}

    def _holds(self, pid: int, number: int) -> bool:
        try:
            files = list(self.path(f"proc/{pid}/fd").iterdir())
        except OSError:
            return False
        for file in files:
            try:
                status = file.stat()
            except OSError:
                continue
            if stat.S_ISCHR(status.st_mode) and status.st_rdev == number:
                return True
        return False

    def _process_folders(self) -> Iterator[Path]:
        try:
            folders = sorted(
                (folder for folder in self.path("proc").iterdir() if folder.name.isdecimal()),
                key=lambda folder: int(folder.name),
            )
        except OSError:
            return
        for folder in folders:
            if int(folder.name) != os.getpid():
                yield folder

    def _owner(self, pid: int) -> User | None:
        status = self.text(f"proc/{pid}/status")
        uid = re.search(r"^Uid:\s+\d+\s+(\d+)", status, re.MULTILINE)
        gid = re.search(r"^Gid:\s+\d+\s+(\d+)", status, re.MULTILINE)
        groups = re.search(r"^Groups:([\s\d]*)$", status, re.MULTILINE)
        if uid is None or gid is None:
            return None
        others = groups[1].split() if groups else []
        return User(_name(int(uid[1])), int(uid[1]), frozenset(map(int, (gid[1], *others))))


def free_space(folder: Path) -> tuple[int, int] | None:
    """Return how many bytes are free for users, and how many there are, on the disk that a folder is or would be on."""
    for place in (folder, *folder.parents):
        try:
            status = os.statvfs(place)
        except FileNotFoundError:
            continue
        except OSError:
            return None
        return status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize
    return None


def is_read_only(folder: Path) -> bool:
    """Say whether the disk that a folder is or would be on takes no writing, whoever asks."""
    try:
        return bool(os.statvfs(nearest(folder)).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def nearest(folder: Path) -> Path:
    """Return the folder itself, or the nearest above it that is there."""
    for place in (folder, *folder.parents):
        try:
            place.stat()
        except OSError:
            continue
        return place
    return Path("/")


def reason(error: OSError) -> str:
    """Say what is wrong with a file, and whose it is where it is not ours to open."""
    text = error.strerror or str(error)
    return f"{text}; {permission_cure(error)}" if isinstance(error, PermissionError) else text


def permission_cure(error: PermissionError) -> str:
    """Say how to get at the file that was not ours to open, or at its folder."""
    path = Path(os.fsdecode(error.filename or "."))
    try:
        if not path.exists():
            path = path.parent
        status = path.stat()
    except OSError:  # it is in a folder that is not ours to enter, or not made yet
        return "use sudo"
    owner, group = _name(status.st_uid), group_of(path)
    if stat.S_ISCHR(status.st_mode) and group != "root" and status.st_mode & stat.S_IRGRP:
        return f"it is for the group {group}: sudo usermod -aG {group} {_name(os.geteuid())}, then log in again"
    if status.st_uid == os.geteuid():
        return f"it is yours: chmod u+rw {path}"
    return f"it belongs to {owner}: use sudo"


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


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


def group_of(path: Path) -> str:
    """Return the name of a file's group; its number where it has no name."""
    number = path.stat().st_gid
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


_MOUNTS = Path("/proc/self/mountinfo")


def memory_backed(folder: Path, mounts: Path = _MOUNTS) -> bool:
    """Say whether what is written into this folder stays in memory; the folder need not be there yet."""
    try:
        lines = mounts.read_text(errors="surrogateescape").rstrip("\n").split("\n")
    except OSError:
        return False
    folder = folder.resolve()
    deepest, backed = -1, False
    for line in lines:
        # Optional fields of any number end with a dash: 36 35 98:0 /root /mnt options shared:1 - tmpfs source options
        before, _, after = line.partition(" - ")
        point = Path(_unescape(before.split(" ")[4]))
        # Of two on the same point, the later one is on top.
        if folder.is_relative_to(point) and len(point.parts) >= deepest:
            deepest, backed = len(point.parts), after.split(" ")[0] in ("tmpfs", "ramfs")
    return backed


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text)
