"""Delivers each item until it is confirmed. Publishes through a protocol, never through paho; used from one thread.

A frame is written to the journal, published live, and pending until a storer confirms it. Then:

- after `CONFIRM_TIMEOUT` without a confirmation it is sent again on `replay`, oldest first, in a bounded window, with a
  backoff that doubles while nothing is confirmed (`replay`);
- after `SPILL_AGE` in memory, all pending items move to the spool, and are replayed from there in blocks;
- the number of messages without an answer of the broker is bounded (`in_flight`).

Who confirms: any storer, once one was ever seen, else the broker's PUBACK (`confirmation`). Names of storers are kept
on disk, so that a restart while everything is away does not fall back to the broker. Without a storer, frames stay in
memory for ten minutes, in case one appears (`held`).

Each frame ends in exactly one counter: decoded = confirmed + rejected + discarded + accepted_by_broker + pending.
`tests/reader/delivery/test_any_order.py` checks this, and that no frame is lost, for random orders of all events.
"""
