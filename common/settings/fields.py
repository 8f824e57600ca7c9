"""Settings as declarations: a field says once what it is, and its check, schema, form and table are made of it. Pure.

A section is a dataclass, a list of them, or a mapping by name; its value is the JSON in the table `settings`. The type
of a field is its JSON: `int`, `float`, `str`, `bool`, `date`, `Literal`, a dataclass, `tuple[T, ...]`,
`Mapping[str, T]`, and `| None`. What people read, and limits, stand in `Annotated` as a `Field`.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import NoneType, UnionType
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from common.errors import TeleinfoError
from common.settings.lines import did_you_mean

T = TypeVar("T")
_LONGEST = 200  # characters of a text, unless its field says otherwise
_MOST = 1000  # items of a list or a mapping


class Wrong(TeleinfoError):
    """A value is not what its field takes; said in both languages. `at` is the place in it, such as `.rows[1].from`."""

    def __init__(self, fr: str, en: str, at: str = "") -> None:
        super().__init__(en)
        self.fr, self.en, self.at = fr, en, at


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """What people read of a field, its limits, and how a form asks for it."""

    fr: str
    en: str
    help_fr: str = ""
    help_en: str = ""
    key: str = ""  # in JSON, where it is not the field's name
    unit: str = ""
    low: float | None = None
    high: float | None = None
    longest: int | None = None  # characters of a text, items of a list
    pattern: str | None = None
    example: str = ""  # of what the pattern wants
    widget: str = ""  # of the form: meter, offer, windows, topic …; empty: as the type is
    hidden: bool = False  # no form asks for it
    names: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict)  # of a choice: French, English
    read: Callable[[Any], Any] | None = None  # of a value with a grammar of its own; raises Wrong
    schema: Mapping[str, Any] | None = None  # of what `read` takes
    asked: Any = None  # a dataclass: of what `read` takes, what a form asks as it is declared


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field."""

    at: str  # contracts[1].power
    fr: str
    en: str

    def text(self, language: str) -> str:
        """Return the sentence in a language."""
        return self.fr if language == "fr" else self.en


class SectionError(TeleinfoError):
    """A section is refused."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{one.at}: {one.en}" for one in problems))
        self.problems = tuple(problems)


def no_check(_: Any) -> Iterable[Problem]:
    """Find nothing wrong with a section whose fields say it all."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section(Generic[T]):
    """A part of the household's settings: one row of the table `settings`."""

    name: str
    kind: Any  # the type of its value
    default: Any  # its JSON as long as nobody wrote it
    fr: str
    en: str
    help_fr: str = ""
    help_en: str = ""
    check: Callable[[T], Iterable[Problem]] = no_check  # what no field can say; `at` begins with the section's name
    secret: bool = False

    def read(self, value: Any) -> T:
        """Return the typed value of the section's JSON.

        Raises:
            SectionError: with everything that is wrong.
        """
        problems: list[Problem] = []
        found = _read(self.kind, value, self.name, problems)
        if not problems:
            problems += self.check(found)
        if problems:
            raise SectionError(problems)
        result: T = found
        return result

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of the value."""
        return {**_schema(self.kind), "title": self.en, "default": self.default}

    def form(self, language: str) -> dict[str, Any]:
        """Return what a form asks: a tree of nodes, each with its `kind`, label, help, unit, limits and default."""
        label, help_text = (self.fr, self.help_fr) if language == "fr" else (self.en, self.help_en)
        return {**_form(self.kind, language), "label": label, "help": help_text, "default": self.default}


# A part of a type.


def _parts(kind: Any) -> tuple[Any, Field | None, bool]:
    """Return the type itself, its field, and whether it may be null."""
    mark, may_be_null = None, False
    while True:
        if get_origin(kind) is Annotated:
            mark = mark or next((one for one in kind.__metadata__ if isinstance(one, Field)), None)
            kind = kind.__origin__
        elif get_origin(kind) in (Union, UnionType):
            may_be_null = may_be_null or NoneType in get_args(kind)
            kinds = [one for one in get_args(kind) if one is not NoneType]
            if len(kinds) != 1:
                raise TypeError(f"a field has one type or null, not {kind}")
            kind = kinds[0]
        else:
            return kind, mark, may_be_null


def _members(kind: Any) -> list[tuple[str, str, Any, Any]]:
    """Return the fields of a dataclass: key in JSON, name, type, default (MISSING: it must be given)."""
    hints = get_type_hints(kind, include_extras=True)
    members = []
    for field in dataclasses.fields(kind):
        _, mark, _ = _parts(hints[field.name])
        default = field.default
        if default is dataclasses.MISSING and field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        members.append(((mark and mark.key) or field.name, field.name, hints[field.name], default))
    return members


# Reading.


def _read(kind: Any, value: Any, at: str, problems: list[Problem]) -> Any:
    inner, mark, may_be_null = _parts(kind)
    if value is None and may_be_null:
        return None
    origin = get_origin(inner)
    try:
        if mark is not None and mark.read is not None:
            return mark.read(value)
        if dataclasses.is_dataclass(inner):
            return _read_record(inner, value, at, problems)
        if origin is tuple:
            return _read_list(inner, value, mark, at, problems)
        if origin is Mapping or getattr(origin, "__name__", "") in ("Mapping", "dict"):
            return _read_mapping(inner, value, mark, at, problems)
        return _plain(inner, value, mark)
    except Wrong as error:
        problems.append(Problem(f"{at}{error.at}", error.fr, error.en))
        return None


def _read_record(kind: Any, value: Any, at: str, problems: list[Problem]) -> Any:
    if not isinstance(value, dict):
        raise Wrong("des champs sont attendus (clé : valeur)", "fields are expected (key: value)")
    members, before = _members(kind), len(problems)
    values: dict[str, Any] = {}
    keys = [key for key, *_ in members]
    for key in value:
        if key not in keys:
            hint = did_you_mean(key, keys)
            french = hint.replace("did you mean", "vouliez-vous dire").replace("known here:", "ici sont connus :")
            problems.append(Problem(f"{at}.{key}", f"champ inconnu, {french}", f"unknown field, {hint}"))
    for key, name, hint, default in members:
        if key in value:
            values[name] = _read(hint, value[key], f"{at}.{key}", problems)
        elif default is dataclasses.MISSING:
            problems.append(Problem(f"{at}.{key}", "à remplir", "to be filled in"))
        else:
            values[name] = default
    return kind(**values) if len(problems) == before else None


def _read_list(kind: Any, value: Any, mark: Field | None, at: str, problems: list[Problem]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise Wrong("une liste est attendue", "a list is expected")
    most = (mark and mark.longest) or _MOST
    if len(value) > most:
        raise Wrong(f"au plus {most} lignes", f"at most {most} entries")
    item = get_args(kind)[0]
    return tuple(_read(item, one, f"{at}[{number}]", problems) for number, one in enumerate(value))


def _read_mapping(
    kind: Any, value: Any, mark: Field | None, at: str, problems: list[Problem]
) -> Mapping[str, Any] | None:
    if not isinstance(value, dict):
        raise Wrong("des valeurs par nom sont attendues", "values by name are expected")
    most = (mark and mark.longest) or _MOST
    if len(value) > most:
        raise Wrong(f"au plus {most} lignes", f"at most {most} entries")
    names, item = get_args(kind)
    read = {}
    for key, one in value.items():
        where = f"{at}.{key}"
        name = _read(names, key, where, problems)
        read[name] = _read(item, one, where, problems)
    return read


def _plain(kind: Any, value: Any, mark: Field | None) -> Any:
    if get_origin(kind) is Literal:
        return _word(get_args(kind), value)
    if kind is bool:
        if type(value) is not bool:
            raise Wrong("oui ou non est attendu", "true or false is expected")
        return value
    if kind in (int, float):
        return _number(kind, value, mark)
    if kind is date:
        return _day(value)
    if kind is str:
        return _text(value, mark)
    raise TypeError(f"a field cannot hold {kind}")


def _word(words: Sequence[str], value: Any) -> Any:
    if value not in words or type(value) is bool:
        known = ", ".join(map(str, words))
        raise Wrong(f"un choix parmi {known} est attendu", f"one of {known} is expected")
    return value


def _number(kind: Any, value: Any, mark: Field | None) -> Any:
    if type(value) is not int and not (kind is float and type(value) is float and value == value):
        raise Wrong(
            "un nombre est attendu" if kind is float else "un nombre entier est attendu",
            "a number is expected" if kind is float else "a whole number is expected",
        )
    low, high = (mark.low, mark.high) if mark else (None, None)
    if (low is not None and value < low) or (high is not None and value > high):
        if high is None:
            raise Wrong(f"au moins {low:g} est attendu", f"at least {low:g} is expected")
        if low is None:
            raise Wrong(f"au plus {high:g} est attendu", f"at most {high:g} is expected")
        raise Wrong(f"un nombre de {low:g} à {high:g} est attendu", f"a number from {low:g} to {high:g} is expected")
    return kind(value)


def _day(value: Any) -> date:
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise Wrong("un jour tel que 2026-10-03 est attendu", "a day such as 2026-10-03 is expected")


def _text(value: Any, mark: Field | None) -> str:
    longest = (mark and mark.longest) or _LONGEST
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > longest:
        raise Wrong(
            f"un texte d’une ligne, de 1 à {longest} caractères, est attendu",
            f"a text of one line, of 1 to {longest} characters, is expected",
        )
    text = value.strip()
    if mark is not None and mark.pattern is not None and not re.fullmatch(mark.pattern, text):
        raise Wrong(f"une valeur telle que {mark.example} est attendue", f"a value such as {mark.example} is expected")
    return text


# Schema and form.

_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", date: "string"}
_NODES = {bool: "switch", int: "integer", float: "number", str: "text", date: "day"}


def _schema(kind: Any) -> dict[str, Any]:
    inner, mark, may_be_null = _parts(kind)
    origin = get_origin(inner)
    found: dict[str, Any]
    if mark is not None and mark.schema is not None:
        found = dict(mark.schema)
    elif dataclasses.is_dataclass(inner):
        members = _members(inner)
        found = {
            "type": "object",
            "properties": {key: _schema(hint) for key, _, hint, _ in members},
            "required": [key for key, _, _, default in members if default is dataclasses.MISSING],
            "additionalProperties": False,
        }
    elif origin is tuple:
        found = {"type": "array", "items": _schema(get_args(inner)[0])}
    elif origin is not None and origin is not Literal:
        found = {"type": "object", "additionalProperties": _schema(get_args(inner)[1])}
    elif origin is Literal:
        found = {"type": "string", "enum": list(get_args(inner))}
    else:
        found = {"type": _JSON_TYPES[inner]} | ({"format": "date"} if inner is date else {})
    if mark is not None:
        pattern = None if mark.pattern is None else f"^(?:{mark.pattern})$"
        limits = {"minimum": mark.low, "maximum": mark.high, "pattern": pattern, "description": mark.en}
        found |= {key: limit for key, limit in limits.items() if limit is not None}
    if may_be_null and isinstance(found.get("type"), str):
        nullable: dict[str, Any] = {"type": [found["type"], "null"]}
        if "enum" in found:
            nullable["enum"] = [*found["enum"], None]
        found |= nullable
    return found


def _form(kind: Any, language: str) -> dict[str, Any]:
    inner, mark, may_be_null = _parts(kind)
    origin = get_origin(inner)
    node: dict[str, Any] = {"label": "", "help": "", "unit": "", "widget": "", "optional": may_be_null}
    if mark is not None:
        french = language == "fr"
        node |= {
            "label": mark.fr if french else mark.en,
            "help": mark.help_fr if french else mark.help_en,
            "unit": mark.unit,
            "widget": mark.widget,
        }
        limits = {"low": mark.low, "high": mark.high, "longest": mark.longest, "example": mark.example or None}
        node |= {key: limit for key, limit in limits.items() if limit is not None}
    if mark is not None and mark.read is not None:
        node["kind"] = "custom"
        if mark.asked is not None:
            node["fields"] = [_field(member, language) for member in _members(mark.asked)]
    elif dataclasses.is_dataclass(inner):
        node["kind"], node["fields"] = "record", [_field(member, language) for member in _asked(inner)]
    elif origin is tuple:
        node["kind"], node["item"] = "list", _form(get_args(inner)[0], language)
    elif origin is Literal:
        names = {} if mark is None else mark.names
        node["kind"], node["choices"] = "choice", [_choice(word, names, language) for word in get_args(inner)]
    elif origin is not None:
        keys, item = get_args(inner)
        node["kind"], node["key"], node["item"] = "map", _form(keys, language), _form(item, language)
    else:
        node["kind"] = _NODES[inner]
    return node


def _asked(kind: Any) -> list[tuple[str, str, Any, Any]]:
    """Return the fields that a form shows."""
    marks = ((member, _parts(member[2])[1]) for member in _members(kind))
    return [member for member, mark in marks if mark is None or not mark.hidden]


def _field(member: tuple[str, str, Any, Any], language: str) -> dict[str, Any]:
    key, _, hint, default = member
    required = default is dataclasses.MISSING
    shown = default if isinstance(default, (str, int, float, bool)) else None
    node = _form(hint, language)
    node["name"], node["required"], node["default"] = key, required, None if required else shown
    return node


def _choice(word: str, names: Mapping[str, tuple[str, str]], language: str) -> dict[str, str]:
    french, english = names.get(word, (word, word))
    return {"value": word, "label": french if language == "fr" else english}
