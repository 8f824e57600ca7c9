"""Journal and spool: items that are not confirmed yet, in memory and on disk.

Knows neither meters nor MQTT; its own layer's file I/O only.
"""
