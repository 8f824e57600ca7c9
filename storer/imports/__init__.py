"""Imports energy from before the frames: files, Home Assistant, the original program's table, by hour, day or month.

One file a kind reads its format and yields energy over whole hours in UTC; one writer stores it.
What reads a file or a value in it raises `FileRefused` if it is damaged, of another kind, or not to be believed.
"""
