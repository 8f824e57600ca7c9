"""Rules: what is known becomes signs. One file a kind of alert; pure."""
