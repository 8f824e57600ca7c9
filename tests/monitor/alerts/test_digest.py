"""When a digest is due, by the local clock."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import Window
from monitor.alerts.digest import digest_due
from monitor.base.household import AlertsConfig

PARIS = ZoneInfo("Europe/Paris")
NIGHT = Window(time(22), time(8, 15))


@pytest.mark.parametrize(
    ("digest", "local", "quiet", "period"),
    [
        ("daily", "2026-11-24 07:29", None, None),
        ("daily", "2026-11-24 07:30", None, "2026-11-23"),
        ("daily", "2026-11-24 23:59", None, "2026-11-23"),  # the monitor started late
        ("daily", "2026-11-24 23:59", NIGHT, None),
        ("daily", "2026-11-25 07:29", None, None),
        ("daily", "2026-11-24 08:14", NIGHT, None),
        ("daily", "2026-11-24 08:15", NIGHT, "2026-11-23"),
        ("daily", "2026-11-24 07:30", Window(time(13), time(14)), "2026-11-23"),
        ("weekly", "2026-11-23 07:30", None, "2026-11-16"),  # a Monday
        ("weekly", "2026-11-24 07:29", None, "2026-11-16"),
        ("weekly", "2026-11-24 07:30", None, None),  # too late: nobody waits for it any more
        ("weekly", "2026-03-30 07:30", None, "2026-03-23"),  # 167 hours
        ("weekly", "2026-10-26 07:29", None, None),  # 169 hours
        ("weekly", "2026-10-26 07:30", None, "2026-10-19"),
        ("monthly", "2027-01-01 07:30", None, "2026-12-01"),
        ("monthly", "2027-01-02 07:30", None, None),
        (None, "2026-11-24 07:30", None, None),
    ],
)
def test_a_digest_is_due_for_a_day_from_half_past_seven_or_the_end_of_quiet_hours(
    digest: str | None, local: str, quiet: Window | None, period: str | None
) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=PARIS)
    due = digest_due(AlertsConfig(digest=digest, quiet=quiet), now, PARIS)
    assert due == (None if period is None else f"digest/{digest}/{period}")
