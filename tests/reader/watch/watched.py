"""Frames of made-up meters, and views of meters that have sent them for some seconds."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from reader.watch.meter_view import MeterView
from reader.watch.texts import Translations

START = datetime(2026, 1, 20, 18, 30, tzinfo=UTC)

HCHP: dict[str, Value] = {
    "ADCO": "031961123456", "OPTARIF": "HC..", "ISOUSC": 45, "HCHC": 20207739, "HCHP": 38299148, "PTEC": "HP..",
    "IINST": 13, "IMAX": 90, "PAPP": 2950, "HHPHC": "A", "MOTDETAT": "000000",
}  # fmt: skip
BASE_THREE: dict[str, Value] = {
    "ADCO": "041961123456", "OPTARIF": "BASE", "ISOUSC": 20, "BASE": 61595212, "PTEC": "TH..", "IINST1": 19,
    "IINST2": 15, "IINST3": 3, "IMAX1": 60, "IMAX2": 60, "IMAX3": 60, "PMAX": 7000, "PAPP": 8500, "HHPHC": "A",
    "MOTDETAT": "000000", "PPOT": "00",
}  # fmt: skip
TEMPO: dict[str, Value] = {
    "ADSC": "042176123456", "VTIC": "02", "NGTF": "     TEMPO      ", "LTARF": "   HP  ROUGE    ", "EAST": 56688647,
    "EASF01": 15068929, "EASF02": 28467941, "EASF03": 2726946, "EASF04": 5456733, "EASF05": 1563352,
    "EASF06": 3404746, "EASF07": 0, "IRMS1": 5, "IRMS2": 15, "IRMS3": 20, "URMS1": 234, "URMS2": 229, "URMS3": 231,
    "PREF": 12, "PCOUP": 12, "SINSTS": 9240, "SINSTS1": 1155, "SINSTS2": 3435, "SINSTS3": 4650, "SMAXSN": 9716,
    "STGE": "07DA9400", "MSG1": "PAS DE          MESSAGE         ", "PRM": "25432711161041", "NTARF": 6,
}  # fmt: skip
PRODUCER: dict[str, Value] = {
    "ADSC": "032161123456", "VTIC": "02", "NGTF": "   PRODUCTEUR   ", "LTARF": "INDEX NON CONSO ", "EAST": 53885268,
    "EASF01": 53885268, "EASF02": 0, "EAIT": 15836539, "IRMS1": 16, "URMS1": 230, "PREF": 9, "PCOUP": 9, "SINSTS": 0,
    "SINSTI": 3597, "STGE": "003A0301", "MSG1": "COUPURE DEMAIN A 9H             ", "NTARF": 1,
}  # fmt: skip


def frame(values: Mapping[str, Value], *, dropped: int | None = None) -> Frame:
    """Make a frame of values; times of day are those of START."""
    stamps = {label: START - timedelta(hours=11) for label in ("SMAXSN",) if label in values}
    mode = Mode.HISTORIC if "ADCO" in values else Mode.STANDARD
    meter = str(values.get("ADCO", values.get("ADSC")))
    return Frame(meter=meter, timestamp=START, mode=mode, values=values, stamps=stamps or None, dropped=dropped)


def watched(values: Mapping[str, Value], language: str = "fr", *, seconds: int = 130, **changes: Any) -> MeterView:
    """Return the view of a meter that has sent the same once a second."""
    sent = frame({label: value for label, value in {**values, **changes}.items() if value is not None})
    meter = MeterView(sent.meter, Translations(language))
    for second in range(seconds):
        meter.on_frame(sent, 1000.0 + second)
    meter.set_parity_errors(0)
    return meter
