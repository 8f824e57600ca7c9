"""The command `teleinfo-storer sources`: what arrives from sources, as the running storer publishes it."""

import argparse
import json
import secrets
import sys
import time
from collections.abc import Mapping
from typing import Any

from common.contract.topics import Topics
from common.database.mariadb import Database
from common.doctor.broker_probe import Probe
from common.doctor.connection_failure import ConnectionFailed
from common.errors import TeleinfoError
from common.machine.deployment import here
from common.runtime.logs import printable
from common.runtime.progress import Progress
from common.settings import config
from storer.config import StorerConfig
from storer.doctor.service import PROGRAM
from storer.doctor.sources import source_lines
from storer.keeping.forget_source import forget_source
from storer.keeping.forgetting import ask_person

WITHIN = 3.0  # seconds for what the broker retains


class NotSeen(TeleinfoError):
    """There is nothing to show; the text says why, and what to do."""


def declare_sources(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command, besides `--config`."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--json", action="store_true", help="for programs")
    what.add_argument(
        "--forget", metavar="NAME", help="delete all rows of a source; to confirm, its name is asked for once more"
    )
    parser.set_defaults(command=_run)


def _run(arguments: argparse.Namespace) -> int:
    settings = config.load(StorerConfig, arguments.config)
    if arguments.forget is not None:
        return _forget(settings, arguments.forget)
    if not settings.sources:
        raise NotSeen(f"{arguments.config} has no sources: see docs/sources.md")
    report = read_report(settings)
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False))  # noqa: T201 - the command's output
    else:
        for line in source_lines(report):
            print(printable(line))  # noqa: T201 - the command's output
    return 0


def read_report(settings: StorerConfig) -> Mapping[str, Any]:
    """Return what the storer published last, at most a minute ago while it runs.

    Raises:
        NotSeen: the broker cannot be reached, or has nothing of this storer.
    """
    topic = Topics(settings.mqtt.topic[0]).health("storer", settings.name)
    deadline = time.monotonic() + WITHIN
    try:
        with Probe(settings.mqtt, f"teleinfo-storer-sources-{secrets.token_hex(4)}") as probe:
            probe.subscribe([topic])
            while time.monotonic() < deadline:
                for message in probe.listen(0.1):
                    if isinstance(found := message.fields.get("sources"), dict):
                        return found
                    raise NotSeen(
                        f"the storer {settings.name} has no sources yet: restart it after a change of storer.yaml"
                    )
    except ConnectionFailed as error:
        raise NotSeen(f"the broker {settings.mqtt.address} cannot be reached: {error}") from error
    raise NotSeen(
        f"the broker has nothing on {topic}: is the storer running? {here(PROGRAM).run(PROGRAM, 'check')} says more"
    )


def _forget(settings: StorerConfig, name: str) -> int:
    if any(source.name == name for source in settings.sources):
        raise NotSeen(f"{name} is still configured: take it out of `sources` first, and restart the storer")
    with Progress(sys.stderr) as progress:
        return forget_source(Database(settings.database), name, ask_person, progress, sys.stdout)
