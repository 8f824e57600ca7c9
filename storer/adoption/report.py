"""What `adopt` prints about the original program's table and about what it did. No I/O."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from common.doctor.formatting import format_bytes
from common.plural import plural
from storer.adoption.adopt import Adopted
from storer.adoption.source_clock import SourceClock
from storer.adoption.survey import FRAME_BYTES, Survey
from storer.database.original import KEPT, NAME

_DOCUMENT = "docs/adoption.md"


def survey_lines(survey: Survey, clock: SourceClock, now: datetime) -> Iterator[str]:
    """Yield the lines of a dry run; `now` is in UTC."""
    yield f"{survey.table}: {survey.rows:,} rows to adopt, {format_bytes(survey.bytes)}"
    for name, meter in sorted(survey.meters.items()):
        yield (
            f"  meter {name}: {meter.rows:,} rows from {_utc(clock, meter.first)} to {_utc(clock, meter.last)},"
            f" the last index {meter.last_index:,} Wh"
            if meter.last_index is not None
            else f"  meter {name}: {meter.rows:,} rows, none with an index"
        )
    if survey.meters:
        yield (
            f"the last row is of {_utc(clock, max(meter.last for meter in survey.meters.values()))}, now it is"
            f" {now:%Y-%m-%d %H:%M:%S} UTC: if that is not when the original program stopped, see --shift and --zone"
        )
    if survey.local_times and clock.zone is None:
        yield "its times look like local times, stored as if they were UTC: see --zone"
    for count, what in (
        (survey.without_meter, "without a meter's address: left out"),
        (survey.without_time, "without a valid time: left out"),
    ):
        if count:
            yield f"{plural(count, 'row')} {what}"
    yield from _hour_lines(survey)
    if survey.fall_count:
        yield f"the index falls {plural(survey.fall_count, 'time')}; adopted as it is, and no energy is counted there:"
        for fall in survey.falls:
            yield f"  {_utc(clock, fall.time)}: meter {fall.meter}, from {fall.before:,} to {fall.after:,} Wh"
        if survey.fall_count > len(survey.falls):
            yield f"  and {survey.fall_count - len(survey.falls):,} more"
    yield (
        f"frames of these rows take about {format_bytes(survey.rows * FRAME_BYTES)}, besides the table itself;"
        f" making them takes about {_duration(survey.adoption_seconds)}"
    )


def adopted_lines(adopted: Adopted) -> Iterator[str]:
    """Yield the lines after an adoption."""
    if adopted.renamed:
        yield f"{NAME} is now {KEPT}, with all its rows"
    yield f"{plural(adopted.made.rows, 'row')} became frames now, {adopted.all.rows} in all"
    first, last = adopted.all.first, adopted.all.last
    if first is not None and last is not None:
        yield f"their timestamps are from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"
    if adopted.left_out:
        yield f"{plural(adopted.left_out, 'row')} did not become frames, and stay in {KEPT} only: {_DOCUMENT}"
    yield f"{KEPT} is not used any more: keep it, or drop it when you have a backup; the way back is in {_DOCUMENT}"


def _hour_lines(survey: Survey) -> Iterator[str]:
    split = [hour.time for hour in survey.doubled if hour.split]
    if split:
        yield f"hours that came twice in October, told apart by the index: {_days(split)}"
    rest = [hour.time for hour in survey.doubled if not hour.split]
    if rest:
        yield f"the same hour, where nothing tells two passes apart: {_days(rest)}; adopted as it is"


def _days(times: Iterable[datetime]) -> str:
    return ", ".join(sorted({f"{time:%Y-%m-%d}" for time in times}))


def _utc(clock: SourceClock, time: datetime) -> str:
    return f"{clock.to_utc(time):%Y-%m-%d %H:%M:%S} UTC"


def _duration(seconds: float) -> str:
    return "a minute" if seconds < 90 else f"{round(seconds / 60)} minutes"
