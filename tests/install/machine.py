"""A temporary machine: the root file system of a small Debian, with or without its systemd running."""

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from common.machine.version import __version__

PROJECT = Path(__file__).resolve().parents[2]
#: The oldest that counts, as Raspberry Pi OS of 2023, with Python 3.11 and systemd 252; and the next.
RELEASES = ("bookworm", "trixie")
DIST = "/srv/dist"
PROGRAMS = ("reader", "storer", "monitor")
NAMES = [f"teleinfo-{program}" for program in PROGRAMS]
READER = f"teleinfo-reader_{__version__}_all.deb"
NEWER = "teleinfo-reader_99.0_all.deb"
WITHIN = 180.0  # seconds, for what should take a few

_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: Noisy or in the way in a machine that has no devices.
_MASKED = ("systemd-udevd.service", "systemd-logind.service", "getty.target", "systemd-timesyncd.service")

_NAMESPACES = ["--mount", "--pid", "--uts", "--ipc", "--cgroup"]

#: Makes the file systems of a booted machine, in namespaces of its own, and becomes its systemd.
_BOOT = r"""
set -e
root=$1
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
cd "$root/dev"
mknod -m 666 null c 1 3; mknod -m 666 zero c 1 5; mknod -m 666 full c 1 7
mknod -m 666 random c 1 8; mknod -m 666 urandom c 1 9; mknod -m 666 tty c 5 0
mknod -m 660 ttyS0 c 4 64; mknod -m 660 ttyUSB9 c 188 9; mknod -m 666 other c 10 144
chgrp 20 ttyS0 ttyUSB9
mkdir pts shm
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts pts
mount -t tmpfs tmpfs shm
ln -s pts/ptmx ptmx; ln -s /proc/self/fd fd
cd "$root"
mkdir -p .host
pivot_root . .host
umount -l /.host
exec env -i container=other PATH="$PATH" /lib/systemd/systemd --system --log-target=journal >/dev/null 2>&1 </dev/null
"""


class Machine:
    """A root file system; the network is that of this machine."""

    def __init__(self, root: Path, release: str) -> None:
        self._release = release
        self.root = root / "root"
        self.root.mkdir()
        self._systemd: subprocess.Popen[bytes] | None = None
        self._namespaces = _NAMESPACES

    def make(self) -> None:
        """Fetch and unpack it: a minute or two."""
        # What is thrown away need not be synced to the disk, for each file.
        self.write("/etc/dpkg/dpkg.cfg.d/unsynced", "force-unsafe-io\n")
        self._tool("debootstrap", "--variant=minbase", "--include=python3,ca-certificates,udev,systemd-sysv,dbus")
        shutil.copy(_AUTHORITIES, self.path(_AUTHORITIES))  # whatever is trusted here, a proxy's, too
        self.path("/etc/hosts").write_text("127.0.0.1 localhost\n")
        # As on a machine on which nobody wants services to start by themselves.
        self.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", mode=0o755)
        self.run("systemctl", "mask", *_MASKED)

    def with_packages(self, packages: Path) -> Iterator["Machine"]:
        """Put the packages there, and see to it that none stays."""
        assert self.traces() == []
        shutil.copytree(packages, self.path(DIST))
        yield self
        self.remove_packages(*NAMES, purge=True)
        shutil.rmtree(self.path(DIST))

    def path(self, name: str | Path) -> Path:
        """Return where a file of the machine is to be found from outside."""
        return self.root / str(name).lstrip("/")

    def write(self, name: str, text: str, *, mode: int = 0o644) -> None:
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text)
        self.path(name).chmod(mode)

    # -- commands ------------------------------------------------------------------------------------------------------

    def try_(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command, as root."""
        if self._systemd is None:
            enter = ["chroot", str(self.root)]
        else:
            enter = ["nsenter", f"--target={self._init()}", *self._namespaces, "--root", "--wdns=/"]
        given = [f"{name}={value}" for name, value in environment.items()]
        clean = ["env", "-i", f"PATH={_PATH}", "HOME=/root", "LC_ALL=C.UTF-8", *given]
        return subprocess.run(
            [*enter, *clean, *command],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            check=False,
        )

    def run(self, *command: str, **environment: str) -> str:
        """Run a command that must not fail, as root; return its output."""
        result = self.try_(*command, **environment)
        assert result.returncode == 0, f"{' '.join(command)} ended with {result.returncode}:\n{result.stdout}"
        return result.stdout

    def fetch(self, *names: str) -> None:
        """Let apt get packages of Debian's, to be installed without a network."""
        self.run("apt-get", "--quiet", "update")
        self.run("apt-get", "--quiet", "--yes", "--no-install-recommends", "--download-only", "install", *names)

    def install(self, *names: str) -> None:
        """Install packages of Debian's."""
        apt = ("apt-get", "--quiet", "--yes", "--no-install-recommends", "install")
        self.run(*apt, *names, DEBIAN_FRONTEND="noninteractive")

    def install_packages(self, *names: str) -> subprocess.CompletedProcess[str]:
        """Let apt install packages of the folder of packages."""
        files = (name if name.startswith("-") else f"{DIST}/{name}" for name in names)
        apt = ("apt-get", "--quiet", "--yes", "--no-install-recommends", "install")
        return self.try_(*apt, *files, DEBIAN_FRONTEND="noninteractive")

    def remove_packages(self, *names: str, purge: bool = False) -> None:
        """Remove those of the packages that are there."""
        self.run("dpkg", "--purge" if purge else "--remove", *names)

    def remove_servers(self) -> None:
        """Remove broker and database, with all that they keep."""
        purge = ("apt-get", "--quiet", "--yes", "purge", "--autoremove", "mosquitto*", "mariadb*", "mysql-common")
        self.run(*purge, DEBIAN_FRONTEND="noninteractive")
        self.run(
            "rm", "-rf", "/var/lib/mysql", "/etc/mysql", "/var/lib/mosquitto", "/etc/mosquitto", "/var/log/mosquitto"
        )

    @contextlib.contextmanager
    def starting_services(self) -> Iterator[None]:
        """Let packages start their services, as on any machine."""
        policy = self.path("/usr/sbin/policy-rc.d")
        text = policy.read_text()
        policy.unlink()
        yield
        self.write("/usr/sbin/policy-rc.d", text, mode=0o755)

    # -- what is there -------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, tuple[int, ...]]:
        """Return what each file is like: its kind and rights, its owner, its size and its time."""
        found: dict[str, tuple[int, ...]] = {}
        for folder, folders, files in os.walk(self.root):
            if folder == str(self.root):
                folders[:] = [name for name in folders if name not in ("proc", "sys", "dev", "run", "tmp")]
            for name in (*folders, *files):
                path = Path(folder, name)
                status = path.lstat()
                # The time of a folder tells nothing that its files do not.
                when = 0 if stat.S_ISDIR(status.st_mode) else status.st_mtime_ns
                size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
                found[str(path)[len(str(self.root)) :]] = (status.st_mode, status.st_uid, status.st_gid, size, when)
        return found

    def traces(self) -> list[str]:
        """Return what of ours is there, their packages apart."""
        # A machine that is switched off does not tidy up /var/tmp.
        elsewhere = (DIST, "/var/tmp/", "/var/log/")
        names = [name for name in self.snapshot() if "teleinfo" in name.lower() and not name.startswith(elsewhere)]
        users = [line for line in self.path("/etc/passwd").read_text().splitlines() if "teleinfo" in line]
        groups = [line for line in self.path("/etc/group").read_text().splitlines() if "teleinfo" in line]
        return [*names, *users, *groups]

    # -- systemd -------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def booted(self, *, alone: bool = False) -> Iterator[None]:
        """Let its systemd run, in namespaces of its own; `alone`: with a network that leads nowhere, too."""
        self._namespaces = [*_NAMESPACES, "--net"] if alone else _NAMESPACES
        namespaces = [*self._namespaces, "--propagation=private"]
        self._systemd = subprocess.Popen(
            ["unshare", *namespaces, "--fork", "--kill-child", "bash", "-c", _BOOT, "boot", str(self.root)],
            env={"PATH": _PATH},
            stdin=subprocess.DEVNULL,
        )
        try:
            self.wait("systemctl is-system-running", lambda output: output.strip() in ("running", "degraded"))
            yield
        finally:
            self._systemd.send_signal(signal.SIGKILL)  # takes all that runs in there along
            self._systemd.wait()
            self._systemd = None

    def wait(self, command: str, condition: Callable[[str], bool]) -> str:
        """Repeat a command until its output fulfils a condition; return it."""
        deadline = time.monotonic() + WITHIN
        while True:
            output = self.try_("sh", "-c", command).stdout
            if condition(output):
                return output
            assert time.monotonic() < deadline, f"{command}:\n{output}\n{self._log_tail()}"
            time.sleep(0.2)

    def _log_tail(self) -> str:
        return self.try_("journalctl", "--no-pager", "-n", "40").stdout

    def _init(self) -> int:
        assert self._systemd is not None
        children = Path(f"/proc/{self._systemd.pid}/task/{self._systemd.pid}/children")
        deadline = time.monotonic() + WITHIN
        while not (pids := children.read_text().split()):
            assert self._systemd.poll() is None, "the machine does not boot"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return int(pids[0])

    def _tool(self, *command: str) -> None:
        result = subprocess.run(
            [*command, self._release, str(self.root)],
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
        assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
