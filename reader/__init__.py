"""Reads TIC from a serial line and publishes each frame over MQTT."""
