"""Simulated meters: household, contract, calendar, measurements, frames, and the line that sends them.

Uses `tic` for checksums, parity and stamps.
"""
