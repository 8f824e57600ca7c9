"""Shows the whole line on one machine, with private servers that leave nothing behind."""
