from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.discovery.template import read_template

TOKENS = [
    "{{", "}}", "{%", "%}", "value_json", "value", ".", "[", "]", "'", '"', "|", "float", "(", ")", "round", "*", "/",
    "0", "1", "if", "in", "endif", "-", "x",
]  # fmt: skip


@pytest.mark.parametrize(
    ("template", "path", "factor"),
    [
        (None, (), 1),
        ("{{ value }}", (), 1),
        ("{{ value_json }}", (), 1),
        ('{{ value_json["current_tier2_summ_delivered"] }}', ("current_tier2_summ_delivered",), 1),
        ("{{ value_json.aenergy.total }}", ("aenergy", "total"), 1),
        ("{{value_json.METER.P}}", ("METER", "P"), 1),
        ("{{value_json['CONTRACT']['HC BLEU']}}", ("CONTRACT", "HC BLEU"), 1),
        ("{{ value_json['énergie été'] }}", ("énergie été",), 1),
        ("{{ value_json.thermostats.0.tmp.value }}", ("thermostats", "0", "tmp", "value"), 1),
        ("{{ value_json.emeters[1].power }}", ("emeters", "1", "power"), 1),
        ("{{value|float/60}}", (), Fraction(1, 60)),
        ("{{value|float*100}}", (), 100),
        ("{{value_json.pf*100}}", ("pf",), 100),
        ("{{float(value)/1000.0}}", (), Fraction(1, 1000)),
        ("{{ float( value_json.total ) * .5 }}", ("total",), Fraction(1, 2)),
        ("{{value_json.value_1794_256 | float * 0.001}}", ("value_1794_256",), Fraction(1, 1000)),
        ("{{ value_json.x | float | round(2) }}", ("x",), 1),
        ("{{ value_json.x | float(0) | int }}", ("x",), 1),
        ("{{- value_json.x -}}", ("x",), 1),
        ("{% if 'EAST' in value_json %}{{ value_json.EAST.value }}{% endif %}", ("EAST", "value"), 1),
        ('{%- if "E" in value_json -%} {{ value_json["E"] | float / 10 }} {%- endif -%}', ("E",), Fraction(1, 10)),
    ],
)
def test_a_path_and_a_factor_are_read(template: str | None, path: tuple[str, ...], factor: Fraction) -> None:
    assert read_template(template) == (path, factor)


@pytest.mark.parametrize(
    "template",
    [
        "",
        "12",
        "value",
        "{{ value_json.x | default(0) }}",  # an invented zero
        "{{ value_json['x'] | default('', True) | float }}",
        "{{ value_json.x / value_json.y }}",
        "{{ value_json.x + 5 }}",
        "{{ value_json.x * 10 * 10 }}",
        "{{ value_json.x / 0 }}",
        "{{ value_json.x * 0.0 }}",
        "{{ value_json[x] }}",
        "{{ value_json. x }}",
        "{{ value_json.x }} W",
        "{{ value_json.x }}{{ value_json.y }}",
        "{{ values.x }}",
        "{{ value.x }}",
        "{{ float(value }}",
        "{{ as_datetime(value) }}",
        "{%if is_number(value) and -100<value|int<900%}{{value}}{%endif%}",
        "{% if 'EAST' in value_json %}{{ value_json.SINSTS.value }}{% endif %}",
        "{% if 'EAST' in value_json %}{{ value_json.EAST.value }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ value_json.x.__init__.__globals__['os'].popen('id').read() }}",
        "{{ 'a'*10**9 }}",
        "{% for i in range(100000) %}{{ value }}{% endfor %}",
        "{{ value_json['a\\x41'] }}",
        "{{ value_json['a'b'] }}",
        "{{ value | float }}\n\n" + " " * 400,
        7,
        ["{{ value }}"],
    ],
)
def test_every_other_template_is_refused(template: object) -> None:
    assert read_template(template) is None


@given(st.lists(st.sampled_from(TOKENS)))
def test_no_template_is_an_error_or_yields_other_than_a_path_and_a_factor(tokens: list[str]) -> None:
    for text in ("".join(tokens), " ".join(tokens)):
        read = read_template(text)
        assert read is None or (all(read.path) and read.factor > 0)


@pytest.mark.parametrize("part", [" ", ".a", "['a']", "|float", "| float(0) ", "[0]", "{{", "value_json", "(", "\\"])
@pytest.mark.parametrize("start", ["{{ value_json", "{% if 'a' in value_json %}{{ value_json.a", "{{ float(value_json"])
def test_a_long_template_takes_no_longer_than_it_is_long(start: str, part: str) -> None:
    # None of these would come back in a lifetime, if an attempt were made for each way to divide it.
    assert read_template(start + part * 60 + "!") is None
    assert read_template(start + part * 1_000_000) is None
