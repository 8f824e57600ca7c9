"""A Galera cluster on the loopback interface: of three hosts, or of two and an arbitrator."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.support.programs import wait_until
from tests.support.servers import (
    HOST,
    Database,
    InstanceError,
    database_at,
    die_with,
    find_program,
    free_port,
    save_data,
)

ANOTHER_HOST, THIRD_HOST = "127.0.0.2", "127.0.0.3"
LIBRARY = Path("/usr/lib/galera/libgalera_smm.so")
SYNCED_WITHIN = 180.0  # seconds
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


class Cluster:
    """Makes a database server the first node of a cluster, with the others at more hosts; all of them take writes."""

    def __init__(self, one: Database, folder: Path, hosts: Sequence[str] = (ANOTHER_HOST,)) -> None:
        """Prepare it; `one` has been started once, without a cluster. A cluster of two gets an arbitrator."""
        self.one = one
        others = [database_at(h, folder / f"database-{n}", one.port, one.password) for n, h in enumerate(hosts, 2)]
        self.nodes = (one, *others)
        self.hosts = (HOST, *hosts)
        self._plain = one.options
        self._group_port, self._transfer_port, self._copy_port = free_port(), free_port(), free_port()
        self._folder = folder
        self._arbitrator: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.push(self)  # also if a node does not start
            self._start()
            stack.pop_all()
        return self

    def _start(self) -> None:
        self.one.options = self._options(HOST, first=True)
        self.one.restart()
        # The others begin as copies of the first, which knows its cluster: nothing has to be transferred.
        copy, *more = [node.folder / "data" for node in self.nodes[1:]]
        save_data(self.one, copy)
        (copy / "galera.cache").unlink(missing_ok=True)
        for another in more:
            shutil.copytree(copy, another)
        for node, host in zip(self.nodes[1:], self.hosts[1:], strict=True):
            node.options = self._options(host)
            node.account_made.touch()  # copied; and a node answers before it takes statements
            node.start()
        self.one.options = self._options(HOST)  # from now on it joins
        if len(self.nodes) == 2:
            self._arbitrator = self._start_arbitrator()
        self.wait_synced()

    def __exit__(self, *_: object) -> None:
        for node in reversed(self.nodes):
            node.stop()
        if self._arbitrator is not None:
            self._arbitrator.terminate()
            self._arbitrator.wait()

    def rejoin(self, *nodes: Database) -> None:
        """Start nodes that were killed, together, and wait until they have what the others have."""
        for node in nodes:
            options = node.options
            node.options = (*options, f"--wsrep-start-position={self._recovered(node)}")
            node.launch()
            node.options = options
        for node in nodes:
            node.wait_until_ready()
            wait_until(lambda node=node: self._is_synced(node), SYNCED_WITHIN, "the node is synced")  # type: ignore[misc]

    def wait_synced(self) -> None:
        """Wait until all nodes are in one group and have the same."""
        wait_until(self._agree, SYNCED_WITHIN, "all are synced")

    def size(self, node: Database | None = None) -> int:
        """Return how many members a node sees: by default the first."""
        return int(self.status("wsrep_cluster_size", node))

    def status(self, name: str, node: Database | None = None) -> str:
        """Return what a node says of the cluster."""
        return (node or self.one).sql(f"SHOW STATUS LIKE '{name}'").split()[1]

    def _options(self, host: str, *, first: bool = False) -> tuple[str, ...]:
        provider = f"gmcast.listen_addr=tcp://{host}:{self._group_port}; ist.recv_addr={host}:{self._transfer_port}"
        return (
            *self._plain,
            f"--bind-address={host}",
            "--wsrep-on=ON",
            "--loose-plugin-wsrep-provider=OFF",  # with it, options cannot be changed while the server runs
            f"--wsrep-provider={LIBRARY}",
            f"--wsrep-provider-options={provider}; gcache.size=32M; {_QUICK}",
            f"--wsrep-cluster-address=gcomm://{'' if first else self._addresses()}",
            f"--wsrep-node-address={host}",
            "--wsrep-sst-method=mariabackup",
            f"--wsrep-sst-receive-address={host}:{self._copy_port}",
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
        )

    def _addresses(self) -> str:
        return ",".join(f"{host}:{self._group_port}" for host in self.hosts)

    def _start_arbitrator(self) -> "subprocess.Popen[bytes]":
        listen = f"gmcast.listen_addr=tcp://{THIRD_HOST}:{self._group_port}; {_QUICK}"
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

    def _is_synced(self, node: Database) -> bool:
        with contextlib.suppress(InstanceError):
            return "Synced" in node.sql("SHOW STATUS LIKE 'wsrep_local_state_comment'")
        return False

    def _agree(self) -> bool:
        # A node that has hung believes for a moment that it is still in a group, which has gone on without it.
        with contextlib.suppress(InstanceError):
            groups = {self.status("wsrep_cluster_conf_id", node) for node in self.nodes}
            return len(groups) == 1 and self.size() == 3 and all(map(self._is_synced, self.nodes))
        return False
