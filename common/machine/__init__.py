"""Facts about the machine and the programs' own version."""
