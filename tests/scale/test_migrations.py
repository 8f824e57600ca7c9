"""Storers that find no tables, each at another node: one of them makes the tables, and the cluster goes on."""

import contextlib
from pathlib import Path

from tests.scale.cell import WITHIN, Cell
from tests.support.programs import Service


def test_storers_that_start_together_at_different_nodes_make_the_tables_once(empty_cell: Cell, tmp_path: Path) -> None:
    cluster, database = empty_cell.cluster, empty_cell.rig.database
    database.sql(f"CREATE DATABASE another; GRANT ALL ON another.* TO {database.user}")
    with contextlib.ExitStack() as stack:
        storers = []
        for host in cluster.hosts:
            access = {"host": host, "port": database.port, "user": database.user, "password": database.password}
            name = f"at-{host.replace('.', '-')}"
            mqtt = {"host": empty_cell.broker.host, "port": empty_cell.broker.port, "topic": "another"}
            settings = {"name": name, "mqtt": mqtt, "database": {**access, "name": "another"}}
            storers.append(stack.enter_context(Service("storer", tmp_path, settings, name=name)).start())
        for storer in storers:
            storer.wait_for_log("Ready: another", within=WITHIN)
        made = [storer.count("Migrating the database") for storer in storers]
        assert sorted(made)[:2] == [0, 0]
    versions = [node.sql("SELECT COUNT(*) FROM another.schema_version") for node in cluster.nodes]
    assert len(set(versions)) == 1
