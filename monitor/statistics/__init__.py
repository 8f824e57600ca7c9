"""Brings the history of meters into Home Assistant's long-term statistics, of which its Energy dashboard is made."""
