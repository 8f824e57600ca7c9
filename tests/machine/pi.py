"""A Raspberry Pi that is emulated: Debian for arm64 with its own kernel, an SD card, a meter on a USB adapter, a plug.

QEMU without virtualisation (TCG), so it is slow, and runs on any machine. A program in it reaches the services of this
machine at 10.0.2.2.
"""

import base64
import contextlib
import json
import math
import re
import shlex
import shutil
import socket
import struct
import subprocess
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from reader.simulator.meter import SimulatedMeter
from reader.tic.parity import with_parity
from tests.support.meters import group

PROJECT = Path(__file__).resolve().parents[2]
HOST = "10.0.2.2"  # this machine, seen from the Pi
WITHIN = 900.0  # seconds, for what should take one or two minutes

_CACHE = PROJECT / ".machine"
_PACKAGES = (
    "systemd-sysv,systemd-timesyncd,udev,linux-image-arm64,initramfs-tools,zstd,iproute2,ca-certificates,tzdata,"
    "python3,python3-venv,qemu-guest-agent"
)
#: Part of the file system before the kernel is installed, so that the initrd has only what is needed.
_FILES = {
    "etc/fstab": "/dev/vda / ext4 defaults,noatime 0 1\n",  # as in Raspberry Pi OS
    "etc/hostname": "pi\n",
    "etc/initramfs-tools/conf.d/card": "MODULES=list\n",
    "usr/share/initramfs-tools/modules.d/card": "virtio_pci\nvirtio_blk\next4\ncrc32c_generic\n",
    "etc/systemd/network/wired.network": "[Match]\nType=ether\n\n[Network]\nDHCP=ipv4\n",
    "etc/systemd/timesyncd.conf.d/host.conf": f"[Time]\nNTP={HOST}\n",
}
_SINSTS = re.compile(rb"\nSINSTS\t.*?\r", re.DOTALL)


@dataclass(frozen=True)
class System:
    """A card on which nothing was installed yet, and the kernel that starts from it."""

    card: Path
    kernel: Path
    initrd: Path


def debian() -> System:
    """Return a small Debian 13; it is made once, which takes some ten minutes, and kept."""
    folder = _CACHE / sha256(f"{_PACKAGES}{_FILES}".encode()).hexdigest()[:12]
    system = System(folder / "card.img", folder / "vmlinuz", folder / "initrd.img")
    if system.card.exists():
        return system
    shutil.rmtree(_CACHE, ignore_errors=True)
    files, root = folder / "files", folder / "root"
    for name, text in _FILES.items():
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_text(text)
    hooks = [f'--essential-hook=cp -rT {shlex.quote(str(files))} "$1"']
    hooks.append('--customize-hook=systemctl --root="$1" enable systemd-networkd systemd-timesyncd')
    options = ["--architectures=arm64", "--variant=minbase", f"--include={_PACKAGES}", *hooks]
    subprocess.run(["mmdebstrap", "--quiet", *options, "trixie", root], check=True)
    (kernel,), (initrd,) = root.glob("boot/vmlinuz-*"), root.glob("boot/initrd.img-*")
    shutil.copy(kernel, system.kernel)
    shutil.copy(initrd, system.initrd)
    make_image(folder / "new.img", root, "2G")
    shutil.rmtree(root)
    (folder / "new.img").rename(system.card)
    return system


def make_image(image: Path, folder: Path, size: str) -> None:
    """Make a file system with the contents of a folder."""
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", folder, image, size], check=True)


class Line:
    """The line of a meter that is never silent, at 9600 baud: frames of a simulated meter, numbered in SINSTS.

    `sent` has the number of each frame that the adapter took as a whole, and when. Until _SETTLED seconds after it
    took nothing, because no program had opened the port, a frame may be one that was kept from before.
    """

    _SETTLED = 15.0
    _BUFFER = 8192  # bytes, between us and the emulator

    def __init__(self) -> None:
        self.number = 0
        self.sent: list[tuple[int, float]] = []  # number, monotonic time
        self._meter = SimulatedMeter("standard-single-phase-tempo")
        self._emulator: socket.socket | None = None
        self._refused = -math.inf
        threading.Thread(target=self._run, name="line", daemon=True).start()

    def connect(self, path: Path) -> None:
        """Lead the line to the adapter of an emulator."""
        emulator = _connect(path)
        emulator.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._BUFFER)
        self._emulator, self._refused = emulator, time.monotonic()

    def cut(self) -> None:
        """Take the line off the emulator, which is gone."""
        emulator, self._emulator = self._emulator, None
        if emulator is not None:
            emulator.close()

    def _run(self) -> None:
        due = time.monotonic()
        while True:
            number = group("SINSTS", f"{self.number:05}")
            frame = _SINSTS.sub(lambda _, new=number: new, self._meter.frame(datetime.now(UTC)))  # type: ignore[misc]
            for part in frame.splitlines(keepends=True):
                due += len(part) * 10 / 9600
                time.sleep(max(0.0, due - time.monotonic()))
                if not self._send(with_parity(part)):
                    self._refused = time.monotonic()
            now = time.monotonic()
            if now - self._refused > self._SETTLED:
                self.sent.append((self.number, now))
            self.number += 1

    def _send(self, data: bytes) -> bool:
        emulator = self._emulator
        if emulator is None:
            return False
        with contextlib.suppress(OSError):
            emulator.recv(65536, socket.MSG_DONTWAIT)  # an echo; the emulator stands still while nobody takes it
        try:
            return emulator.send(data, socket.MSG_DONTWAIT) == len(data)
        except OSError:  # nobody reads, or the emulator is gone
            return False


def serve_time() -> None:
    """Tell the Pi the time of this machine, by NTP; where another server has the port, that one does."""
    server = socket.socket(type=socket.SOCK_DGRAM)
    try:
        server.bind(("127.0.0.1", 123))
    except OSError:
        server.close()
        return
    threading.Thread(target=_answer, args=(server,), name="time", daemon=True).start()


def _answer(server: socket.socket) -> None:
    while True:
        request, client = server.recvfrom(512)
        seconds, fraction = divmod(time.time() + 2_208_988_800, 1)  # since 1900
        now = struct.pack(">II", int(seconds), int(fraction * 2**32))
        # NTP 4, a server of stratum 1; the times at the end: reference, origin, reception, transmission.
        answer = struct.pack(">BBbb8x4s", 0x24, 1, 6, -20, b"HOST") + now + request[40:48] + now + now
        server.sendto(answer, client)


class Channel:
    """Asks the emulator (QMP) or the agent that runs in it: an object of JSON each way, in a line."""

    def __init__(self, path: Path) -> None:
        self._socket = _connect(path)
        self._socket.settimeout(WITHIN)
        self._lines = self._socket.makefile("r")

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, command: str, **arguments: object) -> Any:
        question = {"execute": command, "arguments": {key.replace("_", "-"): arguments[key] for key in arguments}}
        self._socket.sendall(json.dumps(question).encode() + b"\n")
        for line in self._lines:
            answer = json.loads(line)
            assert "error" not in answer, answer
            if "return" in answer:
                return answer["return"]
        raise AssertionError(f"{command}: no answer")


class Pi:
    """The machine, off at first."""

    def __init__(self, system: System, card: Path, line: Line, stick: Path) -> None:
        """Take a card, the meter's line, and a USB stick (an image), from which programs are installed."""
        self.card = card
        self.plugged_at = 0.0  # monotonic
        self._folder = card.parent
        self._system = system
        self._line = line
        self._stick = stick
        self._process: subprocess.Popen[bytes] | None = None

    def plug_in(self, rtc: str = "utc") -> None:
        """Switch it on; `rtc` is the time that its clock shows then."""
        sockets = {name: self._folder / name for name in ("tic", "agent", "qmp")}
        for path in sockets.values():
            path.unlink(missing_ok=True)
        machine = "-M virt -cpu cortex-a53 -smp 2 -m 512 -display none -no-reboot"
        network = "-netdev user,id=net -device virtio-net-device,netdev=net -device virtio-rng-device"
        adapter = f"-chardev {_socket('tic')} -device qemu-xhci -device usb-serial,chardev=tic,serial=0001"
        agent = (
            f"-chardev {_socket('agent')} -device virtio-serial-device"
            " -device virtserialport,chardev=agent,name=org.qemu.guest_agent.0"
        )
        qmp = f"-chardev {_socket('qmp')} -mon qmp,mode=control"
        command = f"qemu-system-aarch64 {machine} {network} {adapter} {agent} {qmp} -serial file:console.log".split()
        command += ["-kernel", str(self._system.kernel), "-initrd", str(self._system.initrd)]
        command += ["-append", "root=/dev/vda rw console=ttyAMA0 quiet", "-rtc", f"base={rtc}"]
        command += ["-drive", f"file={self.card},format=raw,if=virtio,cache=writeback,id=card"]
        command += ["-drive", f"file={self._stick},format=raw,if=virtio,readonly=on"]
        self.plugged_at = time.monotonic()
        self._process = subprocess.Popen(command, cwd=self._folder, stdin=subprocess.DEVNULL)
        self._line.connect(sockets["tic"])
        self._agent, self._qmp = Channel(sockets["agent"]), Channel(sockets["qmp"])
        self._qmp.ask("qmp_capabilities")

    def pull_the_plug(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._ended()

    def switch_off(self) -> None:
        """Shut it down, as its owner should."""
        assert self._process is not None
        with contextlib.suppress(OSError, AssertionError):  # the agent may end before it has answered
            self._agent.ask("guest-shutdown")
        self._ended()

    def _ended(self) -> None:
        assert self._process is not None
        self._process.wait(WITHIN)
        self._process = None
        self._line.cut()
        self._agent.close()
        self._qmp.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.pull_the_plug()

    def run(self, command: str) -> str:
        """Run a command of the shell, as root, once it has booted; return its output."""
        script = ["-c", f"exec 2>&1; cd; {command}"]
        pid = self._agent.ask("guest-exec", path="/bin/sh", arg=script, capture_output=True)["pid"]
        while not (status := self._agent.ask("guest-exec-status", pid=pid))["exited"]:
            time.sleep(0.3)
        output = base64.b64decode(status.get("out-data", "")).decode(errors="replace")
        assert status.get("exitcode") == 0, f"{command}:\n{output}"
        return output

    def bytes_written(self) -> int:
        """Return what was written to the card since it was switched on, as the card itself counts."""
        (card,) = (drive for drive in self._qmp.ask("query-blockstats") if drive["device"] == "card")
        written: int = card["stats"]["wr_bytes"]
        return written


def _socket(name: str) -> str:
    return f"socket,id={name},path={name},server=on,wait=off"


def _connect(path: Path) -> socket.socket:
    """Connect to the emulator, once it listens."""
    connection = socket.socket(socket.AF_UNIX)
    deadline = time.monotonic() + 60
    while connection.connect_ex(str(path)):
        assert time.monotonic() < deadline, path
        time.sleep(0.05)
    return connection
