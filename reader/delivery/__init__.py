"""Delivers each item until it is confirmed: memory and disk, in flight, replay with backoff, known storers, tallies.

May use `buffer` and `config`; publishes through a protocol, never through paho.
"""
