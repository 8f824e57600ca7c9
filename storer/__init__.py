"""Stores frames from MQTT in MariaDB."""
