"""What other devices send on MQTT topics, such as an inverter: read, added up by minute and hour, and stored.

Like `rollups`, the tables hold readings, never differences: docs/sources.md.
"""
