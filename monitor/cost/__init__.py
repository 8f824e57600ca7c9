"""What energy cost: contracts, and bills from index differences and dated prices. It does no I/O."""
