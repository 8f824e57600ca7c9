"""Journal and spool: the items that are not confirmed yet. Knows neither meters nor MQTT.

An item is a frame or an hourly tally. The journal is a SQLite file in memory (`/run`): each item is written there
before it is published, so that a kill loses nothing and the SD card is not worn. The spool is a SQLite file on disk,
and exists only while something is in it: blocks of a minute, compressed, so that a power cut loses nothing that is
older.

`delivery` decides when items move from one to the other. An item is released from the journal only after the spool
has synced it; both may hold it for a moment, and the next start drops the copy.

A full spool is decimated, oldest part first, and never cut: registers are cumulative, so energy stays right.

`store` is what both share: the lock of the folder, and a file that cannot be used is set aside, its readable rows are
kept, and the reader starts anyway. The journal also counts frames by meter and hour, for the tallies.
"""
