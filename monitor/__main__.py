"""The program `teleinfo-monitor` and its commands.

What only one command needs is imported in its functions, so that each starts quickly and `run` keeps little in memory.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from common.errors import ConfigError
from common.runtime.cli import add_version, later, run_cli
from common.settings.language import language_of
from monitor.base.calendar import BY, DIGESTS
from monitor.base.texts import HELP

PROGRAM = "teleinfo-monitor"
CONFIG = Path("/etc/teleinfo/monitor.yaml")


def main() -> int:
    """Run the command; return its exit code: 0 ok, 1 failed, 2 configuration or usage, 3 refused by the database."""
    return run_cli(PROGRAM, _parser(HELP[_language_of_help(sys.argv[1:])]), "monitor.base.french")


def _language_of_help(arguments: Sequence[str]) -> str:
    """Return the language of the help: as that of a report, which the configuration may name."""
    looking = argparse.ArgumentParser(add_help=False)
    looking.add_argument("--config", type=Path, default=CONFIG)
    looking.add_argument("--language")
    if not {"-h", "--help"} & set(arguments):
        return language_of()

    from common.settings import config
    from monitor.base.config import MonitorConfig

    try:
        found, _ = looking.parse_known_args(arguments)
        named = found.language or config.load(MonitorConfig, found.config).language
    except (ConfigError, SystemExit):  # it is wrong or not there: a command reports that
        named = None
    return str(named) if named in HELP else language_of()


def _parser(words: Mapping[str, str]) -> argparse.ArgumentParser:
    class Formatter(argparse.HelpFormatter):
        """Says `usage` in the language of the help."""

        def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
            super().add_usage(usage, actions, groups, words["usage"] if prefix is None else prefix)

    class Parser(argparse.ArgumentParser):
        """A parser whose help is in that language; those of its commands are the same."""

        def __init__(self, **options: Any) -> None:
            shown = options.pop("add_help", True)
            super().__init__(**options, add_help=False, formatter_class=Formatter)
            if shown:
                self.add_argument("-h", "--help", action="help", help=words["help"])

    parser = Parser(prog=PROGRAM, description=words["monitor"])
    add_version(parser, words["version"])
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title=words["commands"])
    file = Parser(add_help=False)
    default_file = words["config"].format(file=CONFIG)
    file.add_argument("--config", type=Path, default=CONFIG, metavar="FILE", help=default_file)
    common = Parser(add_help=False, parents=[file])
    common.add_argument("--language", choices=("fr", "en"), help=words["language"])
    selection = Parser(add_help=False)
    selection.add_argument("--from", dest="start", metavar="TIME", help=words["from"])
    selection.add_argument("--to", dest="end", metavar="TIME", help=words["to"])
    selection.add_argument("--meter", metavar="METER", help=words["meter"])

    serving = commands.add_parser("run", parents=[file], help=words["run"])
    serving.set_defaults(command=_run)

    reporting = commands.add_parser("report", parents=[common, selection], help=words["report"], epilog=words["times"])
    reporting.add_argument("--by", choices=(*BY, "contract-year"), default="day", help=words["by"])
    form = reporting.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help=words["json"])
    form.add_argument("--csv", action="store_true", help=words["csv"])
    form.add_argument("--digest", nargs="?", const=False, choices=DIGESTS, help=words["digest"])
    reporting.add_argument("--locale", choices=("c", "fr"), help=words["locale"])
    reporting.set_defaults(command=later("monitor.places.review.report:report"))

    comparing = commands.add_parser(
        "compare", parents=[common, selection], help=words["compare"], epilog=f"{words['times']} {words['twelve']}"
    )
    comparing.add_argument("--json", action="store_true", help=words["json"])
    comparing.set_defaults(command=later("monitor.places.contracts.terminal:compare"))

    needing = commands.add_parser(
        "power", parents=[common, selection], help=words["power"], epilog=f"{words['times']} {words['twelve']}"
    )
    needing.add_argument("--json", action="store_true", help=words["json"])
    needing.set_defaults(command=later("monitor.places.contracts.terminal:power"))

    checking = commands.add_parser("check", parents=[file], help=words["check"])
    checking.set_defaults(command=later("monitor.places.status.check:run_check"))

    alerting = commands.add_parser("alerts", parents=[common], help=words["alerts"])
    alerting.add_argument("--test", action="store_true", help=words["alerts_test"])
    alerting.add_argument("--json", action="store_true", help=words["alerts_json"])
    alerting.set_defaults(command=later("monitor.places.status.check_alerts:alerts"))

    bringing = commands.add_parser("home-assistant", parents=[common], help=words["home_assistant"])
    bringing.add_argument("--dry-run", action="store_true", help=words["dry_run"])
    bringing.add_argument("--undo", action="store_true", help=words["undo"])
    bringing.add_argument("--yes", action="store_true", help=words["yes"])
    bringing.set_defaults(command=later("monitor.home_assistant.command:home_assistant"))

    locking = commands.add_parser("password", parents=[file], help=words["password"])
    locking.add_argument("--random", action="store_true", help=words["password_random"])
    locking.set_defaults(command=_password)

    _add_prices(commands.add_parser("prices", parents=[common], help=words["prices"]), Parser, words)
    return parser


def _add_prices(
    pricing: argparse.ArgumentParser, kind: type[argparse.ArgumentParser], words: Mapping[str, str]
) -> None:
    """Add the actions of `prices`, which are parsers of a kind."""
    # An action takes them, too; its defaults would replace what was given before it.
    again = kind(add_help=False, argument_default=argparse.SUPPRESS)
    again.add_argument("--config", type=Path, metavar="FILE", help=words["config"].format(file=CONFIG))
    again.add_argument("--language", choices=("fr", "en"), help=words["language"])
    actions = pricing.add_subparsers(metavar="ACTION", title=words["commands"])
    showing = actions.add_parser("show", parents=[again], help=words["prices_show"])
    showing.add_argument("--all", action="store_true", help=words["prices_all"])
    showing.set_defaults(command=later("monitor.places.contracts.terminal:show_prices"))
    checking = actions.add_parser("check", parents=[again], help=words["prices_check"])
    checking.set_defaults(command=later("monitor.places.contracts.terminal:verify_prices"))
    updating = actions.add_parser("update", parents=[again], help=words["prices_update"])
    updating.add_argument("source", metavar="FILE|URL", help="offers.yaml, tarif_bleu.yaml")
    updating.add_argument("--sha256", required=True, metavar="HEX", help=words["prices_sha256"])
    updating.set_defaults(command=later("monitor.places.contracts.terminal:take_prices"))
    pricing.set_defaults(command=later("monitor.places.contracts.terminal:show_prices"))


def _run(arguments: argparse.Namespace) -> int:
    from monitor.service import run

    return run(arguments.config)


def _password(arguments: argparse.Namespace) -> int:
    import secrets

    from common.settings import config
    from common.settings.file_errors import reason
    from monitor.base.config import MonitorConfig
    from monitor.web import password

    settings = config.load(MonitorConfig, arguments.config)
    settings.check_auth()
    file = settings.password_file
    if file is None:
        raise ConfigError(f"auth: {settings.auth} asks for no password")
    text = secrets.token_urlsafe(12) if arguments.random else _read_password()
    password.check(text)
    ended = ", and all sessions have ended" if file.exists() else ""
    try:
        password.write(file, text, arguments.config)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {reason(error)}") from error
    if arguments.random:
        print(f"the password of the page: {text}")  # noqa: T201 - the command's output
    print(f"{file} holds its hash; it is in force{ended}")  # noqa: T201 - the command's output
    return 0


def _read_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")

    import getpass

    text = getpass.getpass("new password of the page: ")
    if getpass.getpass("once more: ") != text:
        raise ConfigError("the two are not the same")
    return text


if __name__ == "__main__":
    sys.exit(main())
