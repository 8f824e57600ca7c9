"""A frame on its way from a message to a row, and back to its reader as a confirmation.

`inbox` holds what has arrived, within bounds. `decode` turns a batch of messages into envelopes, each with a frame, a
tally, or the reason why it is rejected. `batch` brings them to the tables in steps that can be repeated. `store` writes
a batch in one transaction, each frame once: the key of a frame is its meter and its timestamp. What the database cannot
hold goes to `rejected_messages`. After the commit, `confirmations` says what the readers may forget.

About nine of a standard frame's 39 labels change from frame to frame. `rows` puts these into small integer columns; the
rest is a label set, a JSON text that many frames share (`label_sets`). `late` marks the hours of frames that come late:
the rollups must compute these again.

Uses `database` and `health`.
"""
