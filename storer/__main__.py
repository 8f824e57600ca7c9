"""The command `teleinfo-storer`."""

import argparse
import logging
import sys
from pathlib import Path

from common import config, log
from common.command import report_errors
from common.process import Life
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

    out = commands.add_parser("export", parents=[common], help="print the frames as they were published, one a line")
    out.add_argument("--from", dest="start", metavar="TIME", help="such as 2026-11-24 or 2026-11-24T18:00:00+01:00")
    out.add_argument("--to", dest="end", metavar="TIME", help="the first moment that is not wanted any more")
    out.add_argument("--meter", metavar="ADDRESS", help="only this meter")
    out.set_defaults(command=_export)
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
    selection = Selection(
        start=read_limit(arguments.start) if arguments.start else None,
        end=read_limit(arguments.end) if arguments.end else None,
        meter=arguments.meter,
    )
    settings = config.load(StorerConfig, arguments.config)
    for frame in export(Database(settings.database), selection):
        sys.stdout.write(frame.to_json().decode("utf-8", "surrogatepass") + "\n")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
