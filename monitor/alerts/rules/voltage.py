"""A voltage outside 230 V ± 10 %, as the mean of ten minutes: so the grid operator's promise is measured."""

from monitor.alerts.facts import MeterFacts
from monitor.alerts.recent import PhaseVoltage
from monitor.alerts.signs import Holds, Sign
from monitor.readings.power import VOLTAGE_HIGH, VOLTAGE_LOW

_BAND = 2  # V inside the limits, in which it is not over yet
_NOMINAL = 230


def voltage(meter: MeterFacts) -> list[Sign]:
    """Return of each phase whether its voltage is outside the limits."""
    found = meter.lately.voltages
    return [_sign(meter.meter, phase, volts, single=len(found) == 1) for phase, volts in found.items()]


def _sign(meter: str, phase: int, volts: PhaseVoltage, *, single: bool) -> Sign:
    if not VOLTAGE_LOW <= volts.mean <= VOLTAGE_HIGH:
        holds = Holds.YES
    elif VOLTAGE_LOW + _BAND <= volts.mean <= VOLTAGE_HIGH - _BAND:
        holds = Holds.NO
    else:
        holds = Holds.BETWEEN
    if holds is not Holds.YES:
        return Sign("voltage", holds, meter, str(phase))  # of the event, the voltage outside is told
    worst = max(volts.low, volts.high, key=lambda value: abs(value - _NOMINAL))
    return Sign("voltage", holds, meter, str(phase), figures={"volts": worst, "phase": None if single else phase})
