"""Journal and spool: the items that are not confirmed yet, in memory and on disk, and the hourly counts.

May use `common.runtime.file_lock`, and files; knows neither meters nor MQTT.
"""
