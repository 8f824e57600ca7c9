"""A port that is a topic: a meter that another device decodes and publishes over MQTT. Pure.

    port: mqtt:zigbee2mqtt/Linky
    port: {topic: mqtt:NODE/sensor/+/state, labels: {linky_east: EAST, linky_papp: SINSTS}, unit: Wh}

The second form is for a device whose owner chose the names of its values. A wildcard stands for these names only, so
that a port is one meter. In one text, as a port has it everywhere but in that file, the second form is

    mqtt:NODE/sensor/+/state?unit=Wh&linky_east=EAST&linky_papp=SINSTS
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from common.contract.labels import LABELS, LabelKind, Mode

SCHEME = "mqtt:"
#: Wh of a unit of the registers.
UNITS: Mapping[str, int] = {"Wh": 1, "kWh": 1000}

#: Labels that a name may stand for, and their mode.
PORT_LABELS: Mapping[str, Mode] = {
    label.name: mode
    for mode, labels in LABELS.items()
    for label in labels.values()
    if label.kind not in (LabelKind.DATE, LabelKind.PROFILE)
}
_LONGEST = 200  # characters of a topic
_MOST_LABELS = 60
_EXAMPLE = "mqtt:zigbee2mqtt/Linky"
_QUERY = "unit=Wh&linky_east=EAST"


@dataclass(frozen=True, slots=True)
class TopicPort:
    """A topic, and what its owner says of the values on it."""

    topic: str
    labels: Mapping[str, str] = field(default_factory=dict)  # by name, the level of the wildcard
    unit: str = ""  # of the registers among them

    @property
    def text(self) -> str:
        """The port in one text, which `read_topic_port` reads.

        >>> TopicPort("node/sensor/+/state", {"linky_east": "EAST"}, "kWh").text
        'mqtt:node/sensor/+/state?unit=kWh&linky_east=EAST'
        """
        pairs = [("unit", self.unit)] * bool(self.unit) + list(self.labels.items())
        return f"{SCHEME}{self.topic}" + (f"?{urlencode(pairs, quote_via=quote)}" if self.labels else "")


def is_topic(port: object) -> bool:
    """Return whether a port is a topic, and not a line.

    >>> is_topic("mqtt:zigbee2mqtt/Linky"), is_topic("/dev/ttyAMA0")
    (True, False)
    """
    return isinstance(port, dict) or (isinstance(port, str) and port.startswith(SCHEME))


def read_topic_port(value: Any) -> TopicPort:
    """Read a port that is a topic.

    Raises:
        ValueError: it cannot be one; the text is a sentence.

    >>> read_topic_port("mqtt:zigbee2mqtt/Linky").topic
    'zigbee2mqtt/Linky'
    """
    if isinstance(value, str):
        return _read_text(value)
    if not isinstance(value, dict):
        raise ValueError(f"a topic such as {_EXAMPLE} is expected, not {value!r}")
    for key in value:
        if key not in ("topic", "labels", "unit"):
            raise ValueError(f"a port has topic, labels and unit, not {key}")
    topic = _topic(value.get("topic"))
    if "labels" not in value:
        if "unit" in value:
            raise ValueError("unit is that of the registers among the labels: give labels, too")
        return TopicPort(topic)
    if "+" not in topic.split("/"):
        raise ValueError(f"labels need a + in the topic, in the place of their names, not {topic}")
    labels = _labels(value["labels"])
    return TopicPort(topic, labels, _unit(value.get("unit"), labels))


def _read_text(text: str) -> TopicPort:
    topic, separator, query = text.partition("?")
    if not separator:
        return TopicPort(_topic(text))
    pairs = parse_qsl(query, max_num_fields=_MOST_LABELS + 1)
    # No label is called Wh: so a value that is named unit is told from the unit.
    units = [label for name, label in pairs if name == "unit" and label in UNITS]
    labels = [(name, label) for name, label in pairs if not (name == "unit" and label in UNITS)]
    if len(units) > 1 or len(dict(labels)) < len(labels) or not labels:
        raise ValueError(
            f"after a ?, unit and labels such as {_QUERY} are expected, each once, not {query[:_LONGEST]!r}"
        )
    return read_topic_port({"topic": topic, "labels": dict(labels)} | ({"unit": units[0]} if units else {}))


def _topic(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith(SCHEME):
        raise ValueError(f"a topic such as {_EXAMPLE} is expected, not {value!r}")
    topic = value.removeprefix(SCHEME)
    levels = topic.split("/")
    if not topic.strip():
        raise ValueError(f"the topic after {SCHEME} is missing, such as {_EXAMPLE}")
    if topic.startswith("//"):
        raise ValueError(f"{value} looks like the address of a broker: give the topic, such as {_EXAMPLE}")
    if not topic.isprintable() or topic != topic.strip() or len(topic) > _LONGEST:
        raise ValueError(
            f"a topic has at most {_LONGEST} characters, no invisible ones, no blanks around: {topic[:_LONGEST]!r}"
        )
    if topic.startswith("$"):
        raise ValueError(f"topics that begin with $ are the broker's own: {topic}")
    if "?" in topic:
        raise ValueError(f"a topic has no ? here, labels come after it: {topic}")
    if topic.endswith("/"):
        raise ValueError(f"{topic} ends with a /: give the whole topic")
    if "#" in topic:
        raise ValueError(f"# would bring other devices, too; give the topic of the meter, not {topic}")
    if "+" in topic and (sorted(level for level in levels if "+" in level) != ["+"] or "+" not in levels[1:][-2:]):
        raise ValueError(
            f"one + may stand for the names of the values, as the last level or the one before it, not {topic}"
        )
    return topic


def _labels(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict) or not 0 < len(value) <= _MOST_LABELS:
        raise ValueError(f"labels such as {{linky_east: EAST}} are expected, at most {_MOST_LABELS}")
    for name, label in value.items():
        if not isinstance(name, str) or not name or set(name) & {"/", "+", "#"} or not name.isprintable():
            raise ValueError(f"{name!r} is no name of a value: it stands for one level of the topic")
        if not isinstance(label, str) or label not in PORT_LABELS:
            import difflib  # here: most start without a mistake

            near = difflib.get_close_matches(str(label), PORT_LABELS, n=1)
            raise ValueError(f"no meter sends {label}" + (f", did you mean {near[0]}?" if near else ""))
    if len(set(value.values())) < len(value):
        raise ValueError("a label is given to two names: each is one value")
    if len({PORT_LABELS[label] for label in value.values()}) > 1:
        raise ValueError("labels of historic and standard mode are mixed: a meter sends those of one")
    return dict(value)


def _unit(value: Any, labels: Mapping[str, str]) -> str:
    register = next((label for label in labels.values() if LABELS[PORT_LABELS[label]][label].unit == "Wh"), None)
    if register is None and value is None:
        return ""
    if not isinstance(value, str) or value not in UNITS:
        raise ValueError(f"the unit of {register or 'the registers'} is expected, Wh or kWh, as it is sent")
    return str(value)
