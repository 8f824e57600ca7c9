"""What is wrong with a port that is a topic, in French."""

import re
from typing import Any

import pytest

from common.contract.topic_port import read_topic_port
from common.settings.language import French
from reader.french import TEXTS

_ENGLISH = re.compile(r"\b(the|is|are|not|expected|such|which|and|or|of|no|as|sent)\b")
NODE = "mqtt:node/sensor/+/state"


@pytest.mark.parametrize(
    "port",
    [
        5, "linky", "mqtt:", "mqtt://host:1883", "mqtt: a", "mqtt:$SYS", "mqtt:a/", "mqtt:a/#", "mqtt:+/a",
        {"topic": "mqtt:a", "meter": 5}, {"topic": "mqtt:a", "unit": "Wh"},
        {"topic": "mqtt:a", "labels": {"a": "EAST"}}, {"topic": NODE, "labels": {}},
        {"topic": NODE, "labels": {"": "EAST"}}, {"topic": NODE, "labels": {"a": "EASTT"}},
        {"topic": NODE, "labels": {"a": "x"}}, {"topic": NODE, "labels": {"a": "EAST", "b": "EAST"}},
        {"topic": NODE, "labels": {"a": "EAST", "b": "PAPP"}}, {"topic": NODE, "labels": {"a": "EAST"}},
        {"topic": NODE, "labels": {"a": "SINSTS"}, "unit": "VA"}, {"topic": f"{NODE}?a=EAST", "labels": {}},
        "mqtt:node/sensor/+/state?", "mqtt:node/sensor/+/state?unit=Wh&unit=kWh&a=EAST",
    ],
)  # fmt: skip
def test_no_english_is_left(port: Any) -> None:
    with pytest.raises(ValueError, match=r"\w") as raised:
        read_topic_port(port)
    said = French(TEXTS)(str(raised.value))
    assert said != str(raised.value)
    assert not _ENGLISH.search(re.sub(r"\{.*?\}|mqtt:[\w/]+", "", said)), said
