"""The demo (`./run demo`), and the private servers of demo and tests. May use reader and common."""
