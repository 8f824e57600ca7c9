"""One declaration a field: its check, its schema and its form."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import pytest

from common.settings.fields import Field, Problem, Section, SectionError, Wrong


def _even(value: Any) -> int:
    if value not in (2, 4):
        raise Wrong("2 ou 4", "2 or 4")
    return int(value)


@dataclass(frozen=True)
class Line:
    day: Annotated[date, Field(fr="Depuis", en="From", key="from")]
    power: Annotated[int, Field(fr="Puissance", en="Power", unit="kVA", low=1, high=36)]
    name: Annotated[str | None, Field(fr="Nom", en="Name", longest=5)] = None
    colour: Annotated[Literal["red", "blue"] | None, Field(fr="Couleur", en="Colour")] = None
    even: Annotated[int | None, Field(fr="Pair", en="Even", read=_even)] = None
    price: float = 0.5
    on: bool = True


def _one_day(lines: Sequence[Line]) -> Iterable[Problem]:
    if len({line.day for line in lines}) < len(lines):
        yield Problem("lines", "deux fois", "twice")


LINES: Section[Sequence[Line]] = Section(
    name="lines", kind=tuple[Line, ...], default=[], fr="Lignes", en="Lines", check=_one_day
)
NAMES: Section[Mapping[str, int]] = Section(
    name="names",
    kind=Mapping[Annotated[str, Field(fr="", en="", pattern="[a-z]+", example="abc")], int],
    default={},
    fr="Noms",
    en="Names",
)


def problems(section: Section[Any], value: Any) -> list[tuple[str, str]]:
    with pytest.raises(SectionError) as error:
        section.read(value)
    return [(one.at, one.text("en")) for one in error.value.problems]


def test_the_value_becomes_what_its_fields_are() -> None:
    (line,) = LINES.read([{"from": "2025-02-01", "power": 9, "name": " ab ", "colour": "red", "even": 4, "price": 1}])
    assert line == Line(date(2025, 2, 1), 9, "ab", "red", 4, 1.0, on=True)


def test_everything_that_is_wrong_is_said_at_its_field_at_once() -> None:
    found = problems(
        LINES,
        [
            {"from": "2025-02-01", "power": 6},
            {"from": "2025-02-30", "power": 99, "name": "abcdef", "colour": "green", "even": 3, "nam": 1, "on": 1},
        ],
    )
    assert [at for at, _ in found] == [
        "lines[1].nam", "lines[1].from", "lines[1].power", "lines[1].name", "lines[1].colour", "lines[1].even",
        "lines[1].on",
    ]  # fmt: skip
    assert dict(found)["lines[1].power"] == "a number from 1 to 36 is expected"
    assert "did you mean 'name'" in dict(found)["lines[1].nam"]


@pytest.mark.parametrize(
    "value", [None, {}, "x", 3, [[]], [None], [{"from": 1, "power": 1}], [{"from": "2025-01-01", "power": True}],
              [{"from": "2025-01-01", "power": 1.0}], [{"from": "2025-01-01", "power": 1, "price": float("nan")}],
              [{"from": "2025-01-01", "power": 1, "name": "a\nb"}], [{"from": "2025-01-01", "power": 1, "name": " "}]],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(value: Any) -> None:
    assert problems(LINES, value)


def test_a_field_without_a_default_must_be_there() -> None:
    assert problems(LINES, [{"power": 1}]) == [("lines[0].from", "to be filled in")]


def test_what_no_field_can_say_is_checked_once_the_fields_are_right() -> None:
    line = {"from": "2025-02-01", "power": 6}
    assert problems(LINES, [line, line]) == [("lines", "twice")]


def test_the_names_of_a_mapping_are_checked_too() -> None:
    assert NAMES.read({"abc": 1}) == {"abc": 1}
    assert problems(NAMES, {"A": 1}) == [("names.A", "a value such as abc is expected")]


def test_the_schema_says_types_limits_and_what_must_be_there() -> None:
    item = LINES.schema()["items"]
    assert item["required"] == ["from", "power"]
    assert item["properties"]["power"] == {"type": "integer", "minimum": 1, "maximum": 36, "description": "Power"}
    assert item["properties"]["colour"]["enum"] == ["red", "blue", None]
    assert item["properties"]["from"]["format"] == "date"


def test_the_form_has_a_node_for_each_field_in_the_language_asked_for() -> None:
    form = LINES.form("fr")
    assert (form["kind"], form["label"], form["item"]["kind"]) == ("list", "Lignes", "record")
    fields = {node["name"]: node for node in form["item"]["fields"]}
    assert {name: node["kind"] for name, node in fields.items()} == {
        "from": "day", "power": "integer", "name": "text", "colour": "choice", "even": "custom", "price": "number",
        "on": "switch",
    }  # fmt: skip
    assert (fields["power"]["label"], fields["power"]["unit"], fields["power"]["high"]) == ("Puissance", "kVA", 36)
    assert (fields["from"]["required"], fields["on"]["required"], fields["on"]["default"]) == (True, False, True)
    assert LINES.form("en")["item"]["fields"][1]["label"] == "Power"


def test_a_value_with_a_grammar_of_its_own_says_what_a_form_asks_of_it() -> None:
    @dataclass(frozen=True)
    class Asked:
        on: Annotated[bool, Field(fr="Actif", en="Active")] = False

    kind = Annotated[Any, Field(fr="", en="", read=dict, asked=Asked)]
    form = Section(name="own", kind=kind, default={}, fr="Les miens", en="Mine").form("fr")
    assert (form["kind"], [node["label"] for node in form["fields"]]) == ("custom", ["Actif"])


def test_a_hidden_field_is_read_and_no_form_asks_for_it() -> None:
    @dataclass(frozen=True)
    class Shown:
        on: bool = True
        seen: Annotated[bool, Field(fr="Vu", en="Seen", hidden=True)] = False

    section: Section[Any] = Section(name="shown", kind=Shown, default={}, fr="Vu", en="Seen")
    assert section.read({"seen": True}) == Shown(seen=True)
    assert [field["name"] for field in section.form("fr")["fields"]] == ["on"]
    assert list(section.schema()["properties"]) == ["on", "seen"]
