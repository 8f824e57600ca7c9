"""The tables themselves: schema and migrations, partitions, numbers of meters, sizes on disk, retries.

`schema` is the file to open first. It applies the numbered SQL files of `migrations/`, one storer at a time, and makes
the partitions of the coming months. Commands open the tables with `open_tables`, which refuses tables that are older or
newer than this program, or that an interrupted restore has filled in part.

Months and hours are in UTC everywhere (`months`). `saved_months` records which months a backup holds as they are now,
which retention and backups share. `retry` repeats what the service does until the database answers.

Uses `common` only.
"""
