"""Recordings of a line: format, recorder, anonymiser, playback, decoding to frames.

Uses `line` for ports and pseudo-terminals, and `tic` to decode.
"""
