"""Energy of any range, from readings at its boundaries. Registers are named as the contract names them."""
