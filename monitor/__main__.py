"""The program `teleinfo-monitor` and its commands.

What only one command needs is imported in its functions, so that each starts quickly and `run` keeps little in memory.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from common.runtime.cli import add_version, later, run_cli
from common.settings.language import language_of
from monitor.base.calendar import BY, DIGESTS
from monitor.base.help import HELP

PROGRAM = "teleinfo-monitor"
CONFIG = Path("/etc/teleinfo/monitor.yaml")


def main() -> int:
    """Run the command; return its exit code: 0 ok, 1 failed, 2 configuration or usage, 3 refused by the database."""
    return run_cli(PROGRAM, _parser(HELP[_language_of_help(sys.argv[1:])]), "monitor.base.french")


def _language_of_help(arguments: Sequence[str]) -> str:
    """Return the language of the help: as that of a report."""
    looking = argparse.ArgumentParser(add_help=False)
    looking.add_argument("--language")
    try:
        named = looking.parse_known_args(arguments)[0].language
    except SystemExit:  # the command reports that
        named = None
    return str(named) if named in HELP else language_of()


class _Option(NamedTuple):
    """An option of a command; its text is a key of HELP."""

    name: str
    text: str
    settings: Mapping[str, Any] = {"action": "store_true"}


class _Command(NamedTuple):
    """A command: what it is called, and what does it."""

    name: str
    target: str  # imported when it is called
    shares: str  # which options it shares with others: file, common or selection
    options: Sequence[_Option | Sequence[_Option]] = ()  # of several together, one may be given
    notes: Sequence[str] = ()  # at the end of its help, keys of HELP

    @property
    def text(self) -> str:
        """The key of what it does."""
        return self.name.replace("-", "_")


_JSON = _Option("--json", "json")
COMMANDS = (
    _Command("run", "monitor.service:run", "file"),
    _Command(
        "report",
        "monitor.places.review.report:report",
        "selection",
        (
            _Option("--by", "by", {"choices": (*BY, "contract-year"), "default": "day"}),
            (
                _JSON,
                _Option("--csv", "csv"),
                _Option("--digest", "digest", {"nargs": "?", "const": False, "choices": DIGESTS}),
            ),
            _Option("--locale", "locale", {"choices": ("c", "fr")}),
        ),
        ("times",),
    ),
    _Command("compare", "monitor.places.contracts.terminal:compare", "selection", (_JSON,), ("times", "twelve")),
    _Command("power", "monitor.places.contracts.terminal:power", "selection", (_JSON,), ("times", "twelve")),
    _Command("mcp", "monitor.mcp.command:mcp", "file"),
    _Command("check", "monitor.places.status.check:run_check", "file"),
    _Command(
        "alerts",
        "monitor.places.status.check_alerts:alerts",
        "common",
        (_Option("--test", "alerts_test"), _Option("--json", "alerts_json")),
    ),
    _Command(
        "home-assistant",
        "monitor.home_assistant.command:home_assistant",
        "common",
        (_Option("--dry-run", "dry_run"), _Option("--undo", "undo"), _Option("--yes", "yes")),
    ),
    _Command(
        "password",
        "monitor.web.password:change",
        "file",
        ((_Option("--random", "password_random"), _Option("--code", "password_code")),),
    ),
)


def _parser(words: Mapping[str, str]) -> argparse.ArgumentParser:
    kind = _parser_in(words)
    parser = kind(prog=PROGRAM, description=words["monitor"])
    add_version(parser, words["version"])
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title=words["commands"])
    file, common, selection = (kind(add_help=False) for _ in range(3))
    file.add_argument("--config", type=Path, default=CONFIG, metavar="FILE", help=words["config"].format(file=CONFIG))
    common.add_argument("--language", choices=("fr", "en"), help=words["language"])
    selection.add_argument("--from", dest="start", metavar="TIME", help=words["from"])
    selection.add_argument("--to", dest="end", metavar="TIME", help=words["to"])
    selection.add_argument("--meter", metavar="METER", help=words["meter"])
    shared = {"file": [file], "common": [file, common], "selection": [file, common, selection]}
    for command in COMMANDS:
        epilog = " ".join(words[key] for key in command.notes) or None
        added = commands.add_parser(
            command.name, parents=shared[command.shares], help=words[command.text], epilog=epilog
        )
        for one in command.options:
            group, options = (added, [one]) if isinstance(one, _Option) else (added.add_mutually_exclusive_group(), one)
            for option in options:
                group.add_argument(option.name, help=words[option.text], **option.settings)
        added.set_defaults(command=later(command.target))
    _add_settings(commands.add_parser("settings", parents=shared["common"], help=words["settings"]), kind, words)
    _add_prices(commands.add_parser("prices", parents=shared["common"], help=words["prices"]), kind, words)
    return parser


def _parser_in(words: Mapping[str, str]) -> type[argparse.ArgumentParser]:
    """Return a parser whose help is in a language; those of its commands are the same."""

    class Formatter(argparse.HelpFormatter):
        def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
            super().add_usage(usage, actions, groups, words["usage"] if prefix is None else prefix)

    class Parser(argparse.ArgumentParser):
        def __init__(self, **options: Any) -> None:
            shown = options.pop("add_help", True)
            super().__init__(**options, add_help=False, formatter_class=Formatter)
            if shown:
                self.add_argument("-h", "--help", action="help", help=words["help"])

    return Parser


def _add_settings(
    settings: argparse.ArgumentParser, kind: type[argparse.ArgumentParser], words: Mapping[str, str]
) -> None:
    """Add the actions of `settings`, which are parsers of a kind."""
    again = _again(kind, words)
    actions = settings.add_subparsers(metavar="ACTION", title=words["commands"], required=True)
    showing = actions.add_parser("show", parents=[again], help=words["settings_show"])
    showing.set_defaults(command=later("monitor.places.settings.command:show"))
    loading = actions.add_parser("load", parents=[again], help=words["settings_load"])
    loading.add_argument("files", nargs="+", type=Path, metavar="FILE", help=words["settings_file"])
    loading.add_argument("--yes", action="store_true", help=words["settings_yes"])
    loading.add_argument("--once", action="store_true", help=words["settings_once"])
    loading.set_defaults(command=later("monitor.places.settings.command:load"))
    checking = actions.add_parser("check", parents=[again], help=words["settings_check"])
    checking.add_argument("file", type=Path, metavar="FILE", help=words["settings_file"])
    checking.set_defaults(command=later("monitor.places.settings.command:check"))


def _again(kind: type[argparse.ArgumentParser], words: Mapping[str, str]) -> argparse.ArgumentParser:
    """Return the common options for an action; its defaults would replace what was given before it."""
    again = kind(add_help=False, argument_default=argparse.SUPPRESS)
    again.add_argument("--config", type=Path, metavar="FILE", help=words["config"].format(file=CONFIG))
    again.add_argument("--language", choices=("fr", "en"), help=words["language"])
    return again


def _add_prices(
    pricing: argparse.ArgumentParser, kind: type[argparse.ArgumentParser], words: Mapping[str, str]
) -> None:
    """Add the actions of `prices`, which are parsers of a kind."""
    again = _again(kind, words)
    actions = pricing.add_subparsers(metavar="ACTION", title=words["commands"])
    showing = actions.add_parser("show", parents=[again], help=words["prices_show"])
    showing.add_argument("--all", action="store_true", help=words["prices_all"])
    showing.set_defaults(command=later("monitor.places.contracts.terminal:show_prices"))
    checking = actions.add_parser("check", parents=[again], help=words["prices_check"])
    checking.set_defaults(command=later("monitor.places.contracts.terminal:verify_prices"))
    updating = actions.add_parser("update", parents=[again], help=words["prices_update"])
    updating.add_argument("source", type=Path, metavar="FILE", help="offers.yaml, tarif_bleu.yaml")
    updating.add_argument("--sha256", required=True, metavar="HEX", help=words["prices_sha256"])
    updating.set_defaults(command=later("monitor.places.contracts.terminal:take_prices"))
    pricing.set_defaults(command=later("monitor.places.contracts.terminal:show_prices"))


if __name__ == "__main__":
    sys.exit(main())
