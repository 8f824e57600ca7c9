"""Rollups: the tables `minutes`, `hours` and `breaks`, made from frames and made again whenever frames come late.

A row holds readings of its own bucket only, never differences, so it can be computed again at any time and in any
order; energy is the difference of two rows. Live frames cost nothing where they are stored: each minute is made when it
has ended, and again if frames came to it in the quarter of an hour after. Only a frame that is more than `LATE` off the
server's clock leaves a mark, in its own transaction (`storer/frames/late.py`).
"""
