"""What other devices send on MQTT topics, such as an inverter: read, added up by minute and hour, and stored.

`reading` takes a number out of a message, or returns why there is none. `aggregate` makes minutes of the numbers of a
source; it decides whether a counter that jumps was reset, or whether an old reading was sent again. `tables` writes
minutes once each, and the hours that they are in, in one transaction; of several storers with the same sources one
writes. `worker` is the thread, with connections of its own to broker and database: frames never wait for it; `followed`
replaces it when other sources are set.

Like those of `rollups`, the tables hold readings, never differences: docs/sources.md. Which sources there are is in
`common.contract.sources`, and set in the page.
"""
