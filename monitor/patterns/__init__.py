"""What a curve shows: steps, gaps, overloads, the off-peak hours of a meter and their changes. Pure."""
