"""Bytes to readings: the TIC protocol.

Pure: knows nothing of ports, clocks and MQTT.
"""
