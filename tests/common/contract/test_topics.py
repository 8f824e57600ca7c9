import pytest

from common.contract.topics import Topics

TOPICS = Topics("home/teleinfo")


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        (TOPICS.frame("031961123456"), "home/teleinfo/031961123456/frame"),
        (TOPICS.frame("+"), "home/teleinfo/+/frame"),
        (TOPICS.replay("031961123456"), "home/teleinfo/031961123456/replay"),
        (TOPICS.link("031961123456"), "home/teleinfo/031961123456/link"),
        (TOPICS.stored("031961123456"), "home/teleinfo/031961123456/stored"),
        (TOPICS.status("reader", "pi-cellar"), "home/teleinfo/reader/pi-cellar/status"),
        (TOPICS.status("storer", "main"), "home/teleinfo/storer/main/status"),
        (TOPICS.health("storer", "main"), "home/teleinfo/storer/main/health"),
        (TOPICS.ports("reader", "pi-cellar"), "home/teleinfo/reader/pi-cellar/ports"),
        (TOPICS.ports("monitor", "main"), "home/teleinfo/monitor/main/ports"),
        (TOPICS.rejected, "home/teleinfo/rejected"),
    ],
)
def test_topics_are_named_as_the_design_says(topic: str, name: str) -> None:
    assert topic == name
