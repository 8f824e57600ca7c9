"""Alerts: what holds now becomes events, events become messages, and messages are delivered once."""
