"""Imports energy from before the frames: files and databases of other programs, by hour, day or month.

One file a kind reads its format and yields energy over whole hours in UTC; one writer stores it.
Whatever asks the database may raise `DatabaseError`, as its client does.
"""
