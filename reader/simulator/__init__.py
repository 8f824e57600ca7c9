"""Simulated meters, for demos and tests: frames depend only on kind, seed and instant, never on earlier calls.

`household` draws and feeds in power as a step function, so that energy is exact over any range. `contract` has tariff
periods and when they run, by the legal time and the Tempo colours of `french_calendar`. `measurements` turns power
into voltages, currents and the maxima of a day; `meter` writes them as a frame of either mode, to the widths of the
standard.

`line` sends the bytes at the speed of a real line, with parity and noise; `pseudo_terminal` serves them to programs
that want a device. `summary` makes minutes of history without frames: the same indexes, and measurements close to
theirs.
"""
