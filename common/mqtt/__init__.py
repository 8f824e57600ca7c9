"""MQTT: a session that reconnects (paho), its events, and how a retained name is forgotten.

Uses errors, config, topics.
"""

from common.mqtt.deferred_module import defer_import

# paho imports it for proxies, for which PySocks would be needed, too. With http and email it takes four megabytes.
defer_import("urllib.request")
