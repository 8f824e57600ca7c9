"""What the storer wrote, as the monitor reads it.

Energy is never summed from power. It is the difference of two readings of an index, minus the breaks between them, so
hours, days and months add up exactly. A range is answered in this order: whole hours from `hours`, its ends from
minutes or from frames, then imports where there is no reading.

- `rows` and `hours` read rows, `index_deltas` turns them into energy by register, `imported` adds what was imported;
  `energy` puts them together for a meter, or for a house: a meter and its predecessors, which are one to the owner.
- `power` and `curves` read power; `events` finds overloads, bad voltages and gaps.
- `availability` and `coverage` say how much of a time was measured: what is not known is never shown as zero.
- `cache` keeps what cannot change any more (hours of closed days) for the process; its key has the version of the
  meter's data, so a late frame or an import makes it stale.

Everything here takes a connection and may raise `DatabaseError`. A connection belongs to one thread.
"""
