"""The app of Home Assistant: writes what the programs need from its options and the Supervisor, and watches both.

s6 runs the programs (`services/`); see `__main__.py` for the commands that they and the Supervisor call.
"""
