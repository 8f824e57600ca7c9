"""Delivers each item until it is confirmed: in flight, replay, backoff, storers.

Uses `buffer`; publishes through a protocol, never through paho.
"""
