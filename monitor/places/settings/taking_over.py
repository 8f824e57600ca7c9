"""Finds the household's settings in a file: of `settings show`, or what earlier versions kept in their YAML files."""

import stat
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from common.contract import retention
from common.errors import ConfigError
from common.machine.files import replace_file
from common.settings.config import with_variables
from common.settings.file_errors import reason
from common.settings.yaml_file import parse_yaml, read_yaml
from monitor.base.alert_settings import ADDRESSES, ALERTS
from monitor.base.config import MonitorConfig
from monitor.base.household import BUDGET, PAGE
from monitor.money.dated_files import read_colours, read_days, read_file, read_spot
from monitor.money.sections import CALENDARS, PRICES, SECTIONS

#: Keys of prices.yaml that no other file has at its top.
_OF_PRICES = {"schema", "checked", "currency", "zone", "rules", "offers", "feed_in", "taxes"}
_GONE_RULES = {"forgotten", "talon", "voltage"}
_PROGRAMS = ("monitor.yaml", "storer.yaml")
#: Keys that a program's file had; the storer's, too.
TAKEN = (*MonitorConfig.MOVED, "sources", "retention")


def sections_in(file: Path) -> dict[str, Any]:
    """Return the JSON of the sections that a file has; what belongs to the machine is left.

    Raises:
        ConfigError: it, or a file that it names, cannot be read.
    """
    document = read_yaml(file)
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"{file}: sections are expected, such as `teleinfo-monitor settings show` prints")
    if _OF_PRICES & set(document) and not set(document) - _OF_PRICES - {"sources"}:
        return {PRICES.name: as_json(document)}
    found: dict[str, dict[str, Any]] = {}
    plain: dict[str, Any] = {}
    for key, value in document.items():
        if key not in (*TAKEN, *SECTIONS) or (value := _expanded(value, key)) is None:
            continue
        if key in _CONVERTED:
            for name, part in _CONVERTED[key](value).items():
                found[name] = found.get(name, {}) | part if isinstance(part, dict) else part
        elif key in SECTIONS:
            plain[key] = as_json(value)
    return plain | {name: as_json(value) for name, value in found.items()}


def _expanded(value: Any, key: str) -> Any:
    """Return a value with the variables of the environment that it names."""
    if isinstance(value, dict):
        return {name: _expanded(one, f"{key}.{name}") for name, one in value.items()}
    return with_variables(value, key, as_text=False)


def as_json(value: Any) -> Any:
    """Return what YAML has as JSON has it: names are texts, and days ISO."""
    if isinstance(value, Mapping):
        return {_name(key): as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def _name(key: Any) -> str:
    return key.isoformat() if isinstance(key, date | datetime) else str(key)


def _prices(value: Any) -> dict[str, Any]:
    """Take `prices: FILE`, or the section itself."""
    if isinstance(value, str):
        return {PRICES.name: dict(as_json(read_yaml(Path(value)) or {}))}
    return {PRICES.name: value}


def _calendars(value: Any) -> dict[str, Any]:
    """Take `calendars: {NAME: FILE}`, or the section itself."""
    if isinstance(value, dict) and value and all(isinstance(one, str) for one in value.values()):
        return {CALENDARS.name: {"days": {name: read_days(read_file(Path(one)), one) for name, one in value.items()}}}
    return {CALENDARS.name: value}


def _tempo(value: Any) -> dict[str, Any]:
    return {CALENDARS.name: {"tempo": read_colours(read_file(Path(value)), value)}}


def _spot(value: Any) -> dict[str, Any]:
    prices = read_spot(read_file(Path(value)), value)
    return {
        CALENDARS.name: {
            "spot": {f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}": float(one) for at, one in prices.items()}
        }
    }


def _alerts(value: Any) -> dict[str, Any]:
    """Take `alerts` with the addresses and the budget that it had, or the section itself."""
    if not isinstance(value, dict):
        return {ALERTS.name: value}
    rest = {key: one for key, one in value.items() if key not in ("to", "budget", "away")}
    if isinstance(rest.get("rules"), dict):
        rest["rules"] = {name: on for name, on in rest["rules"].items() if name not in _GONE_RULES}
    found: dict[str, Any] = {ALERTS.name: rest}
    if value.get("budget") is not None:
        found[BUDGET.name] = {"euros": value["budget"]}
    if value.get("to"):
        found[ADDRESSES.name] = [url for one in value["to"] for url in _addresses(one)]
    return found


def _addresses(one: Any) -> list[Any]:
    """Return the addresses of one entry: itself, or those of a file, one a line."""
    if not isinstance(one, dict) or set(one) != {"file"}:
        return [one]
    try:
        lines = Path(one["file"]).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{one['file']}: cannot be read: {reason(error)}") from error
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


def _meters(value: Any) -> dict[str, Any]:
    """Take names without braces, too: `'031961123456': Maison`."""
    if not isinstance(value, dict):
        return {"meters": value}
    return {"meters": {str(key): {"name": one} if isinstance(one, str) else one for key, one in value.items()}}


def _lines(name: str) -> Callable[[Any], dict[str, Any]]:
    """Take a list of lines of which some have the address of a meter without quotes."""

    def take(value: Any) -> dict[str, Any]:
        lines = value if isinstance(value, list) else [value]
        return {name: [{**line, "meter": str(line["meter"])} if _has_number(line) else line for line in lines]}

    return take


def _has_number(line: Any) -> bool:
    return isinstance(line, dict) and type(line.get("meter")) is int


_CONVERTED: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "meters": _meters,
    "contracts": _lines("contracts"),
    "notes": _lines("notes"),
    "sources": _lines("sources"),
    "prices": _prices,
    "calendars": _calendars,
    "tempo": _tempo,
    "spot": _spot,
    "alerts": _alerts,
    "alsace_moselle": lambda value: {PRICES.name: {"alsace_moselle": value}},
    "language": lambda value: {PAGE.name: {"language": value}},
    "retention": lambda value: {"retention": retention.from_file(value)},
}


def taken_in(file: Path) -> set[str]:
    """Return the keys of a program's file that are settings now; other files have none.

    Raises:
        ConfigError: it cannot be read.
    """
    document = read_yaml(file)
    is_of_program = isinstance(document, dict) and (file.name in _PROGRAMS or "database" in document)
    return set(TAKEN) & set(document) if is_of_program else set()


def leave_out(file: Path, keys: Collection[str]) -> bool:
    """Make comments of keys; return False if that cannot be done line by line.

    Raises:
        OSError: it cannot be written; it is as it was.
    """
    file = file.resolve()  # a link stays
    text = comment_out(file.read_bytes().decode(), keys)
    if text is not None:
        status = file.stat()
        replace_file(file, text.encode(), mode=stat.S_IMODE(status.st_mode), owner=status)
    return text is not None


def comment_out(text: str, keys: Collection[str]) -> str | None:
    r"""Return the text of a YAML file whose top-level `keys` are comments; None: they share lines with others.

    >>> print(comment_out("a: 1\nnotes:\n  - x\n\nb: 2\n", {"notes"}))
    a: 1
    # notes:
    #   - x
    <BLANKLINE>
    b: 2
    <BLANKLINE>
    """
    document = parse_yaml(text, "")
    begins = {line: key for key, line in document.lines.items()}
    lines, inside = [], False
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        inside = begins[number] in keys if number in begins else inside
        is_text = line.strip() and not line.lstrip().startswith("#")
        lines.append(f"# {line}" if inside and is_text else line)
    left = "".join(lines)
    try:
        is_left = (parse_yaml(left, "") or {}) == {key: one for key, one in document.items() if key not in keys}
    except ConfigError:
        return None
    return left if is_left else None
