"""Programs and the whole app are killed, stopped and started again: no frame is lost or stored twice."""

from contextlib import nullcontext

import pytest

from tests.app.house import WITHIN
from tests.app.metered import MeteredApp
from tests.support.programs import wait_until

PROGRAMS = ("teleinfo-reader", "teleinfo-storer", "teleinfo-monitor", "mariadbd")


def pids(app: MeteredApp, program: str) -> set[int]:
    return {process.pid for process in app.processes() if process.name == program}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_is_killed_comes_back_and_no_frame_is_lost(metered: MeteredApp, program: str) -> None:
    (pid,) = pids(metered, program)
    with metered.counted.without_reader() if program == "teleinfo-reader" else nullcontext():
        metered.inside("kill", "-KILL", str(pid))
    wait_until(lambda: bool(pids(metered, program) - {pid}), WITHIN, f"another {program}")
    metered.counted.frames(15)
    metered.counted.check_all_stored()


def test_a_kill_of_the_whole_app_loses_nothing(metered: MeteredApp) -> None:
    metered.counted.frames(10)
    metered.kill()
    metered.ensure_running()
    metered.counted.check_all_stored()


def test_it_ends_with_0_in_time_and_goes_on_where_it_was(metered: MeteredApp) -> None:
    before = metered.counted.rows()
    assert metered.stop() == 0
    metered.ensure_running()
    assert before.keys() <= metered.counted.rows().keys()
    metered.counted.check_all_stored()


def test_frames_that_wait_when_it_is_stopped_are_stored_by_the_next(metered: MeteredApp) -> None:
    metered.house.stop_broker()
    stored = metered.counted.rows()
    metered.counted.frames(20)
    waiting = {number for number, _ in metered.meter.sent[:-10]} - stored.keys()
    assert metered.stop() == 0
    metered.house.start_broker()
    metered.ensure_running()
    metered.counted.check_all_stored()
    assert waiting & metered.counted.expected()
