"""*Jour*: the course of a day, and any interval of it.

`routes` answers `series`: the curve of power of any range, in as many points as a screen has, from frames, minutes or
hours, whichever is the finest that is kept. `interval` answers what a selection drew and cost, from the readings at
both of its ends.
"""
