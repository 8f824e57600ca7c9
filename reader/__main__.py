"""The program `teleinfo-reader` and its commands.

What only one command needs is imported in its functions, so that `run` starts quickly and keeps little in memory.
"""

from common.runtime.deferred_module import defer_rare_modules

defer_rare_modules()  # before the imports that would load them

import argparse
import contextlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import ConfigError
from common.runtime import logs
from common.runtime.cli import (
    LOCAL_TIMES,
    NO_ROOM,
    UTC_TIMES,
    Command,
    add_version,
    config_option,
    later,
    one_of,
    positive,
    run_cli,
)
from common.runtime.shutdown import Shutdown
from common.settings.file_errors import reason

if TYPE_CHECKING:
    from reader.config import ReaderConfig

CONFIG = Path("/etc/teleinfo/reader.yaml")


def main() -> int:
    """Run the command; return its exit code: 0 fine, 1 failed, 2 configuration or usage."""
    return run_cli("teleinfo-reader", _parser(), "reader.french")


# A table: a statement a command.
def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="teleinfo-reader", description="Reads a French electricity meter and publishes each frame over MQTT."
    )
    add_version(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Command)
    common = config_option(CONFIG)
    run = commands.add_parser(
        "run",
        parents=[common],
        help="read the meters of the configuration and publish their frames",
        epilog=LOCAL_TIMES,
    )
    run.set_defaults(command=_run)
    commands.add_parser("decode", help="decode raw captures, one frame as JSON a line", declare=_declare_decode)
    commands.add_parser(
        "check",
        parents=[common],
        help="diagnose port, line, broker, clock and disk, and suggest fixes",
        epilog=UTC_TIMES,
        declare=later("reader.check.command:declare_check"),
    )
    commands.add_parser(
        "simulate", help="simulate a meter on a pseudo-terminal and print its name", declare=_declare_simulate
    )
    commands.add_parser(
        "record",
        parents=[common],
        help="record the bytes of the line to a file, such as for a bug report",
        epilog=UTC_TIMES,
        declare=later("reader.recording.commands:declare_record"),
    )
    commands.add_parser(
        "watch",
        parents=[common],
        help="show the meters live in this terminal; q quits",
        epilog=LOCAL_TIMES,
        declare=later("reader.watch:declare_watch"),
    )
    return parser


def _declare_decode(decode: argparse.ArgumentParser) -> None:
    decode.add_argument("files", nargs="+", metavar="FILE", help="a recording, or raw bytes; - for standard input")
    decode.set_defaults(command=_decode)


def _declare_simulate(simulate: argparse.ArgumentParser) -> None:
    from reader.simulator.meter import KINDS

    simulate.add_argument(
        "kind",
        type=one_of(KINDS),
        metavar="KIND",
        help="such as standard-single-phase-tempo; an unknown one lists all",
    )
    simulate.add_argument("--speed", type=positive, default=1.0, metavar="N", help="N times as fast (default: 1)")
    simulate.set_defaults(command=_simulate)


def _settings(arguments: argparse.Namespace) -> "ReaderConfig":
    from common.settings import config
    from reader.config import ReaderConfig

    return config.load(ReaderConfig, arguments.config)


def _run(arguments: argparse.Namespace) -> int:
    from common.machine.deployment import Deployment, here
    from common.runtime.waiting import when_ready
    from common.runtime.watchdog import Heartbeat, Notifier
    from reader.build import build_reader
    from reader.config import is_simulated

    settings = _settings(arguments)
    logs.set_up(settings.log.format, "teleinfo-reader")
    compose = here("teleinfo-reader").deployment is Deployment.COMPOSE
    for port in settings.port:
        if is_simulated(port):
            logging.getLogger(__name__).warning(
                "NO METER: %s is a simulated meter. %s",
                port,
                "To find yours: docker compose run --rm setup meter; or set TIC_PORT=/dev/ttyAMA0 in .env"
                if compose
                else "Set 'port' to the device of yours",
            )
    shutdown = Shutdown()
    shutdown.install()
    service = when_ready(lambda: build_reader(settings, shutdown.stop), shutdown, Heartbeat(None, Notifier()))
    if service is not None:
        shutdown.wake_by(service.wake)
        service.run()
    logging.getLogger(__name__).info("Stopped")
    return shutdown.exit_code


def _decode(arguments: argparse.Namespace) -> int:
    from reader.recording.commands import Summary, decode_file

    for name in arguments.files:
        summary = Summary()
        with contextlib.ExitStack() as stack:
            try:
                file = sys.stdin.buffer if name == "-" else stack.enter_context(Path(name).open("rb"))
                for line in decode_file(file, summary, name):
                    print(line)  # noqa: T201 - the command's output
            except BrokenPipeError:
                raise
            except OSError as error:
                if error.errno in NO_ROOM:
                    raise  # it is the output
                raise ConfigError(f"{name}: cannot be read: {reason(error)}") from error
        sys.stdout.flush()
        print(f"{name}: {summary.text()}", file=sys.stderr)  # noqa: T201 - for a person
    return 0


def _simulate(arguments: argparse.Namespace) -> int:
    from reader.simulator.line import SimulatedLine
    from reader.simulator.pseudo_terminal import serve_pty

    shutdown = Shutdown()
    line = SimulatedLine(arguments.kind, speed=arguments.speed)
    shutdown.install(line.close)
    serve_pty(line, announce=lambda name: print(name, flush=True))  # noqa: T201 - the command's output
    return shutdown.exit_code


if __name__ == "__main__":
    sys.exit(main())
