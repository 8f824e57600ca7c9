"""A Galera cluster of two hosts and an arbitrator, on the loopback interface."""

import contextlib
import os
import subprocess
from pathlib import Path
from typing import Self

from demo.servers import HOST, Database, InstanceError, die_with, find_program, free_port
from tests.support.programs import wait_until
from tests.support.servers import database_at, save_data

ANOTHER_HOST, ARBITRATOR = "127.0.0.2", "127.0.0.3"
LIBRARY = Path("/usr/lib/galera/libgalera_smm.so")
SYNCED_WITHIN = 60.0  # seconds
# A dead node is removed after two seconds instead of five: a torture kills many.
_QUICK = (
    "evs.keepalive_period=PT0.5S; evs.suspect_timeout=PT2S; evs.inactive_timeout=PT4S; evs.inactive_check_period=PT0.5S"
)


def missing() -> str | None:
    """Return the part of Galera that is not installed; None if all is."""
    if not LIBRARY.exists():
        return f"{LIBRARY} (package galera-4)"
    for program in ("garbd", "mariadb-backup", "socat"):  # the latter two: for a node that has to catch up
        try:
            find_program(program)
        except InstanceError:
            return program
    return None


class Pair:
    """Makes a database server the first node of a cluster, with a second at ANOTHER_HOST; both take writes."""

    def __init__(self, one: Database, folder: Path) -> None:
        """Prepare it; `one` has been started once, without a cluster."""
        self.one = one
        self.two = database_at(ANOTHER_HOST, folder / "database-2", one.port, one.password)
        self.nodes = (self.one, self.two)
        self._plain = one.options
        self._group_port, self._transfer_port = free_port(), free_port()
        self._folder = folder
        self._arbitrator: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.one.options = self._options(HOST, first=True)
        self.one.restart()
        # The second begins as a copy of the first, which knows its cluster: nothing has to be transferred.
        save_data(self.one, self.two.folder / "data")
        (self.two.folder / "data" / "galera.cache").unlink(missing_ok=True)
        self.two.options = self._options(ANOTHER_HOST)
        self.two.start()
        self.one.options = self._options(HOST)  # from now on it joins
        self._arbitrator = self._start_arbitrator()
        wait_until(lambda: self._size() == 3, SYNCED_WITHIN, "three are in the cluster")
        return self

    def __exit__(self, *_: object) -> None:
        self.two.stop()
        self.one.stop()
        if self._arbitrator is not None:
            self._arbitrator.terminate()
            self._arbitrator.wait()

    def rejoin(self, node: Database) -> None:
        """Start a node that was killed, and wait until it has what the other has."""
        options = node.options
        node.options = (*options, f"--wsrep-start-position={self._recovered(node)}")
        node.start()
        node.options = options
        wait_until(lambda: self._is_synced(node), SYNCED_WITHIN, "the node is synced")

    def wait_synced(self) -> None:
        """Wait until both nodes have the same."""
        for node in self.nodes:
            wait_until(lambda node=node: self._is_synced(node), SYNCED_WITHIN, "both are synced")  # type: ignore[misc]

    def _options(self, host: str, *, first: bool = False) -> tuple[str, ...]:
        provider = f"gmcast.listen_addr=tcp://{host}:{self._group_port}; ist.recv_addr={host}:{self._transfer_port}"
        return (
            *self._plain,
            f"--bind-address={host}",
            "--wsrep-on=ON",
            f"--wsrep-provider={LIBRARY}",
            f"--wsrep-provider-options={provider}; gcache.size=32M; {_QUICK}",
            f"--wsrep-cluster-address=gcomm://{'' if first else self._addresses()}",
            f"--wsrep-node-address={host}",
            "--wsrep-sst-method=mariabackup",
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
        )

    def _addresses(self) -> str:
        return ",".join(f"{host}:{self._group_port}" for host in (HOST, ANOTHER_HOST))

    def _start_arbitrator(self) -> "subprocess.Popen[bytes]":
        listen = f"gmcast.listen_addr=tcp://{ARBITRATOR}:{self._group_port}; {_QUICK}"
        command = [find_program("garbd"), f"--address=gcomm://{self._addresses()}", "--group=my_wsrep_cluster"]
        with (self._folder / "garbd.log").open("ab") as log:
            return subprocess.Popen(
                [*command, f"--options={listen}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                preexec_fn=die_with(os.getpid()),
            )

    def _recovered(self, node: Database) -> str:
        """Return the last transaction that the server's tables contain."""
        log = node.folder / "recover.log"
        log.unlink(missing_ok=True)
        command = [*node._prepare(), "--wsrep-recover", f"--log-error={log}"]
        subprocess.run(command, stdin=subprocess.DEVNULL, check=True, capture_output=True)
        positions = [line for line in log.read_text().splitlines() if "Recovered position:" in line]
        return positions[-1].partition("Recovered position:")[2].strip()

    def _size(self) -> int:
        return int(self.one.sql("SHOW STATUS LIKE 'wsrep_cluster_size'").split()[1])

    def _is_synced(self, node: Database) -> bool:
        with contextlib.suppress(InstanceError):
            return "Synced" in node.sql("SHOW STATUS LIKE 'wsrep_local_state_comment'")
        return False
