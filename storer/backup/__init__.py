"""Backups: a file for each closed month, and each night a dump of everything else; and how they are restored.

Ten years of frames are gigabytes, too much to dump each night. So frames, minutes and minutes of sources of a month
that is over go into a file of their own (`month_file`), which is written once, read back, and read again in turn. A
month that changes later, because a frame came late or a meter was forgotten, has its file written again. `dump` runs
`mariadb-dump` for all other tables and the open months; only dumps rotate.

`backup` makes one backup: it decides which files to write and to read, and makes the dump. `schedule` runs that command
each night as a process of its own, so a network share that hangs never delays a frame. `restore` reads all files before
it changes anything, then makes the tables by our own migrations, loads the dump, and adds the months. `folder` knows
the names of the files, and a format that shows whether one is complete.

Retention drops a month only if its file was read recently: `storer.database.saved_months` is the record of that. Uses
`database`, `rollups`, `sources` and the client programs of MariaDB. Any query may raise `DatabaseError`.
"""
