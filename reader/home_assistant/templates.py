"""Writes Home Assistant's templates (Jinja) that take values out of the state. Pure.

A missing key makes "None", which Home Assistant shows as *unknown*; no template makes a number out of nothing.
"""

from collections.abc import Mapping, Sequence

from reader.meter.names import Text


def value(key: str) -> str:
    """Return a template of the value itself."""
    # Not `value_json.KEY`: value_json.SMAXSN-1 is a subtraction. Not `value_json[KEY]`: a missing key is an error.
    return "{{value_json.get('" + key + "')}}"


def on_off(key: str) -> str:
    """Return a template of a true/false."""
    return "{{ {true:'ON',false:'OFF'}.get(value_json.get('" + key + "'))}}"


def named(key: str, names: Mapping[str, Text], language: str) -> str:
    """Return a template of the name of a code. Any other code is *unknown*: Home Assistant logs an error otherwise."""
    known = "{" + ",".join(f"'{code}':'{name.of(language)}'" for code, name in names.items()) + "}"
    return "{{ " + known + ".get(value_json.get('" + key + "'))}}"


def timestamp_attribute(label: str) -> str:
    """Return a template of the attribute `at`, the meter's own time of a label."""
    return "{{ {'at':value_json.get('" + label + "_at')}|tojson}}"


def schedule(names: Sequence[Text], language: str) -> str:
    """Return a template of tomorrow's schedule: `00:00 HC, 06:00 HP`, or `index 1` where a register has no name."""
    known = "{" + ",".join(f"{number}:'{name.of(language)}'" for number, name in enumerate(names, 1)) + "}"
    register = "{{" + known + ".get(i,'index '~(i or '–'))}}"
    block = "{% set i=b['index'] %}{{', ' if not loop.first}}{{b['from']}} " + register
    return "{% for b in value_json.get('next_day') or [] %}" + block + "{% else %}None{% endfor %}"


def of_line(meter: str, expression: str) -> str:
    """Return a template of an expression in which `l` is the line of that meter in the reader's health."""
    lines = "value_json.get('lines',[])|selectattr('meter','eq','" + meter + "')|list+[{}]"  # or none
    return "{% set l=(" + lines + ")[0] %}" + expression
