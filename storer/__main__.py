"""The command `teleinfo-storer`."""

import argparse
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

from common import config, log
from common.command import report_errors
from common.forget import forget
from common.process import Life
from common.topics import Topics
from storer import check as doctor
from storer.audit import run_audit
from storer.config import StorerConfig
from storer.database import Database
from storer.export import Selection, export, read_limit
from storer.schema import migrate
from storer.service import Storer

CONFIG = Path("/etc/teleinfo/storer.yaml")


def main() -> int:
    """Run the command; return its exit code: 0 fine, 1 failed, 2 configuration or usage, 3 the database refuses us."""
    return report_errors("teleinfo-storer", _parser())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="teleinfo-storer", description="Stores the frames that MQTT brings in MariaDB, each exactly once."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, default=CONFIG, metavar="FILE", help=f"default: {CONFIG}")

    run = commands.add_parser("run", parents=[common], help="store frames until told to stop")
    run.set_defaults(command=_run)

    steps = commands.add_parser("migrate", parents=[common], help="bring the tables up to date; `run` does it too")
    steps.set_defaults(command=_migrate)

    selection = argparse.ArgumentParser(add_help=False)
    selection.add_argument(
        "--from", dest="start", metavar="TIME", help="such as 2026-11-24 or 2026-11-24T18:00:00+01:00"
    )
    selection.add_argument("--to", dest="end", metavar="TIME", help="the first moment that is not wanted any more")
    selection.add_argument("--meter", metavar="ADDRESS", help="only this meter")

    out = commands.add_parser(
        "export", parents=[common, selection], help="print the frames as they were published, one a line"
    )
    out.set_defaults(command=_export)

    proof = commands.add_parser(
        "audit", parents=[common, selection], help="compare what the readers made with what is stored, hour by hour"
    )
    proof.set_defaults(command=_audit)

    gone = commands.add_parser("forget", parents=[common], help="have a storer that is gone forgotten by the readers")
    gone.add_argument("name", metavar="NAME", help="the storer's name; not that of one that runs")
    gone.set_defaults(command=_forget)

    doctor.add_parser(commands, CONFIG)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    settings = config.load(StorerConfig, arguments.config)
    log.set_up()
    life = Life()
    storer = Storer(settings, life)
    life.watch(storer.wake)
    storer.run()
    logging.getLogger(__name__).info("Stopped")
    return life.exit_code


def _migrate(arguments: argparse.Namespace) -> int:
    settings = config.load(StorerConfig, arguments.config)
    applied = migrate(Database(settings.database))
    for step in applied:
        print(f"version {step.version}: {step.name}")  # noqa: T201 - the command's output
    if not applied:
        print("the tables are up to date")  # noqa: T201 - the command's output
    return 0


def _export(arguments: argparse.Namespace) -> int:
    selection = _selection(arguments)
    settings = config.load(StorerConfig, arguments.config)
    for frame in export(Database(settings.database), selection):
        sys.stdout.buffer.write(frame.to_json() + b"\n")  # byte for byte, whatever the terminal's encoding
    sys.stdout.flush()
    return 0


def _audit(arguments: argparse.Namespace) -> int:
    selection = _selection(arguments)
    settings = config.load(StorerConfig, arguments.config)
    return run_audit(Database(settings.database), selection, datetime.now(UTC), sys.stdout)


def _forget(arguments: argparse.Namespace) -> int:
    settings = config.load(StorerConfig, arguments.config)
    for base in settings.mqtt.topic:
        forget(settings.mqtt, Topics(base), "storer", arguments.name)
    print(f"{arguments.name} is forgotten by the broker, and by the readers that are connected")  # noqa: T201
    return 0


def _selection(arguments: argparse.Namespace) -> Selection:
    return Selection(
        start=read_limit(arguments.start) if arguments.start else None,
        end=read_limit(arguments.end) if arguments.end else None,
        meter=arguments.meter,
    )


if __name__ == "__main__":
    sys.exit(main())
