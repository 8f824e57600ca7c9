"""Reads a configuration into dataclasses whose fields are the options: name, type and default in one place.

A field may be a string, a number, a list of strings, a nested dataclass, or whatever its own `read` function returns.
Unknown keys and wrong types are refused before anything is opened.
"""

import dataclasses
import logging
import os
import re
import types
import typing
from collections.abc import Callable, Container
from pathlib import Path
from typing import Any, Self, TypeVar

from common.errors import ConfigError, NotReady
from common.settings.file_errors import reason
from common.settings.lines import Mistakes, did_you_mean, inside, line_of, reading
from common.settings.yaml_file import read_yaml, read_yaml_text

log = logging.getLogger(__name__)

T = TypeVar("T")

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"(\d+)\s*(B|kB|KB|MB|GB)")
_BYTES = {"B": 1, "kB": 1000, "KB": 1000, "MB": 1000_000, "GB": 1000_000_000}


def option(
    default: Any = dataclasses.MISSING,
    *,
    read: Callable[[Any], Any] | None = None,
    secret: bool = False,
    in_file: bool = True,
) -> Any:
    """Declare a field; `read` converts the value in the file, or raises ValueError with a hint."""
    return dataclasses.field(default=default, metadata={"read": read, "in_file": in_file}, repr=not secret)


def section(kind: type[T]) -> T:
    """Declare a nested section whose options all have defaults."""
    field: Any = dataclasses.field(default_factory=kind)
    return typing.cast("T", field)


def duration(value: Any) -> float:
    """Read a time such as `30s`, `5m` or `1.5h`, in seconds.

    >>> duration("5m")
    300.0
    """
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"a time such as 30s or 5m is expected, not {value!r}")
    return float(match[1]) * _SECONDS[match[2]]


def size(value: Any) -> int:
    """Read an amount of memory such as `64MB`, in bytes.

    >>> size("64MB")
    64000000
    """
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"a size such as 64MB is expected, not {value!r}")
    return int(match[1]) * _BYTES[match[2]]


def whole(low: int, high: int) -> Callable[[Any], int]:
    """Make a `read` function for whole numbers from `low` to `high`."""

    def read(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high} is expected, not {value!r}")
        return value

    return read


def choice(*words: str) -> Callable[[Any], str]:
    """Make a `read` function for one of these words."""

    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"{', '.join(words[:-1])} or {words[-1]} is expected, not {value!r}")
        return str(value)

    return read


def matching(pattern: str, expected: str) -> Callable[[Any], str]:
    """Make a `read` function for a text that matches a pattern as a whole."""
    compiled = re.compile(pattern)

    def read(value: Any) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError(f"{expected} is expected, not {value!r}")
        return value

    return read


def list_of(read: Callable[[Any], T], expected: str) -> Callable[[Any], tuple[T, ...]]:
    """Make a `read` function for a list; what is wrong with an item has the item's line, if that is a mapping."""

    def read_all(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise ValueError(f"{expected} is expected")
        items, mistakes = [], Mistakes()
        for item in value:
            with mistakes.collect(), inside(item):
                items.append(read(item))
        mistakes.refuse()
        return tuple(items)

    return read_all


port_number = whole(1, 65535)
client_name = matching(r"[0-9A-Za-z_.-]{1,64}", "a name of letters, digits, '-', '_' and '.'")  # of a program


def topic_name(value: Any) -> str:
    """Read the name of a topic, without wildcards."""
    if not isinstance(value, str) or not value or any(c in value for c in "+#\0") or value.strip("/") != value:
        raise ValueError(f"a topic without '+' and '#' and without '/' at its ends is expected, not {value!r}")
    return value


@dataclasses.dataclass(frozen=True, kw_only=True)
class Secret:
    """A password, in the file itself or in a file of its own."""

    password: str | None = option(None, secret=True)
    password_file: str | None = None

    def secret(self) -> str | None:
        """Return the password; its file is read each time, as it may have been replaced.

        Raises:
            NotReady: the file cannot be read.
        """
        if self.password_file is None:
            return self.password
        try:
            return Path(self.password_file).read_text(encoding="utf-8-sig").rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise NotReady(f"password_file: {self.password_file} cannot be read: {reason(error)}") from error


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tls:
    """TLS to a server; without `ca` the certificate authorities of the system are used."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None

    def check_readable(self, section: str) -> None:
        """Raise NotReady with the name of a file that cannot be read: the TLS library does not name it."""
        for key, file in (("ca", self.ca), ("certificate", self.certificate), ("key", self.key)):
            try:
                if file is not None:
                    open(file, "rb").close()
            except OSError as error:
                raise NotReady(f"{section}.tls.{key}: {file} cannot be read: {error.strerror}") from error


#: Hosts that are this machine.
LOCALHOST = ("localhost", "127.0.0.1", "::1")


def host_names(value: Any) -> tuple[str, ...]:
    """Read a host, or a list of them, without repetitions.

    >>> host_names(["a", "::1", "a"])
    ('a', '::1')
    """
    hosts = [value] if isinstance(value, str) else value
    if not isinstance(hosts, list) or not hosts or not all(isinstance(host, str) and host for host in hosts):
        raise ValueError(f"a host, or a list of the nodes of a cluster, is expected, not {value!r}")
    for host in hosts:
        # With two colons or more it is an address of IPv6.
        if host.count(":") == 1 or any(c in host for c in "/@[] \t"):
            # What is written is not shown: mqtt://user:password@host is common.
            raise ValueError("only a name or an address is expected, such as 192.168.1.10; the port is an option")
    return tuple(dict.fromkeys(hosts))


def _broker_hosts(value: Any) -> str | tuple[str, ...]:
    hosts = host_names(value)
    return value if isinstance(value, str) else hosts


@dataclasses.dataclass(frozen=True, kw_only=True)
class Broker(Secret):
    """The address of the broker and our account there."""

    host: str | tuple[str, ...] = option("localhost", read=_broker_hosts)
    port: int = option(1883, read=port_number)
    username: str | None = None
    tls: Tls | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts; several are nodes of one cluster."""
        return (self.host,) if isinstance(self.host, str) else self.host

    @property
    def address(self) -> str:
        """The first host, and the port."""
        return f"{self.hosts[0]}:{self.port}"

    def at(self, host: str) -> Self:
        """Return the same with one host."""
        return dataclasses.replace(self, host=host)


@dataclasses.dataclass(frozen=True, kw_only=True)
class LogConfig:
    """The format of the log."""

    format: str = option("plain", read=choice("plain", "json"))


def load(kind: type[T], path: Path, *, moved: bool = False) -> T:
    """Read the file into a `kind`, whose `MOVED` names the keys that are settings of the household now.

    What to do with them, its `take_over` says.

    Args:
        kind: of the configuration.
        path: of the file.
        moved: read it although it still has such keys, and leave them out.

    Raises:
        ConfigError: with the file, the line, the key and the fix.
    """
    document = read_yaml(path, hint="; name your file with --config")
    with reading(path):
        document = _without_moved(kind, document, path, moved=moved)
        return _section(kind, {} if document is None else document, "")


def _without_moved(kind: type[Any], document: Any, path: Path, *, moved: bool) -> Any:
    """Return the document without what the page sets now."""
    found = [key for key in document if key in getattr(kind, "MOVED", ())] if isinstance(document, dict) else []
    if found and not moved:
        names = ", ".join(found)
        raise ConfigError(f"set in the page now: {names}; {kind.take_over(path)}", line_of(document, found[0]))
    for key in found:
        del document[key]
    return document


def _section(kind: type[T], document: Any, prefix: str) -> T:
    fields = {
        field.name: field
        for field in dataclasses.fields(typing.cast("Any", kind))
        if field.metadata.get("in_file", True)
    }
    if not isinstance(document, dict):
        _check_space(document, fields, prefix)
        where = f"{prefix.removesuffix('.')}: " if prefix else ""
        raise ConfigError(f"{where}options are expected (key: value), not {_sort(document)}")
    hints = typing.get_type_hints(kind)
    mistakes = Mistakes()
    for key in document:
        with mistakes.collect(), inside(document, key):
            _check_space(key, fields, prefix)
            if key in getattr(kind, "GONE", ()):  # of an earlier version: its file must go on to work
                log.warning("'%s%s' has no effect any more: delete it", prefix, key)
            elif key not in fields:
                raise ConfigError(f"unknown option '{prefix}{key}', {did_you_mean(key, fields, prefix)}")
    values = {}
    for name, field in fields.items():
        where = prefix + name
        with mistakes.collect():
            if name in document:
                with inside(document, name):
                    values[name] = _value(hints[name], document[name], where, field)
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                raise ConfigError(f"option '{where}' is missing: it has no default")
    mistakes.refuse()
    result = kind(**values)
    if isinstance(result, Secret) and result.password is not None and result.password_file is not None:
        raise ConfigError(f"{prefix}password: 'password_file' is given, too: leave one out")
    return result


def _check_space(text: Any, names: Container[str], prefix: str) -> None:
    """Refuse `host:localhost`, which is no option, without showing it: after the colon may be a password."""
    name, colon, _ = text.partition(":") if isinstance(text, str) else ("", "", "")
    if colon and name in names:
        raise ConfigError(f"{prefix}{name}: a space is missing after the colon")


def _value(hint: Any, value: Any, where: str, field: "dataclasses.Field[Any]") -> Any:
    wanted = typing.get_args(hint) if typing.get_origin(hint) in (types.UnionType, typing.Union) else (hint,)
    expanded = with_variables(value, where, as_text=str in wanted)
    try:
        return _converted(wanted, value, expanded, where, field)
    except ConfigError as error:
        names = _VARIABLE.findall(value) if isinstance(value, str) else []
        if not names:
            raise
        # With Docker Compose it is in .env, not in the file; a line is one of the variable's text.
        worded = error.worded("", f"; it comes from the variable {' and '.join(names)}")
        for one in worded.all:
            one.line = None
        raise worded from error


def _converted(wanted: tuple[Any, ...], written: Any, value: Any, where: str, field: "dataclasses.Field[Any]") -> Any:
    read = field.metadata.get("read")
    if value is None and type(None) in wanted:
        if written is None and read is None and any(dataclasses.is_dataclass(kind) for kind in wanted):
            # Probably all options below it are commented out. A variable may be empty on purpose.
            raise ConfigError(f"{where}: options are expected below it; {{}} takes their defaults")
        return None
    if read is not None:
        try:
            return read(value)
        except ValueError as error:
            raise ConfigError(f"{where}: {error}") from error
        except ConfigError as error:
            raise error.worded(f"{where}: ") from error
    for kind in wanted:
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            return _section(kind, {} if value is None else value, f"{where}.")
        if typing.get_origin(kind) in (list, tuple) and isinstance(value, list):
            if all(isinstance(item, str) for item in value):
                return tuple(value)
        elif isinstance(kind, type) and type(value) is kind:
            return value
    names = " or ".join(_name(kind) for kind in wanted if kind is not type(None))
    hint_text = ": put it in quotes" if str in wanted and not isinstance(value, (list, dict, type(None))) else ""
    instead = f", not {value!r}" if field.repr else ""  # secrets are not logged
    raise ConfigError(f"{where}: {names} is expected{instead}{hint_text}")


def _sort(value: Any) -> str:
    """Return the kind of a value, without the value: it may hold a secret."""
    sorts = {list: "a list", str: "text", int: "a number", float: "a number", bool: "true or false"}
    return sorts.get(type(value), type(value).__name__)


def _name(kind: Any) -> str:
    if typing.get_origin(kind) in (list, tuple):
        return "a list of texts"
    return {str: "text", int: "a whole number", float: "a number", bool: "true or false"}.get(kind, str(kind))


def with_variables(value: Any, where: str, *, as_text: bool) -> Any:
    """Return a value with the variables of the environment that it names; unless `as_text`, what they hold is YAML.

    Raises:
        ConfigError: there is no such variable, or it is not YAML.
    """
    if isinstance(value, list):
        return [with_variables(item, where, as_text=True) for item in value]
    if not isinstance(value, str) or "${" not in value:
        return value

    def look_up(match: re.Match[str]) -> str:
        try:
            return os.environ[match[1]]
        except KeyError:
            raise ConfigError(f"{where}: the environment has no variable {match[1]}") from None

    text = _VARIABLE.sub(look_up, value)
    if as_text:
        return text
    try:
        return read_yaml_text(text)
    except ValueError as error:
        names = " and ".join(_VARIABLE.findall(value))
        raise ConfigError(f"{where}: what the variable {names} holds is not YAML") from error
