"""Reads a port and turns its bytes into frames with an address and a timestamp. The only room that uses pyserial.

One thread per port runs a `worker.LineWorker`: it opens the port, reads, and reopens it with a backoff after any
error, until `lines` stops it. It emits three events: a frame, a link that went up or down, a problem that began or
ended. With `port: ask`, `choice` offers the ports that there are, and remembers which one was chosen in the page.

The way of a byte: `port` reads it (a device, a gateway, or a simulated meter), `pace` sleeps until a frame should be
complete, `mode` finds out the speed, `reader/tic` decodes. Then `pipeline` takes each reading through three steps, in
this order:

1. `timestamps`: when the last byte arrived, in UTC, unique, and held back while the host's clock is not set yet;
2. `filters`: an index that falls or jumps is dropped, and a new address must come twice;
3. labels that the configuration hides are removed.

A port may be a topic: a `topic.TopicLine` then reads the messages that the broker sends, from its `inbox`, and
`reader/decoded` makes readings of them, which are already filtered. It emits the same events, with a link that follows
the usual interval of its meter. Of several ports that receive a meter one makes its frames, says `sharing`: a line, or
else the topic that came first, and the others take over when it ends.

`health` has the counters of a line, and says why no frames come.
"""
