"""What reader, storer and monitor agree on. Pure: no I/O, no clock.

`frame`, `tally`, `block`, `prices` and `source_minutes` are the messages: how they are written and read, and what
makes one invalid. `topics` names where they go. Unknown keys are ignored, so that versions can be mixed.

`labels` lists every label of both modes, with type, unit, width and meaning. `offers` lists the structures of
tariffs, `registers` says which label is which register of the roll-ups, `tariff` derives contract and period of
historic mode from a frame of standard mode. `power` derives the power of a frame and of its phases, once for all
programs. `address` reads model and maker from a meter's address.
"""
