"""MQTT: a session that reconnects (paho), its events, and how a retained name is forgotten.

Uses errors, config, topics.
"""
