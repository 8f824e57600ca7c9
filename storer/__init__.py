"""Stores the frames that MQTT brings in MariaDB."""
