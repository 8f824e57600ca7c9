"""The command `teleinfo-reader`."""

import argparse
import contextlib
import logging
import sys
from pathlib import Path

from common import config, log
from common.command import report_errors
from common.errors import ConfigError
from common.forget import forget
from common.process import Life
from common.topics import Topics
from reader.bridge import Bridge
from reader.check import add_parser as add_check
from reader.config import ReaderConfig
from reader.confirmers import STORERS, forget_storer
from reader.decode import Summary, decode_file
from reader.port import check_port
from reader.simulated_line import SimulatedLine, serve_pty

CONFIG = Path("/etc/teleinfo/reader.yaml")


def main() -> int:
    """Run the command; return its exit code: 0 fine, 1 failed, 2 configuration or usage."""
    return report_errors("teleinfo-reader", _parser())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="teleinfo-reader", description="Reads a French electricity meter and publishes each frame over MQTT."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="read the meters of the configuration and publish their frames")
    run.add_argument("--config", type=Path, default=CONFIG, metavar="FILE", help=f"default: {CONFIG}")
    run.set_defaults(command=_run)

    decode = commands.add_parser("decode", help="decode raw captures, one frame as JSON a line")
    decode.add_argument("files", nargs="+", metavar="FILE", help="raw bytes of a line; - for standard input")
    decode.set_defaults(command=_decode)

    add_check(commands, CONFIG)

    gone = commands.add_parser("forget", help="wait no longer for the confirmations of a storer that is gone")
    gone.add_argument("name", metavar="NAME", help="the storer's name; not that of one that runs")
    gone.add_argument("--config", type=Path, default=CONFIG, metavar="FILE", help=f"default: {CONFIG}")
    gone.set_defaults(command=_forget)

    simulate = commands.add_parser("simulate", help="be a meter on a pseudo-terminal, whose name is printed")
    simulate.add_argument("kind", metavar="KIND", help="such as standard-single-phase-tempo; another one lists them")
    simulate.add_argument("--speed", default="1", metavar="N", help="frames come N times as fast (default: 1)")
    simulate.add_argument("--noise", default="0", metavar="RATE", help="share of bits that flip, such as 1e-4")
    simulate.set_defaults(command=_simulate)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    settings = config.load(ReaderConfig, arguments.config)
    for port in settings.port:
        check_port(port)
    log.set_up()
    life = Life()
    bridge = Bridge(settings, life)
    life.watch(bridge.wake)
    bridge.run()
    logging.getLogger(__name__).info("Stopped")
    return life.exit_code


def _forget(arguments: argparse.Namespace) -> int:
    settings = config.load(ReaderConfig, arguments.config)
    remembered = forget_storer(settings.spool.path / STORERS, arguments.name)
    # The broker's word would bring it back at the next start.
    known = forget(settings.mqtt, Topics(settings.mqtt.topic), "storer", arguments.name)
    print(f"{arguments.name} is forgotten" if remembered or known else f"{arguments.name} was not known")  # noqa: T201
    return 0


def _decode(arguments: argparse.Namespace) -> int:
    for name in arguments.files:
        summary = Summary()
        with contextlib.ExitStack() as stack:
            try:
                file = sys.stdin.buffer if name == "-" else stack.enter_context(Path(name).open("rb"))
                for line in decode_file(file, summary):
                    print(line)  # noqa: T201 - the command's output
            except BrokenPipeError:
                raise
            except OSError as error:
                raise ConfigError(f"{name}: cannot be read: {error.strerror}") from error
        sys.stdout.flush()
        print(f"{name}: {summary.text()}", file=sys.stderr)  # noqa: T201 - for a person
    return 0


def _simulate(arguments: argparse.Namespace) -> int:
    life = Life()
    try:
        url = f"simulate://{arguments.kind}?speed={arguments.speed}&noise={arguments.noise}"
        line = SimulatedLine.from_url(url)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    life.watch(line.close)
    serve_pty(line, announce=lambda name: print(name, flush=True))  # noqa: T201 - the command's output
    return life.exit_code


if __name__ == "__main__":
    sys.exit(main())
