"""Imports energy from before the first frame: files, Home Assistant, the original program's table.

A kind of import reads its format and returns periods (`model.Period`): the energy of one register over whole hours in
UTC. `kinds` lists them. `periods` turns what files have (mean power of some minutes, days, readings of an index) into
periods, `local_clock` local times into instants, also in the two nights when the clock changes.

`plan` decides what is new. Finer or earlier data is never replaced, and hours in which the meter was read keep their
readings; so importing a file twice, or files in any order, gives the same result. `writer` stores the new periods under
the number of the import, by which it can be forgotten. `command` reads the command line, `summary` prints.

A damaged file, one of another kind, or values that cannot be true raise `FileRefused`, with the line. Files come from
anywhere: `text` and `workbook` bound the memory that one can take.
"""
