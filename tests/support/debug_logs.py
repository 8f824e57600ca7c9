"""Runs a program with debug messages in its log: `python -m tests.support.debug_logs MODULE ARG…`."""

import runpy
import sys

from common.runtime import logs

if __name__ == "__main__":
    set_up = logs.set_up
    setattr(logs, "set_up", lambda form, program: set_up(form, program, "DEBUG"))  # noqa: B010 - for mypy
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
