"""The options of `monitor.yaml`, one file a subject, and what Home Assistant's app says of itself."""
