"""What other offers would have cost on the curve that was lived. It does no I/O."""
