"""Sources of a storer that is killed."""

import time

from tests.services.conftest import database, fresh_database, programs
from tests.services.test_sources import Sources, setup
from tests.support.programs import WITHIN

__all__ = ["database", "fresh_database", "programs", "setup"]  # fixtures


def test_a_kill_loses_no_more_than_the_minute_that_runs(setup: Sources) -> None:
    setup.start_listening()
    energy = 1000
    begin = time.monotonic()
    while not (setup.energies("plug") and setup.energies("roof")):
        assert time.monotonic() < begin + WITHIN
        energy += 1
        setup.plug(3600, energy)
        setup.mqtt.publish(f"{setup.devices}/roof", "3600")
        time.sleep(0.5)
    setup.kill()
    before = (setup.minutes("plug"), setup.minutes("roof"))
    roof = setup.energies("roof")[-1]
    setup.start_listening()
    begin = time.monotonic()
    setup.plug(3600, energy + 10)
    setup.mqtt.publish(f"{setup.devices}/roof", "3600")
    setup.wait_until_taken(2)
    time.sleep(2)
    setup.stop()
    after = (setup.minutes("plug"), setup.minutes("roof"))
    for old, new in zip(before, after, strict=True):
        assert new[: len(old) - 1] == old[:-1]
        assert len(new) >= len(old)
        assert all(row[2] is None for row in new)  # no break
    assert setup.energies("plug")[-1] == energy + 10
    # Power alone, 1 Wh each second: what was seen, so not the time in which nothing ran.
    assert roof < setup.energies("roof")[-1] <= roof + time.monotonic() - begin + 1
