"""More than kilowatt-hours: peaks, base load, profile, voltage, overloads, off-peak windows, Tempo colours."""
