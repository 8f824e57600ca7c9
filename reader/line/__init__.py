"""A port, read for ever: opened, its mode detected, frames timestamped and filtered.

Uses `tic` for the bytes and `simulator` for lines that are made up; the only package that knows pyserial.
"""
