import pytest

from monitor.api.call import Parameter, Refused
from monitor.server.parameters import LONGEST_QUERY, read_parameters

KNOWN = [
    Parameter("meter", "Le compteur.", {"type": "string", "maxLength": 12}),
    Parameter("by", "Le découpage.", {"type": "string", "enum": ["hour", "day"]}),
    Parameter("n", "Combien.", {"type": "integer", "minimum": 1, "maximum": 100}),
    Parameter("share", "Une part.", {"type": "number", "minimum": 0, "maximum": 1}),
    Parameter("raw", "Tel quel.", {"type": "boolean"}),
    Parameter("season", "La saison.", {"type": "string", "pattern": r"^\d{4}$", "description": "une année"}),
]


def test_values_stay_text_and_only_given_ones_are_there() -> None:
    query = "meter=031961123456&by=day&n=10&share=0.5&raw=true&season=2026"
    assert read_parameters(query, KNOWN) == {
        "meter": "031961123456",
        "by": "day",
        "n": "10",
        "share": "0.5",
        "raw": "true",
        "season": "2026",
    }
    assert read_parameters("", KNOWN) == {}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("colour=red", "« colour » est inconnu.*meter, by"),
        ("by=day&by=hour", "deux fois"),
        ("by=minute", "hour ou day"),
        ("by=", "hour ou day"),
        ("n=0", "1 au moins"),
        ("n=101", "100 au plus"),
        ("n=1e2", "nombre entier"),
        ("n=١", "nombre entier"),
        ("n=" + "9" * 400, "caractères"),
        ("share=1.5", "1 au plus"),
        ("share=nan", "un nombre"),
        ("raw=yes", "true ou false"),
        ("season=26", "une année"),
        ("season=2026%0A", "imprimables"),
        ("meter=0319611234567", "12 caractères"),
        ("meter=a%00b", "imprimables"),
        ("meter=%ff", "UTF-8"),
        ("&".join(f"x{number}=1" for number in range(40)), "lisibles"),
    ],
)
def test_anything_else_is_refused_with_what_is_expected(query: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        read_parameters(query, KNOWN)
    assert refused.value.status == 400
    assert len(refused.value.detail) < 300


def test_an_address_that_is_too_long_is_not_read() -> None:
    with pytest.raises(Refused) as refused:
        read_parameters("meter=" + "0" * LONGEST_QUERY, KNOWN)
    assert refused.value.status == 414


def test_a_parameter_that_is_needed_is_asked_for() -> None:
    needed = [Parameter("from", "Début de la période.", {"type": "string"}, required=True)]
    with pytest.raises(Refused, match="from manque : Début de la période"):
        read_parameters("", needed)
