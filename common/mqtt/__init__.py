"""MQTT: a session that reconnects, its events, and how a retained name is forgotten. Uses paho.

`session.Session` keeps a connection: it tries the hosts in turn with a `backoff`, subscribes again, and passes what
happens to one function, as `events`. Each attempt makes a new `connection.Connection` with a paho client of its own,
since one that reconnects by itself sends old messages again. `unanswered` names what a broker keeps hanging up on.

What a broker cannot do, and why it refuses something, is logged once, in one line, with the fix.
"""
