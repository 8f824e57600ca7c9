"""The publishers, one file each: how a message of theirs is recognised, and which label of TIC each key is. Pure.

Most pass labels on as the meter has them; they differ in where a label stands. Those of Zigbee have attributes instead:
`zlinky` has the table of the labels that they are.

Another publisher is another file with a `PUBLISHER`, its row in `reader/decoded/message.py`, and its messages in the
tests.
"""
