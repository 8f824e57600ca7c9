"""The state of a meter: last values, values derived from them, when to publish them, and the names people read.

Pure. Uses `tic`.
"""
