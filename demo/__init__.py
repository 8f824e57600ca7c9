"""The demo (`./run demo`), with private servers. May use reader and common."""
