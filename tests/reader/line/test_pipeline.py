"""From readings to frames: each step, and that a reading becomes at most one frame. No port, no thread, no clock."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Frame
from reader.line.health import LineHealth
from reader.line.pipeline import _MAX_PENDING, FramePipeline
from reader.tic.decoder import Decoder, Reading

Send = Callable[..., bytes]

START = datetime(2026, 11, 24, 22, 20, 20, tzinfo=UTC)
A, B = "031961123456", "041067218788"


class Seconds:
    """A time source that gives the seconds since START, and is set or not."""

    steps_back = 0

    def __init__(self, *, waiting: bool = False) -> None:
        self.waiting = waiting
        self.synchronised = not waiting

    def waiting_for_sync(self) -> bool:
        return self.waiting

    def timestamp(self, at: float) -> tuple[datetime, bool]:
        return START + timedelta(seconds=at), self.synchronised


def pipeline_of(*, hide: Iterable[str] = (), time_source: Seconds | None = None) -> tuple[FramePipeline, LineHealth]:
    health = LineHealth("/dev/meter")
    return FramePipeline(hide=frozenset(hide), time_source=time_source or Seconds(), health=health), health


def reading_of(wire: bytes) -> Reading:
    (reading,) = Decoder().feed(wire)
    return reading


@pytest.fixture(scope="module")
def historic(send: Send) -> Callable[..., Reading]:
    def historic(meter: str = A, *, power: int = 750, index: int = 6_511_245) -> Reading:
        return reading_of(send(b"ADCO " + meter.encode(), b"ISOUSC 45", b"BASE %09d" % index, b"PAPP %05d" % power))

    return historic


@pytest.fixture
def standard(send: Send) -> Reading:
    return reading_of(
        send(
            b"ADSC\t" + A.encode() + b"\t",
            b"DATE\tH261124232019\t\t",
            b"SMAXSN\tH261124070531\t03250\t",
            b"PRM\t09123456789012\t",
        )
    )


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


# Address.


def test_a_reading_becomes_a_frame_of_its_address_and_time(historic: Callable[..., Reading]) -> None:
    pipeline, health = pipeline_of()
    reading = historic()
    assert pipeline.feed(reading, 1.5) == [reading.to_frame(A, START + timedelta(seconds=1.5))]
    assert (health.no_address, health.address_mismatch) == (0, 0)


def test_a_reading_without_an_address_is_counted_and_dropped(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    pipeline, health = pipeline_of()
    # PREAVIS is a label of another family, too: one is not enough.
    reading = reading_of(send(b"PAPP 00750", b"BASE 006511245", b"PREAVIS "))
    assert pipeline.feed(reading, 0.0) == []
    assert health.no_address == 1
    assert messages(caplog) == []


ICE = (b"CONTRAT BASE_A5", b"DATECOUR 24/11/26 22/20/19", b"EA 12345Wh", b"ERP 123varh", b"PTCOUR HPE", b"PREAVIS ",
       b"MODE CONTROLE", b"PA1MN 12kW", b"PA10MN 12kW")  # fmt: skip
PME = (b"TRAME 1", b"ADS 041236012345", b"MESURES1 BT 4 SUP36", b"DATE 24/11/26 22:20:19", b"EA_s 12345Wh",
       b"PTCOUR1 HPE", b"PREAVIS ", b"MODE CONTROLE", b"PA1MN 12kW", b"PMAX_s 14-kVA")  # fmt: skip
JAUNE = (b"JAUNE 22:20:24:11:HPE:00:00000:00", b"ENERG 012345:012345:012345:012345", b"PERCC 01/11/26:22:00:1:1",
         b"PMAXC 01234:01234", b"TDEPA 00000:00000")  # fmt: skip


@pytest.mark.parametrize(("family", "zones"), [("ICE", ICE), ("PME-PMI", PME), ("CJE", JAUNE)])
def test_a_meter_of_another_family_is_named_once_and_not_published(
    send: Send, caplog: pytest.LogCaptureFixture, family: str, zones: tuple[bytes, ...]
) -> None:
    pipeline, health = pipeline_of()
    assert [pipeline.feed(reading_of(send(*zones)), float(at)) for at in range(5)] == [[]] * 5
    assert pipeline.other_family
    assert health.no_address == 5
    (warning,) = messages(caplog)
    assert f" {family} " in warning
    assert "nothing is published" in warning


# Timestamp.


def test_frames_wait_for_the_clock_and_get_the_time_at_which_they_arrived(historic: Callable[..., Reading]) -> None:
    clock = Seconds(waiting=True)
    pipeline, _ = pipeline_of(time_source=clock)
    assert [pipeline.feed(historic(power=power), float(power)) for power in range(3)] == [[], [], []]
    assert pipeline.poll() == []
    clock.waiting, clock.synchronised = False, True
    frames = pipeline.poll()
    assert [frame.values["PAPP"] for frame in frames] == [0, 1, 2]
    assert [frame.timestamp - START for frame in frames] == [timedelta(seconds=second) for second in range(3)]
    assert {frame.host_clock for frame in frames} == {None}
    assert pipeline.poll() == []


def test_at_the_stop_waiting_frames_get_an_unsynchronised_time(historic: Callable[..., Reading]) -> None:
    pipeline, _ = pipeline_of(time_source=Seconds(waiting=True))
    pipeline.feed(historic(), 1.0)
    assert [frame.host_clock for frame in pipeline.flush()] == ["unsynchronised"]
    assert pipeline.flush() == []


def test_a_bounded_number_of_frames_waits_for_the_clock(historic: Callable[..., Reading]) -> None:
    pipeline, _ = pipeline_of(time_source=Seconds(waiting=True))
    reading = historic()
    frames = [frame for at in range(_MAX_PENDING + 2) for frame in pipeline.feed(reading, float(at))]
    assert [frame.timestamp - START for frame in frames] == [timedelta(0), timedelta(seconds=1)]


# Plausibility.


def test_an_implausible_index_is_dropped_counted_and_logged_with_both_values(
    historic: Callable[..., Reading], caplog: pytest.LogCaptureFixture
) -> None:
    pipeline, health = pipeline_of()
    frames = [pipeline.feed(historic(index=index), float(at))[0] for at, index in enumerate([1000, 7, 1000])]
    assert ["BASE" in frame.values for frame in frames] == [True, False, True]
    assert health.dropped == {"implausible": 1}
    (warning,) = messages(caplog)
    assert all(part in warning for part in ("/dev/meter", "BASE", " 7 ", "1000"))


def test_two_frames_of_a_new_address_that_pass_together_may_be_as_far_apart_as_they_came(
    historic: Callable[..., Reading],
) -> None:
    pipeline, health = pipeline_of()
    pipeline.feed(historic(A), 0.0)
    pipeline.feed(historic(B, index=1000), 60.0)
    frames = pipeline.feed(historic(B, index=1100), 120.0)  # 6 kW
    assert [frame.values["BASE"] for frame in frames] == [1000, 1100]
    assert health.dropped == {}


# Hidden labels.


def test_a_hidden_label_leaves_neither_its_value_nor_its_stamp(standard: Reading) -> None:
    (frame,) = pipeline_of(hide=["PRM", "SMAXSN", "NEVER-SENT"])[0].feed(standard, 0.0)
    assert frame.values == {"ADSC": A, "DATE": ""}
    assert frame.stamps is not None
    assert frame.stamps.keys() == {"DATE"}
    assert b"09123456789012" not in frame.to_json()
    assert b"SMAXSN" not in frame.to_json()


def test_a_hidden_address_still_names_the_meter(historic: Callable[..., Reading]) -> None:
    (frame,) = pipeline_of(hide=["ADCO"])[0].feed(historic(), 0.0)
    assert frame.meter == A
    assert "ADCO" not in frame.values


def test_a_hidden_index_still_passes_the_plausibility_filter(historic: Callable[..., Reading]) -> None:
    pipeline, health = pipeline_of(hide=["BASE"])
    for at, index in enumerate([1000, 7]):
        pipeline.feed(historic(index=index), float(at))
    assert health.dropped == {"implausible": 1}


def test_a_frame_with_only_hidden_labels_has_no_values_and_is_logged_once(
    historic: Callable[..., Reading], caplog: pytest.LogCaptureFixture
) -> None:
    pipeline, _ = pipeline_of(hide=["ADCO", "ISOUSC", "BASE", "PAPP"])
    frames = [frame for at in range(3) for frame in pipeline.feed(historic(), float(at))]
    assert [(frame.meter, dict(frame.values)) for frame in frames] == [(A, {})] * 3
    assert sum("hidden" in text for text in messages(caplog)) == 1


# All steps.


@given(meters=st.text("AB-", max_size=40), waiting=st.lists(st.booleans(), max_size=40))
def test_each_reading_becomes_one_frame_in_order_or_is_counted(send: Send, meters: str, waiting: list[bool]) -> None:
    clock = Seconds()
    pipeline, health = pipeline_of(time_source=clock)
    frames: list[Frame] = []
    for at, meter in enumerate(meters):
        clock.waiting = at < len(waiting) and waiting[at]
        address = {"A": [b"ADCO " + A.encode()], "B": [b"ADCO " + B.encode()], "-": []}[meter]
        frames += pipeline.feed(reading_of(send(*address, b"PAPP 00750")), float(at))
    frames += pipeline.flush()
    assert [frame.timestamp for frame in frames] == sorted({frame.timestamp for frame in frames})
    unconfirmed = len(meters) - len(frames) - health.address_mismatch - health.no_address
    assert unconfirmed in (0, 1)
