"""What the storer reports of a source."""

from common.contract.sources import SOURCES
from storer.sources.worker import SourceStatus


def test_the_report_names_the_meter_that_a_source_is_behind() -> None:
    options = {"kind": "device", "topic": "t", "power": ""}
    sources = SOURCES.read([{"name": "a", **options}, {"name": "b", "meter": "031961123456", **options}])
    assert [SourceStatus(source).report()["meter"] for source in sources] == [None, "031961123456"]
