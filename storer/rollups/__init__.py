"""Rollups: the tables `minutes`, `hours` and `breaks`, made from frames and made again whenever frames come late.

A row holds readings of its own bucket only, never differences, so it can be computed again at any time and in any
order; energy is the difference of two rows. Live frames cost nothing where they are stored: each minute is made when it
has ended, and again if frames came to it in the quarter of an hour after. Only a frame that is more than `LATE` off the
server's clock leaves a mark, in its own transaction (`storer/frames/late.py`).

`worker` is the thread, `scheduler` decides what is due: new minutes, late hours, hours to be rebuilt. `state` is the
row that says how far the rollups are and which storer has the lease. `minutes` and `hours` make the tables;
`minute_columns` is the table of all measures. `breaks` decides which steps of a register are energy, and which are a
replaced meter, a register that was set back, or damage; where the ends of an hour are not enough, `hour_frames` reads
what is between them. `rebuild` is the command; `recount` compares rollups with frames before these are dropped.
"""
