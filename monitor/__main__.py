"""The command `teleinfo-monitor`."""

import argparse
import contextlib
import getpass
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from common.database.mariadb import Database
from common.errors import ConfigError, TeleinfoError, Unavailable
from common.machine.deployment import here
from common.runtime.cli import add_version, run_cli
from common.settings import config
from common.settings.file_errors import reason
from monitor.answers.answers import Answers
from monitor.calendar import BY
from monitor.config import MonitorConfig
from monitor.prices.age import REGULATED
from monitor.prices.check import Issue, PriceProblem, check_prices
from monitor.prices.colour_file import read_colours
from monitor.prices.model import PriceTable
from monitor.prices.table import import_prices, load_prices, read_file
from monitor.ranges import Range, by_contract, choose_range, year_to
from monitor.refusals import Refusal
from monitor.report.help import HELP
from monitor.report.tables import Tables
from monitor.text.formats import Formats, language_of

PROGRAM = "teleinfo-monitor"
CONFIG = Path("/etc/teleinfo/monitor.yaml")
_LONGEST_CURVE = timedelta(days=366)  # the base load is read from each hour of a range


def main() -> int:
    """Run the command; return its exit code: 0 ok, 1 failed, 2 configuration or usage, 3 refused by the database."""
    return run_cli(PROGRAM, _parser(HELP[_language_of_help(sys.argv[1:])]))


def _language_of_help(arguments: Sequence[str]) -> str:
    """Return the language of the help: as that of a report, which the configuration may name."""
    looking = argparse.ArgumentParser(add_help=False)
    looking.add_argument("--config", type=Path, default=CONFIG)
    looking.add_argument("--language")
    if not {"-h", "--help"} & set(arguments):
        return language_of()
    try:
        found, _ = looking.parse_known_args(arguments)
        named = found.language or config.load(MonitorConfig, found.config).language
    except (ConfigError, SystemExit):  # it is wrong or not there: its error is for a command to tell
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
    reporting.add_argument("--locale", choices=("c", "fr"), help=words["locale"])
    reporting.set_defaults(command=_report)

    comparing = commands.add_parser(
        "compare", parents=[common, selection], help=words["compare"], epilog=f"{words['times']} {words['twelve']}"
    )
    comparing.set_defaults(command=_compare)

    checking = commands.add_parser("check", parents=[common], help=words["check"])
    checking.set_defaults(command=_check)

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
    showing.set_defaults(command=_prices)
    actions.add_parser("check", parents=[again], help=words["prices_check"]).set_defaults(command=_check_prices)
    importing = actions.add_parser("import", parents=[again], help=words["prices_import"])
    importing.add_argument("file", type=Path, metavar="FILE", help="Option_Base.csv, Option_HPHC.csv, Option_Tempo.csv")
    importing.set_defaults(command=_import_prices)
    pricing.set_defaults(command=_prices)


def _run(arguments: argparse.Namespace) -> int:
    from monitor.server.command import run

    return run(arguments.config)


def _password(arguments: argparse.Namespace) -> int:
    from monitor import password

    settings = config.load(MonitorConfig, arguments.config)
    settings.check_auth()
    file = settings.password_file
    if file is None:
        raise ConfigError(f"auth: {settings.auth} asks for no password")
    text = secrets.token_urlsafe(12) if arguments.random else _read_password()
    password.check(text)
    try:
        password.write(file, text, arguments.config)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {reason(error)}") from error
    if arguments.random:
        print(f"the password of the page: {text}")  # noqa: T201 - the command's output
    print(f"{file} holds its hash; it is in force, and all sessions have ended")  # noqa: T201 - the command's output
    return 0


def _read_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    text = getpass.getpass("new password of the page: ")
    if getpass.getpass("once more: ") != text:
        raise ConfigError("the two are not the same")
    return text


@contextlib.contextmanager
def _answers(arguments: argparse.Namespace) -> Iterator[tuple[Answers, MonitorConfig, PriceTable]]:
    settings = config.load(MonitorConfig, arguments.config)
    prices = load_prices(settings.prices, arguments.config.parent)
    colours = {} if settings.tempo is None else read_colours(read_file(settings.tempo), str(settings.tempo))
    language, database = _language(arguments, settings), Database(settings.database)
    try:
        with contextlib.closing(database.connect()) as connection:
            yield Answers(connection, settings, prices, colours), settings, prices
    except Refusal as error:
        raise ConfigError(error.text(language)) from error
    except Unavailable as error:
        if language == "en":
            raise
        away = Refusal("database_away", where=database.where, check=here(PROGRAM).run(PROGRAM, "check"))
        raise TeleinfoError(away.text(language)) from error


def _formats(arguments: argparse.Namespace, settings: MonitorConfig) -> Formats:
    return Formats(_language(arguments, settings), settings.time_zone)


def _language(arguments: argparse.Namespace, settings: MonitorConfig) -> str:
    return arguments.language or settings.language or language_of()


def _report(arguments: argparse.Namespace) -> int:
    from monitor.text.output import json_rows, write_csv

    if arguments.locale is not None and not arguments.csv:
        raise ConfigError(Refusal("locale").text(arguments.language or language_of()))
    now = datetime.now(UTC)
    with _answers(arguments) as (answers, settings, prices):
        formats = _formats(arguments, settings)
        meter = answers.meter(arguments.meter)
        zone = settings.time_zone
        asked, calendar, begin = by_contract(
            Range.read(arguments.start, arguments.end, zone, arguments.by),
            zone,
            partial(answers.contract_start, meter, now),
        )
        start, end = choose_range(asked, calendar, now, meter.first)
        start = max(start, begin or start)
        if start >= end:
            raise Refusal("no_year", day=start.astimezone(zone).date())
        answer = answers.energy(meter, asked.by, start, end, now, calendar)
        if arguments.json:
            print(json_rows(answer))  # noqa: T201 - the command's output
        elif arguments.csv:
            french = arguments.locale == "fr"
            write_csv(answer, formats if french else Formats("en", formats.zone), sys.stdout, french=french)
        else:
            newest = prices.newest_before(now.astimezone(zone).date())
            peak = next(iter(answers.peaks(meter, start, end, 1)), None)
            short = end - start <= _LONGEST_CURVE
            base_load = answers.base_load(meter, start, end).watts if short else None
            Tables(sys.stdout, formats).energy(answer, arguments.by, newest, peak, base_load, answers.first(meter))
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    with _answers(arguments) as (answers, settings, _):
        meter = answers.meter(arguments.meter)
        zone = settings.time_zone
        start, end = year_to(now, Range.read(arguments.start, arguments.end, zone), zone)
        comparison = answers.compare(meter, start, end, now)
        Tables(sys.stdout, _formats(arguments, settings)).comparison(meter, comparison, start)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from common.doctor.findings import Report
    from monitor.doctor.command import check

    formats = Formats(arguments.language or language_of(), ZoneInfo("UTC"))
    return check(arguments.config, Report(sys.stdout), lambda problem: _words(problem, formats))


def _price_table(arguments: argparse.Namespace) -> tuple[MonitorConfig, PriceTable]:
    settings = config.load(MonitorConfig, arguments.config)
    return settings, load_prices(settings.prices, arguments.config.parent)


def _prices(arguments: argparse.Namespace) -> int:
    settings, prices = _price_table(arguments)
    today = datetime.now(settings.time_zone).date()
    rows = [(row, file.origin) for file in prices.files for row in file.rows]
    if not getattr(arguments, "all", False):
        rows = [(row, origin) for row, origin in rows if row in prices.rows(row.offer, today)]
    rows.sort(key=lambda pair: (prices.offers.index(pair[0].offer), -pair[0].start.toordinal()))
    power = settings.contracts[-1].power if settings.contracts else None
    Tables(sys.stdout, _formats(arguments, settings)).prices(rows, power)
    return 0


def _check_prices(arguments: argparse.Namespace) -> int:
    settings, prices = _price_table(arguments)
    formats = _formats(arguments, settings)
    problems = check_prices(prices, datetime.now(settings.time_zone).date(), settings.contracts)
    tables = Tables(sys.stdout, formats)
    for problem in problems:
        tables.line(_words(problem, formats))
    if not problems:
        tables.line(formats.text("prices_ok"))
    return 1 if any(problem.issue is not Issue.HOLE for problem in problems) else 0


def _words(problem: PriceProblem, formats: Formats) -> str:
    own = problem.issue is Issue.OLD and problem.offer not in REGULATED  # the regulator has no prices of it
    return formats.text(
        f"issue_{problem.issue.value}" + ("_own" if own else ""),
        offer=formats.offer(problem.offer),
        origin=problem.origin.rpartition("/")[2],
        start=formats.calendar_day(problem.start),
        end="" if problem.end is None else formats.calendar_day(problem.end),
        detail=problem.detail,
        command=here(PROGRAM).run(PROGRAM, "prices import"),
    )


def _import_prices(arguments: argparse.Namespace) -> int:
    settings = config.load(MonitorConfig, arguments.config)
    kept, prices = import_prices(arguments.file, arguments.config.parent)
    formats = _formats(arguments, settings)
    offer = formats.offer(prices.rows[0].offer)
    Tables(sys.stdout, formats).line(
        formats.text("imported_prices", file=arguments.file, rows=len(prices.rows), offer=offer, kept=kept)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
