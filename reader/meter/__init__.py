"""The state of a meter: last values, what follows from them, when to publish, names people read.

Pure; uses `tic`.
"""
