"""Recordings of a line: their format, anonymised, recorded, played back, decoded."""
