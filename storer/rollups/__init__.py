"""Rollups: the tables `minutes`, `hours` and `breaks`, made from frames and made again whenever frames come late.

A row holds readings of its own bucket only, so it can be computed again at any time, in any order.
"""
