"""`teleinfo-reader watch`: a meter live in a terminal, from a port or from the broker."""
