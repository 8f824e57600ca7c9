"""The TIC protocol: bytes of the line become readings. Pure: no I/O, no clock.

`decoder.Decoder` takes bytes as they arrive and returns a `Reading` for each frame: values and stamps by label, the
meter's address, and what was dropped and why. A group is kept only if checksum, parity, width and type agree; a
damaged one costs itself, never its neighbours. Whether the line carries parity is decided for each frame anew.

Most groups of a frame are the same bytes as in the frame before, so each distinct group is decoded once and cached.

`fields` parses the few values that have a structure of their own: stamps, the status register, relays, day profiles.

What the values mean (labels, units, contracts) is in `common/contract`. The tests compare the decoder with captures
of real meters and with a slow reference decoder.
"""
