"""Makes the programs' packages for Debian; `./run packages` begins it."""
