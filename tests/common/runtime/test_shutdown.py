"""The limit of a shutdown counts the time in which the process could work."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.support.programs import ENVIRONMENT

LIMIT = 1.0  # seconds
WITHIN = 90.0  # seconds, for what should take one

_PROGRAM = f"""
import sys
import time
import common.runtime.shutdown

common.runtime.shutdown.SHUTDOWN_TIMEOUT = {LIMIT}
shutdown = common.runtime.shutdown.Shutdown()
shutdown.install()
print("ready", flush=True)
shutdown.stop.wait()
print("stopping", flush=True)
sys.stdin.readline()
time.sleep({LIMIT / 5})  # what is still to be done
"""


@pytest.mark.parametrize(("paused", "code"), [(True, 0), (False, 1)], ids=["it is paused", "it hangs"])
def test_a_pause_of_the_process_does_not_use_up_the_time_of_its_shutdown(paused: bool, code: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-P", "-c", _PROGRAM],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "stopping\n"
        if paused:
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
            time.sleep(2 * LIMIT)  # as long as the machine stalls
            process.stdin.write("\n")
            process.stdin.flush()
            process.send_signal(signal.SIGCONT)
        assert process.wait(WITHIN) == code
