"""Meters that another device decodes: a message over MQTT becomes labels of TIC. Pure: no I/O, no clock.

A `reading.Reading` is what one message says of a meter, no more: what the message leaves out is not in it, and whether
a value may be believed is not decided there.
"""
