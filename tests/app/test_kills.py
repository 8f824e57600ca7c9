"""Programs and the whole app are killed, stopped and started again: no frame is lost or stored twice."""

from tests.app.house import WITHIN
from tests.app.metered import MeteredApp
from tests.support.programs import wait_until

PROGRAMS = ("teleinfo-reader", "teleinfo-storer", "teleinfo-monitor", "mariadbd", "deploy.app")


def pids(app: MeteredApp, program: str) -> set[int]:
    return {process.pid for process in app.processes() if process.name == program}


def kill(app: MeteredApp, program: str) -> None:
    """Kill a program; wait for the next. What it has started to do something once may run beside it for a while."""
    before = pids(app, program)
    app.inside("python", "-c", f"import os; os.kill({min(before)}, 9)")
    wait_until(lambda: bool(pids(app, program) - before), WITHIN, f"another {program}")


def test_a_kill_of_each_program_in_turn_and_of_the_whole_app_loses_nothing(metered: MeteredApp) -> None:
    for program in PROGRAMS:
        if program == "teleinfo-reader":
            with metered.counted.without_reader():
                kill(metered, program)
        else:
            kill(metered, program)
        metered.counted.frames(15)
        metered.more_rows()
    metered.kill()
    metered.ensure_running()
    metered.counted.check_all_stored()


def test_it_stops_with_0_in_time_and_frames_that_wait_then_are_stored_by_the_next(metered: MeteredApp) -> None:
    metered.house.stop_broker()
    stored = metered.counted.rows()
    metered.counted.frames(60)  # of which those of the last seconds may not have been read
    assert metered.stop() == 0
    waiting = metered.counted.expected() - stored.keys()
    assert len(waiting) >= 10
    metered.start()  # as when the machine boots: the broker is known, and comes later
    assert metered.json("app")["broker"] == "service"
    metered.house.start_broker()
    metered.counted.check_all_stored()
    assert stored.keys() | waiting <= metered.counted.rows().keys()
